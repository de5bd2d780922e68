"""The kind of a target: inferred from its values, then settled by its configured loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.config.loss_kinds import AUTO, LossKind
from pipeline.config.quoting import typed
from pipeline.data.labels import judged
from pipeline.data.target import IDS, LABELS, NUMBERS, ONE_HOT, UNKNOWN, Shape, TargetSpec
from pipeline.errors import ConfigError, DataError, nearest

SURELY_CLASSES = 1000
"""With at most this many classes, ids may have gaps; with more, there must be at least as many examples as classes."""
MANY = 20
"""Number of classes from which whole numbers may be numbers instead."""
SURELY_NUMBERS = 32
"""Bytes per position with more different values than this are pixels, not classes."""


def target_of(name: str, shape: Shape, dtype: str, array: np.ndarray, count: int | None, whole: bool) -> TargetSpec:
    """Infers the kind of a target from its values.

    Whole numbers from 0 are class ids, also one per position, and so are few different whole floats; rows with a single
    1 among 0s are one-hot; rows of 0s and 1s are labels that are not mutually exclusive; other numbers, including
    negative ones, are numbers.

    Args:
        name: Its name, for messages.
        shape: Shape of one example.
        dtype: The stored dtype.
        array: The values; the first axis is the examples.
        count: Number of classes or labels from the user; 0 for numbers; None if not given.
        whole: Whether the array is all of the data, so that the largest class id gives the number of classes.

    Raises:
        DataError: The target is text.
    """
    if dtype == "string":
        raise DataError(f"target '{name}': expected class ids (0, 1, …) or numbers, got text")
    if count == 0:
        return TargetSpec(shape, dtype, kind=NUMBERS)
    if count is not None:
        return TargetSpec(shape, dtype, _names(count), kind=_kind_of_classes(array, count))
    kind, count = _told_by_values(array)
    if not whole and kind == IDS:
        # A batch may lack some classes.
        return TargetSpec(shape, dtype, kind=UNKNOWN, certain=False)
    # Fractions are numbers beyond doubt.
    certain = kind == NUMBERS and array.dtype.kind not in "iub" and not _of_whole_floats(array)
    return TargetSpec(shape, dtype, _names(count) if count else None, kind=kind, certain=certain)


def is_one_hot(array: np.ndarray) -> bool:
    """Whether every row of the last axis has a single 1 among 0s."""
    return _of_zeros_and_ones(array) and array.shape[-1] > 1 and bool((array.sum(axis=-1) == 1).all())


def settled(
    name: str, target: TargetSpec, loss: LossKind | None, positive: Any = None, *, of_table: bool = False
) -> tuple[TargetSpec, str]:
    """Returns a target of the kind that its loss is for, with the properties of its output.

    Args:
        name: Its name, for messages.
        target: The target as inferred from its values or given by the user.
        loss: Its loss; None if it has none.
        positive: Name or id of the positive class; None for the second of two.
        of_table: Whether it is a column of a table, whose kind `data.kinds` can set.

    Returns:
        The target, and a log line about a decision that the config leaves open; empty if there is none.

    Raises:
        ConfigError: The loss is for numbers but the class names are not numbers, or there is no such positive class.
    """
    found = _for_loss(name, target, loss)
    said = _said_of_column(name, found) if of_table else _said(name, target, found, loss)
    if loss is not None and found.kind == NUMBERS and loss.family in ("binary", "categorical"):
        # Shares between 0 and 1, not labels.
        shares = "sigmoid" if loss.family == "binary" else "softmax"
        bare = loss.from_logits or loss.name == "categorical_hinge"
        found = replace(found, activation="linear" if bare else shares)
    elif loss is not None and found.classes is not None:
        units, activation = _output_for(found, loss)
        found = replace(found, units=units, activation=activation)
    return replace(found, positive=positive_class(name, found, positive)), said


def _for_loss(name: str, target: TargetSpec, loss: LossKind | None) -> TargetSpec:
    """Returns a target of the kind that its loss is for, if its values leave that open."""
    family = None if loss is None else loss.family
    of_two = target.kind == UNKNOWN and family in ("binary", "margin")
    if of_two or (target.kind == LABELS and not target.certain and family == "sparse"):
        return _settled_as(target, IDS, _names(2))
    if target.kind == NUMBERS and family == "sparse":
        return replace(target, kind=UNKNOWN)
    if target.kind == UNKNOWN and target.dtype.startswith("float"):
        return replace(target, kind=NUMBERS)
    if loss is not None and family == "regression" and _may_be_numbers(target):
        _check_numeric(name, target, loss)
        return _settled_as(target, NUMBERS, None)
    return target


def _may_be_numbers(target: TargetSpec) -> bool:
    whole = not target.dtype.startswith("float")
    return (target.kind == UNKNOWN and whole) or (target.kind == IDS and not target.certain)


def _settled_as(target: TargetSpec, kind: str, classes: tuple[str, ...] | None) -> TargetSpec:
    # Units and activation are filled in from the kind.
    return replace(target, kind=kind, classes=classes, certain=True, units=None, activation="")


def _said(name: str, target: TargetSpec, found: TargetSpec, loss: LossKind | None) -> str:
    """Returns a line about a doubtful decision; empty if there is none."""
    count = len(found.classes or ())
    if loss is not None and loss.family == "regression" and _may_be_numbers(target):
        classes = len(target.classes) if target.classes else "N"
        line = f"treated as numbers because the loss is {loss.name}; for classes, set data.classes={classes}"
    elif found.certain:
        return ""
    elif found.kind == IDS and found.dtype.startswith("float"):
        shown = "0 and 1" if count == 2 else f"0 to {count - 1}"
        line = f"{shown} treated as {count} classes; for numbers, set data.classes=0"
    elif found.kind == IDS and found.classes not in (_names(count), ("-1", "1")):
        ids = "" if "-1" in (found.classes or ()) else f"; for ids, data.classes={int((found.classes or ())[-1]) + 1}"
        missing = "; if -1 marks missing labels, weighting.missing=-1" if found.classes == ("-1", "0", "1") else ""
        line = (
            f"{', '.join(found.classes or ())} treated as the names of {count} classes; for numbers, set data.classes=0"
        )
        line += ids + missing
    elif found.kind == IDS and (found.per_position or count > MANY):
        line = f"whole numbers treated as {count} classes; for numbers, set data.classes=0"
    elif found.kind == LABELS:
        line = f"rows of 0s and 1s treated as {count} labels; for numbers, set data.classes=0"
    elif found.kind == NUMBERS and (loss is None or loss.family != "regression"):
        line = "whole numbers treated as numbers; for classes, set data.classes=N"
    else:
        return ""
    return f"target '{name}': {line}"


def _said_of_column(name: str, found: TargetSpec) -> str:
    """Returns a line about a column's doubtful kind; empty if there is no doubt, as with two classes."""
    count = len(found.classes or ())
    if found.certain or (found.kind == IDS and count <= 2):
        return ""
    treated_as, other = ("numbers, not classes", "class")
    if found.kind == IDS:
        treated_as, other = (f"{count} classes, not numbers", "number")
    setting = f"data.kinds.{name}={other}" if name.isidentifier() else f"'data.kinds={{{name}: {other}}}'"
    return f"target '{name}': treated as {treated_as}; to change that, set {setting}"


