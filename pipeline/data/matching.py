"""New data matched with what a model was trained on: the same inputs, the same classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.sources.table_columns import numbers_as_text
from pipeline.data.spec import DataSpec
from pipeline.data.streams import Data
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
    """Returns data whose class ids are those of the training data, matched by the names of classes.

    Raises:
        DataError: A class that the training data did not have.
    """
    targets = dict(data.spec.targets)
    changed = {}
    for name, target in data.spec.targets.items():
        known = spec.targets.get(name)
        if known is None or known.classes is None or target.classes in (None, known.classes):
            continue
        for label in target.classes or ():
            if label not in known.classes:
                raise DataError(f"target '{name}': the model knows no class '{label}'{nearest(label, known.classes)}")
        if not isinstance(data, Examples) or target.one_hot:
            raise DataError(f"target '{name}': has other classes than the training data; the same ones are right")
        ids = np.array([known.classes.index(label) for label in target.classes or ()])
        changed[name] = ids[data.targets[name].astype("int64")]
        targets[name] = replace(target, classes=known.classes)
    if not isinstance(data, Examples) or not changed:
        return data
    return replace(data, spec=DataSpec(data.spec.inputs, targets), targets={**data.targets, **changed})
