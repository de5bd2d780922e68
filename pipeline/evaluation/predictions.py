"""Predictions: a row an example, in input order, class probabilities and label or values of each output."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pipeline.data.batches import Batches
from pipeline.data.spec import TargetSpec
from pipeline.errors import ConfigError, DataError
from pipeline.files import write_atomically
from pipeline.training.fit import predict as predict_batches
from pipeline.training.objectives import loss_name
from pipeline.training.signature import Signature


def predict(model: keras.Model, signature: Signature, batches: Batches) -> dict[str, np.ndarray]:
    """Returns what the model gives for each example, by output name, in the order of one epoch.

    Raises:
        ConfigError: The data never ends, or an output differs in size from example to example.
    """
    if batches.endless:
        raise ConfigError("data: never ends, so there is no last row to predict")
    values = predict_batches(model, signature, batches)
    for name, value in values.items():
        if not isinstance(value, np.ndarray):
            raise ConfigError(
                f"model: output '{name}' differs in size from example to example; a table has no such column"
            )
    return values


def columns(
    values: Mapping[str, np.ndarray], targets: Mapping[str, TargetSpec], losses: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Returns predictions as the columns of a table.

    Args:
        values: What the model gave, by output name.
        targets: The targets it was trained on, for the names of classes.
        losses: Its losses by output name: they tell whether an output is of classes, and whether of logits.

    Returns:
        `row`, then for each output of classes `label` and `probability_<class>`, for others `value` or
        `value_<index>`; with `<output>_` in front where there are several outputs.
    """
    table = {"row": np.arange(len(next(iter(values.values()))))}
    for name, value in values.items():
        prefix = f"{name}_" if len(values) > 1 else ""
        flat = value.reshape(len(value), -1)
        probabilities = _probabilities(flat, targets.get(name), losses.get(name))
        if probabilities is None:
            keys = ["value"] if flat.shape[1] == 1 else [f"value_{index}" for index in range(flat.shape[1])]
            table |= {f"{prefix}{key}": flat[:, index] for index, key in enumerate(keys)}
            continue
        spec = targets.get(name)
        known = spec.classes if spec and spec.classes and len(spec.classes) <= probabilities.shape[1] else ()
        classes = [*known, *(str(i) for i in range(len(known), probabilities.shape[1]))]
        table[f"{prefix}label"] = np.array(classes)[probabilities.argmax(axis=1)]
        table |= {f"{prefix}probability_{label}": probabilities[:, index] for index, label in enumerate(classes)}
    return table


def write_predictions(folder: Path, table: Mapping[str, np.ndarray], form: str) -> Path:
    """Writes the columns of a table as `predictions.parquet` or `predictions.npz` and returns its path.

    Raises:
        DataError: The name of a class is no text, as that of a folder may be.
    """
    path = folder / f"predictions.{form}"
    try:
        if form == "npz":
            write_atomically(path, lambda beside: np.savez_compressed(beside, allow_pickle=False, **dict(table)))
        else:
            import pyarrow as pa
            import pyarrow.parquet as pq

            write_atomically(path, lambda beside: pq.write_table(pa.table(dict(table)), beside))
    except UnicodeError as error:
        raise DataError(f"'{path}': the name of a class is no text; another one is right") from error
    return path


def _probabilities(flat: np.ndarray, target: TargetSpec | None, loss: Any) -> np.ndarray | None:
    name = "" if loss is None else loss_name(loss)
    binary = name.startswith("binary_") and flat.shape[1] == 1
    of_classes = "categorical" in name or (target is not None and target.classes is not None)
    if not binary and not (of_classes and flat.shape[1] > 1):
        return None
    logits = bool(getattr(loss, "from_logits", False))
    if binary:
        positive = 1 / (1 + np.exp(-flat)) if logits else flat
        return np.concatenate([1 - positive, positive], axis=1)
    if not logits:
        return flat
    shifted = np.exp(flat - flat.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