def _check_numeric(name: str, target: TargetSpec, loss: LossKind) -> None:
    for label in target.classes or ():
        try:
            float(label)
        except ValueError:
            raise ConfigError(
                f"loss: {loss.name} is for numbers, but target '{name}' has the class '{label}'; use loss=auto"
            ) from None


def values_of(target: TargetSpec, was: TargetSpec, array: np.ndarray) -> np.ndarray:
    """Returns the values of a target that was read as classes but holds numbers."""
    names = was.classes
    if target.kind != NUMBERS or names is None or was.kind != IDS or names == _names(len(names)):
        return array
    return np.array([float(name) for name in names], "float32")[array.astype("int64")]


def _kind_of_classes(array: np.ndarray, count: int) -> str:
    if array.ndim > 1 and array.shape[-1] == count and count > 1:
        if is_one_hot(array):
            return ONE_HOT
        if _of_zeros_and_ones(array) and (count > 2 or array.dtype.kind == "f"):
            return LABELS
        # Rows meant to be one-hot; the checks report the invalid one.
        if array.dtype.kind == "f" or (array.ndim == 2 and count > 2 and not _are_ids(array, count)):
            return ONE_HOT
    return IDS


def _told_by_values(array: np.ndarray) -> tuple[str, int]:
    """Returns the kind of a target, and the number of its classes."""
    if array.dtype == object or not array.size:
        return NUMBERS, 0
    several = array.ndim > 1 and array.shape[-1] > 1
    if several and is_one_hot(array):
        return ONE_HOT, array.shape[-1]
    if several and array.ndim == 2 and _of_zeros_and_ones(array):
        return LABELS, array.shape[-1]
    if _of_zeros_and_ones(array) and array.any() and not array.all():
        return IDS, 2
    if _of_whole_floats(array):
        values, counts = np.unique(array, return_counts=True)
        from_zero = values[0] == 0 and values[-1] == len(values) - 1
        return (IDS, len(values)) if from_zero and judged(values, counts).classes else (NUMBERS, 0)
    if array.dtype.kind not in "iub" or _of_signed(array):
        return NUMBERS, 0
    count = max(0, int(array.max())) + 1
    pixels = array.ndim > 2 and array.dtype == np.uint8 and len(np.unique(array)) > SURELY_NUMBERS
    return (NUMBERS, 0) if count > max(SURELY_CLASSES, len(array)) or pixels else (IDS, count)


