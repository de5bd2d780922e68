"""New data matched with what a model was trained on: the same inputs, the same classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.sources.table_columns import numbers_as_text
from pipeline.data.spec import DataSpec
from pipeline.data.streams import Data
from pipeline.data.target import IDS, NUMBERS, TargetSpec
from pipeline.data.target_kinds import positive_by_target, positive_class, values_of
from pipeline.errors import DataError, nearest


def match_inputs(data: Data, spec: DataSpec) -> Data:
    """Returns data with the inputs that the model was trained on only, text where that was text.

    A column of numbers in a new file may have been one of text, such as a house number, or be empty.

    Raises:
        DataError: An input is not there, or is text where the model takes numbers.
    """
    if not isinstance(data, Examples):
        return data
    inputs = {}
    for name, given in spec.inputs.items():
        if name not in data.inputs:
            raise DataError(f"data: has no input '{name}', which the model takes{nearest(name, data.inputs)}")
        is_text = data.spec.inputs[name].dtype == "string"
        if is_text and given.dtype != "string":
            raise DataError(f"input '{name}': is text, the model takes numbers")
        values = data.inputs[name]
        inputs[name] = values if is_text or given.dtype != "string" else numbers_as_text(values)
    return replace(data, spec=DataSpec(spec.inputs, data.spec.targets), inputs=inputs)


def match_classes(data: Data, spec: DataSpec) -> Data:
    """Returns data whose targets are what they were in training, class ids matched by the names of classes.

    Raises:
        DataError: A class that the training data did not have.
    """
    targets, changed = dict(data.spec.targets), {}
    for name, target in data.spec.targets.items():
        known = spec.targets.get(name)
        if known is None:
            continue
        targets[name] = replace(known, shape=target.shape, dtype=target.dtype)
        if known.kind == NUMBERS and target.kind == IDS and isinstance(data, Examples):
            changed[name] = values_of(known, target, data.targets[name])
            targets[name] = replace(targets[name], dtype=str(changed[name].dtype))
        elif known.classes is not None and target.classes not in (None, known.classes):
            changed[name] = _as_known(data, name, target, known)
    if targets == data.spec.targets and not changed:
        return data
    matched = DataSpec(data.spec.inputs, targets)
    if not isinstance(data, Examples):
        return replace(data, spec=matched)
    return replace(data, spec=matched, targets={**data.targets, **changed})


def _as_known(data: Data, name: str, target: TargetSpec, known: TargetSpec) -> np.ndarray:
    classes = known.classes or ()
    for label in target.classes or ():
        if label not in classes:
            raise DataError(f"target '{name}': the model knows no class '{label}'{nearest(label, classes)}")
    if not isinstance(data, Examples) or target.kind != IDS:
        raise DataError(f"target '{name}': has other classes than the training data; the same ones are right")
    ids = np.array([classes.index(label) for label in target.classes or ()])
    return np.asarray(ids[data.targets[name].astype("int64")])


def with_positive(data: Data, positive: Any) -> Data:
    """Returns data with the positive classes that the config's `positive` names.

    Raises:
        ConfigError: There is no such class or target.
    """
    given = positive_by_target(positive, list(data.spec.targets))
    targets = {n: replace(t, positive=positive_class(n, t, given.get(n))) for n, t in data.spec.targets.items()}
    return replace(data, spec=replace(data.spec, targets=targets))
