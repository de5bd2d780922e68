"""Predictions: one row per example, in input order, with class probabilities and label or values of each output."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from pipeline.data.batches import Batches
from pipeline.data.spec import TargetSpec
from pipeline.errors import ConfigError
from pipeline.evaluation.lengths import cut
from pipeline.evaluation.probabilities import class_names, class_probabilities, label_probabilities
from pipeline.training.signature import NamedModel
from pipeline.training.stages import predict as predict_batches

WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")


def predict(model: NamedModel, batches: Batches) -> dict[str, np.ndarray]:
    """Returns the model's outputs for each example, by output name, in the order of one epoch.

    Raises:
        ConfigError: The data is endless, or the size of an output differs between examples.
    """
    if batches.endless:
        raise ConfigError("data: expected data with an end to predict, got endless data")
    values = predict_batches(model, batches)
    for name, value in values.items():
        if not isinstance(value, np.ndarray):
            raise ConfigError(
                f"model: output '{name}' differs in size between examples, so it does not fit into a table column"
            )
    return values


def columns(
    values: Mapping[str, np.ndarray],
    targets: Mapping[str, TargetSpec],
    losses: Mapping[str, Any],
    rows: np.ndarray | None = None,
    lengths: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> dict[str, np.ndarray]:
    """Returns predictions as the columns of a table.

    Args:
        values: The model's outputs, by output name.
        targets: The targets it was trained on, for the names of classes.
        losses: Its losses by output name. They show whether an output has classes, and whether it gives logits.
        rows: The row number of each example in its source; None for the order here.
        lengths: The number of positions of each example, by output, if it differs.

    Returns:
        `row`, then for each output of exclusive classes `label` and `probability_<class>`, for non-exclusive labels
        `probability_<label>`, for other outputs `value` or `value_<index>`. With several outputs, these have the prefix
        `<output>_`. Columns of an output per position have shape (examples, *positions), or are object arrays of arrays
        (positions, ...) if the number of positions differs; `length` then has that number.
    """
    table = {"row": np.arange(len(next(iter(values.values())))) if rows is None else rows}
    for name, value in values.items():
        prefix = f"{name}_" if len(values) > 1 else ""
        if name in lengths:
            found = _of_positions(value, targets[name], losses.get(name), lengths[name])
        else:
            found = _columns(value, targets.get(name), losses.get(name))
        table |= {f"{prefix}{key}": column for key, column in found.items()}
    return table


def _of_positions(value: np.ndarray, target: TargetSpec, loss: Any, lengths: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the columns of an output of positions, without padding."""
    known = replace(target, shape=(value.shape[1], *target.shape[1:]))
    if known.positions:
        found = _columns(value, known, loss)
    else:
        flat = value.reshape(*value.shape[:2], -1)
        found = _columns(flat.reshape(-1, flat.shape[2]), None, None)
        found = {key: column.reshape(value.shape[:2]) for key, column in found.items()}
    return {"length": lengths, **{key: cut(column, lengths) for key, column in found.items()}}


def _columns(value: np.ndarray, target: TargetSpec | None, loss: Any) -> dict[str, np.ndarray]:
    probabilities = class_probabilities(value, target, loss)
    if probabilities is not None:
        classes = class_names(target, probabilities.shape[-1])
        columns = {"label": _labels(classes)[probabilities.argmax(axis=-1)]}
        return columns | {f"probability_{label}": probabilities[..., i] for i, label in enumerate(classes)}
    labels = label_probabilities(value, target, loss)
    if labels is not None:
        return {f"probability_{label}": labels[..., i] for i, label in enumerate(class_names(target, labels.shape[-1]))}
    flat = value.reshape(len(value), -1)
    keys = ["value"] if flat.shape[1] == 1 else [f"value_{index}" for index in range(flat.shape[1])]
    return {key: flat[:, index] for index, key in enumerate(keys)}


def _labels(classes: Sequence[str]) -> np.ndarray:
    """Returns the names of classes as an array, of integers if all names are integers in normal notation."""
    whole = all(WHOLE.fullmatch(label) for label in classes)
    return np.array([int(label) for label in classes], "int64") if whole else np.array(classes)
