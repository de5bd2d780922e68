"""Predictions: a row an example, in input order, class probabilities and label or values of each output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pipeline.data.batches import Batches
from pipeline.data.spec import TargetSpec
from pipeline.errors import ConfigError, DataError
from pipeline.evaluation.probabilities import class_names, class_probabilities, label_probabilities
from pipeline.files import write_atomically
from pipeline.training.fit import predict as predict_batches
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
        `row`, then for each output of classes `label` and `probability_<class>`, of labels that do not exclude each
        other `probability_<label>`, for others `value` or `value_<index>`; with `<output>_` in front where there are
        several outputs. Those of an output per position have its positions, (examples, *positions).
    """
    table = {"row": np.arange(len(next(iter(values.values()))))}
    for name, value in values.items():
        prefix = f"{name}_" if len(values) > 1 else ""
        found = _columns(value, targets.get(name), losses.get(name))
        table |= {f"{prefix}{key}": column for key, column in found.items()}
    return table


def _parquet(column: np.ndarray) -> Any:
    """Returns a column as Parquet has it: a list a row where a row has several positions."""
    return column if column.ndim == 1 else column.tolist()


def _columns(value: np.ndarray, target: TargetSpec | None, loss: Any) -> dict[str, np.ndarray]:
    probabilities = class_probabilities(value, target, loss)
    if probabilities is not None:
        classes = class_names(target, probabilities.shape[-1])
        columns = {"label": np.array(classes)[probabilities.argmax(axis=-1)]}
        return columns | {f"probability_{label}": probabilities[..., i] for i, label in enumerate(classes)}
    labels = label_probabilities(value, target, loss)
    if labels is not None:
        return {f"probability_{label}": labels[..., i] for i, label in enumerate(class_names(target, labels.shape[-1]))}
    flat = value.reshape(len(value), -1)
    keys = ["value"] if flat.shape[1] == 1 else [f"value_{index}" for index in range(flat.shape[1])]
    return {key: flat[:, index] for index, key in enumerate(keys)}


def join_predictions(parts: Sequence[Path], folder: Path) -> Path:
    """Writes the rows of several files of predictions as one, `predictions.parquet`, by their number in the data."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.concat_tables([pq.read_table(part) for part in parts], promote_options="default").sort_by("row")
    path = folder / "predictions.parquet"
    write_atomically(path, lambda beside: pq.write_table(table, beside))
    return path


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

            write_atomically(
                path,
                lambda beside: pq.write_table(
                    pa.table({key: _parquet(column) for key, column in table.items()}), beside
                ),
            )
    except UnicodeError as error:
        raise DataError(f"'{path}': the name of a class is no text; another one is right") from error
    return path
