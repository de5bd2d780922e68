"""Checks of the values of examples, each reported in one line with the input or target and the row."""

from __future__ import annotations

import numpy as np

from pipeline.data.examples import Examples, same_shape
from pipeline.data.missing_labels import REMEDY
from pipeline.data.spec import DataSpec, TargetSpec
from pipeline.data.target import LABELS, ONE_HOT
from pipeline.errors import DataError


def check_values(examples: Examples, where: str = "") -> None:
    """Checks that all numbers are finite, weights are not negative and class ids are in range.

    Args:
        examples: A split or a batch.
        where: Their split, for the message.

    Raises:
        DataError: They are not; the message names the first wrong row.
    """
    place = f" of {where}" if where else ""
    for name, array in examples.inputs.items():
        given = examples.spec.inputs[name]
        # The model computes with a float64 column in float64 first, as float32 would make different values equal.
        as_it_is = bool(given.kind) and given.dtype == "float64"
        _check_finite(array, f"input '{name}'{place}", missing=given.missing, as_it_is=as_it_is)
    for name, array in examples.targets.items():
        _check_finite(array, f"target '{name}'{place}", remedy=f"; {REMEDY}" if np.isnan(array).any() else "")
        _check_class_ids(array, examples.spec.targets[name], f"target '{name}'{place}")
    for name, array in examples.weights.items():
        _check_finite(array, f"sample weight of '{name}'{place}")
        negative = np.argwhere(array < 0)
        if len(negative):
            first = tuple(negative[0])
            raise DataError(
                f"sample weight of '{name}'{place}: row {first[0]}: expected 0 or more, got {array[first]:g}"
            )


def check_classes(examples: Examples, where: str) -> None:
    """Checks that the examples have two or more classes of every target with classes.

    Raises:
        DataError: A target has only one class.
    """
    for name, spec in examples.spec.targets.items():
        if spec.exclusive:
            found = np.flatnonzero(examples.class_counts(name))
            if len(found) < 2:
                only = f"only class {(spec.classes or ())[found[0]]}" if len(found) else "no class"
                raise DataError(f"target '{name}' of {where}: expected two or more classes, got {only}")


def check_shapes(spec: DataSpec, input_shapes: dict[str, tuple[int | None, ...]]) -> None:
    """Checks the shape of each input against what the model expects.

    Args:
        spec: The data's spec.
        input_shapes: Shape of one example by input name of the model.

    Raises:
        DataError: A shape differs.
    """
    for name, shape in input_shapes.items():
        given = spec.inputs[name].shape
        if not same_shape(given, shape):
            raise DataError(f"input '{name}': has shape {given}, but the model expects {tuple(shape)}")


def check_class_range(spec: DataSpec, output_shapes: dict[str, tuple[int | None, ...]]) -> None:
    """Checks that the model has an output unit for every class.

    Raises:
        DataError: A target has more classes than its output has units.
    """
    for name, shape in output_shapes.items():
        target = spec.targets.get(name)
        if target is None or target.classes is None or not shape or shape[-1] is None:
            continue
        units = shape[-1]
        if target.kind in (ONE_HOT, LABELS) and units != len(target.classes):
            raise DataError(
                f"target '{name}': has {len(target.classes)} classes, but the model's output has {units} units"
            )
        if len(target.classes) > max(units, 2):
            raise DataError(
                f"target '{name}': class id {len(target.classes) - 1} is outside the model's range 0 to {units - 1}; "
                f"use a model with {len(target.classes)} classes"
            )


def _check_finite(
    array: np.ndarray, what: str, *, missing: bool = False, as_it_is: bool = False, remedy: str = ""
) -> None:
    """Refuses values that are not finite as float32, or unconverted; NaN may be a missing value."""
    if array.dtype == object and len(array) and isinstance(array[0], str):
        return
    if array.dtype == object:
        bad = np.array(
            [i for i, row in enumerate(array) if isinstance(row, np.ndarray) and _not_finite(row).any()], int
        )
    elif array.dtype.kind == "f":
        not_finite = ~np.isfinite(array) if as_it_is else _not_finite(array)
        wrong = not_finite & ~np.isnan(array) if missing else not_finite
        if not wrong.any():
            return
        bad = np.flatnonzero(wrong.reshape(len(array), -1).any(axis=1))
    else:
        return
    if len(bad):
        row = np.asarray(array[bad[0]])
        wrong = _not_finite(row)
        value = row[wrong & ~np.isnan(row) if missing else wrong].ravel()[0]
        found = f"{value}, which is too large for float32" if np.isfinite(value) else str(value)
        raise DataError(
            f"{what}: row {bad[0]}: expected finite numbers, got {found} (rows affected: {len(bad)}){remedy}"
        )


def _not_finite(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "f":
        return np.zeros(array.shape, bool)
    with np.errstate(over="ignore"):
        return ~np.isfinite(array.astype("float32", copy=False))


def _check_class_ids(array: np.ndarray, spec: TargetSpec, what: str) -> None:
    if spec.classes is None or not len(array):
        return
    if spec.kind in (ONE_HOT, LABELS):
        valid = np.isin(array, (0, 1)) if spec.kind == LABELS else _one_hot_rows(array)
        wrong = np.flatnonzero(~valid.reshape(len(array), -1).all(axis=1))
        if len(wrong) and spec.kind == LABELS:
            raise DataError(f"{what}: row {wrong[0]}: expected labels of 0 or 1, got others")
        if len(wrong):
            raise DataError(f"{what}: row {wrong[0]}: expected a one-hot row, a single 1 among 0s")
        return
    rows = array.reshape(len(array), -1)
    bad = (rows < 0) | (rows >= len(spec.classes)) | (rows != np.floor(rows))
    wrong = np.flatnonzero(bad.any(axis=1))
    if len(wrong):
        found = rows[wrong[0]][bad[wrong[0]]][0]
        tip = f"; if it marks a missing label, set weighting.missing={found:g}" if found < 0 else ""
        raise DataError(
            f"{what}: row {wrong[0]}: expected a class id from 0 to {len(spec.classes) - 1}, got {found}{tip}"
        )


def _one_hot_rows(array: np.ndarray) -> np.ndarray:
    return np.asarray(np.isin(array, (0, 1)).all(axis=-1) & (array.sum(axis=-1) == 1))
