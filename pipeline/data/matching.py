"""Matches new data with what a model was trained on: the same inputs, the same classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.data.examples import Examples, class_ids, weights_like
from pipeline.data.spec import TIME, DataSpec
from pipeline.data.streams import Data
from pipeline.data.tables.texts import numbers_as_text
from pipeline.data.target import IDS, NUMBERS, ONE_HOT, TargetSpec
from pipeline.data.target_kinds import positive_by_target, positive_class, values_of
from pipeline.data.target_scaling import check_logarithms
from pipeline.errors import DataError, nearest

OTHER_CLASSES = "target '{name}': expected the classes of the training data, got others"


def match_inputs(data: Data, spec: DataSpec) -> Data:
    """Returns data with only the inputs that the model was trained on, as text where that was text.

    A column of numbers in a new file may have been text in training, such as house numbers, or may be empty.

    Raises:
        DataError: An input is missing, or is text where the model expects numbers.
    """
    if not isinstance(data, Examples):
        return data
    inputs = {}
    for name, given in spec.inputs.items():
        if name not in data.inputs:
            raise DataError(f"data: has no input '{name}', which the model needs{nearest(name, data.inputs)}")
        is_text = data.spec.inputs[name].dtype == "string"
        if is_text and given.dtype != "string":
            raise DataError(f"input '{name}': expected {'times' if given.kind == TIME else 'numbers'}, got text")
        values = data.inputs[name]
        if given.dtype == "string":
            inputs[name] = values if is_text else numbers_as_text(values)
        else:
            inputs[name] = values.astype(given.dtype, copy=False) if given.kind else values
    return replace(data, spec=DataSpec(spec.inputs, data.spec.targets), inputs=inputs)


def match_classes(data: Data, spec: DataSpec) -> Data:
    """Returns data whose targets have the form of training, with class ids matched by class name.

    Raises:
        DataError: A class that the training data did not have.
    """
    targets, changed = dict(data.spec.targets), {}
    for name, target in data.spec.targets.items():
        known = spec.targets.get(name)
        if known is None:
            continue
        lacks = known.missing or target.missing
        targets[name] = replace(known, shape=target.shape, dtype=target.dtype, missing=lacks)
        if not isinstance(data, Examples):
            _check_same_classes(name, target, known)
            continue
        values = _as_trained(data, name, target, known)
        if values is not None:
            changed[name] = values
            targets[name] = replace(targets[name], shape=values.shape[1:], dtype=str(values.dtype))
    if targets == data.spec.targets and not changed:
        return data
    matched = DataSpec(data.spec.inputs, targets)
    if not isinstance(data, Examples):
        return replace(data, spec=matched)
    found = replace(data, spec=matched, targets={**data.targets, **changed})
    check_logarithms(found)
    return found


def _as_trained(examples: Examples, name: str, target: TargetSpec, known: TargetSpec) -> np.ndarray | None:
    """Returns the values of a target in the form that it had in training; None if they already have it."""
    values = examples.targets[name]
    if known.kind == NUMBERS:
        return values_of(known, target, values) if target.kind == IDS else None
    if known.classes is None or known.kind not in (IDS, ONE_HOT):
        return None
    if known.kind == target.kind == ONE_HOT:
        _check_same_classes(name, target, known)
        return None
    if target.kind == NUMBERS:
        ids = _ids_of_numbers(examples, name, known)
    else:
        ids = class_ids(examples, name) if target.kind == ONE_HOT else values
        if target.classes not in (None, known.classes):
            ids = _as_known(name, ids, target, known)
    return np.eye(len(known.classes), dtype=known.dtype)[ids] if known.kind == ONE_HOT else ids


def _ids_of_numbers(data: Examples, name: str, known: TargetSpec) -> np.ndarray:
    """Returns numbers as the ids of the classes that they name; 1.0 names class 1."""
    ids = {label: index for index, label in enumerate(known.classes or ())}
    array = data.targets[name]
    values, places = np.unique(array, return_inverse=True)
    labels = [str(int(value)) if value == np.floor(value) else str(value) for value in values.tolist()]
    found = np.array([ids.get(label, -1) for label in labels], "int64")[places].reshape(array.shape)
    # A missing label is not a class, and has weight 0.
    counts = True if name not in data.weights else weights_like(data.weights[name], array) != 0
    wrong = np.argwhere((found < 0) & counts)
    if len(wrong):
        row = tuple(wrong[0])
        label = labels[int(places.reshape(array.shape)[row])]
        raise DataError(f"target '{name}': row {row[0]}: the model has no class '{label}'{nearest(label, ids)}")
    return np.maximum(found, 0)


def _as_known(name: str, ids: np.ndarray, target: TargetSpec, known: TargetSpec) -> np.ndarray:
    """Returns class ids converted to those of the classes with the same names in training."""
    _check_known(name, target, known)
    if target.kind not in (IDS, ONE_HOT):
        raise DataError(OTHER_CLASSES.format(name=name))
    classes = known.classes or ()
    return np.asarray(np.array([classes.index(label) for label in target.classes or ()])[ids.astype("int64")])


def _check_same_classes(name: str, target: TargetSpec, known: TargetSpec) -> None:
    """Refuses other classes if they cannot be matched."""
    if known.kind not in (IDS, ONE_HOT) or known.classes is None or target.classes in (None, known.classes):
        return
    _check_known(name, target, known)
    raise DataError(OTHER_CLASSES.format(name=name))


def _check_known(name: str, target: TargetSpec, known: TargetSpec) -> None:
    classes = known.classes or ()
    for label in target.classes or ():
        if label not in classes:
            raise DataError(f"target '{name}': the model has no class '{label}'{nearest(label, classes)}")


def with_positive(data: Data, positive: Any) -> Data:
    """Returns data with the positive classes that the config's `positive` names.

    Raises:
        ConfigError: There is no such class or target.
    """
    given = positive_by_target(positive, list(data.spec.targets))
    targets = {n: replace(t, positive=positive_class(n, t, given.get(n))) for n, t in data.spec.targets.items()}
    return replace(data, spec=replace(data.spec, targets=targets))