def _of_whole_floats(array: np.ndarray) -> bool:
    """Whether it has one number per example, as floats that are all whole."""
    of_one = array.dtype.kind == "f" and array.shape[1:] in ((), (1,)) and array.size
    return bool(of_one and (array == np.floor(array)).all())


def _of_signed(array: np.ndarray) -> bool:
    """Whether whole numbers lie on both sides of 0: -1 and 1, or several below 0; one among ids is a mistake."""
    below = np.unique(array[array < 0]) if array.dtype.kind == "i" else array[:0]
    return len(below) > 1 or (len(below) == 1 and bool((np.abs(array) == 1).all()))


def _of_zeros_and_ones(array: np.ndarray) -> bool:
    if array.dtype.kind not in "iufb" or not array.size:
        return False
    return array.dtype.kind == "b" or bool(((array == 0) | (array == 1)).all())


def _are_ids(array: np.ndarray, count: int) -> bool:
    return array.dtype.kind in "iub" and bool(((array >= 0) & (array < count)).all())


def _names(count: int) -> tuple[str, ...]:
    return tuple(str(index) for index in range(count))


def _output_for(target: TargetSpec, loss: LossKind) -> tuple[int | None, str]:
    count = len(target.classes or ())
    units, activation = target.units, target.activation
    if loss.name != AUTO and target.kind != LABELS:
        if loss.family in ("sparse", "categorical"):
            units, activation = count, "softmax"
        elif loss.family in ("binary", "margin"):
            units = 1 if count == 2 and target.kind == IDS else count
            activation = "sigmoid"
    if loss.from_logits or loss.family == "margin":
        activation = "linear"
    return units, activation


def positive_class(name: str, target: TargetSpec, given: Any) -> int | None:
    """Returns the id of the configured positive class; None if none is set.

    Raises:
        ConfigError: The target has no such class.
    """
    if given is None:
        return None
    if not target.exclusive or target.classes is None:
        raise ConfigError(f"positive: target '{name}' has no mutually exclusive classes; set positive=null")
    if str(given) not in target.classes:
        raise ConfigError(f"positive: target '{name}' has no class '{given}'{nearest(str(given), target.classes)}")
    return target.classes.index(str(given))


def positive_by_target(positive: Any, names: list[str]) -> Mapping[str, Any]:
    """Returns the positive class of each target for which the config's `positive` names one.

    Raises:
        ConfigError: It names an unknown target, or one class for several targets.
    """
    if positive is None:
        return {}
    if isinstance(positive, Mapping):
        for name in positive:
            if name not in names:
                raise ConfigError(f"positive.{name}: no target '{name}'{nearest(str(name), names)}")
        return positive
    if len(names) > 1:
        raise ConfigError(f"positive: the data has several targets; give a class by target: {', '.join(names)}")
    return dict.fromkeys(names, positive)


def positive_setting(name: str, label: str, *, several: bool) -> str:
    """Returns the setting that makes a class the positive one, as typed on a command line.

    Args:
        name: The target.
        label: The class.
        several: Whether the data has several targets, so that the setting must name this one.
    """
    label = label if label.isdecimal() else typed(label)
    return f"'positive={{{typed(name)}: {label}}}'" if several else f"positive={label}"
