"""Converts the (inputs, targets[, sample weights]) tuples of Keras users, in any form, to examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.config.schema import REFUSE
from pipeline.data import array_labels
from pipeline.data.dtypes import usable
from pipeline.data.examples import Examples, ragged
from pipeline.data.missing_labels import Missing, has_none, masked, refuse_none, with_missing
from pipeline.data.sequences import padded_sequences, with_any_length
from pipeline.data.spec import Classes, DataSpec, spec_of, varies
from pipeline.errors import DataError, nearest, one_line, with_article


@dataclass(frozen=True)
class Names:
    """Names for inputs and targets given as a bare array or a list by position.

    Attributes:
        inputs: Names of the inputs in order; a dict must have the same names.
        targets: Names of the targets in order.
    """

    inputs: Sequence[str]
    targets: Sequence[str]


def examples_of(
    element: Any,
    names: Names,
    spec: DataSpec | None = None,
    *,
    scale: float = 1.0,
    classes: Classes = None,
    with_targets: bool = True,
    whole: bool = True,
    missing: Missing = REFUSE,
) -> Examples:
    """Converts one tuple to examples.

    Args:
        element: `(inputs, targets)` or `(inputs, targets, weights)`, each an array, a list or a dict; inputs alone
            if no targets are wanted.
        names: The names of the arrays.
        spec: The spec of one example; None infers it from the arrays.
        scale: See `InputSpec`.
        classes: See `TargetSpec`.
        with_targets: Whether targets are wanted.
        whole: Whether these are all of the data, so that class ids give the number of classes.
        missing: How missing labels are marked.

    Raises:
        DataError: It is not such a tuple.
    """
    inputs, targets, weights = _parts(element, with_targets)
    named = _named(inputs, names.inputs, "inputs")
    given = _named(targets, names.targets, "targets", missing) if with_targets else {}
    labels, masks, lack = masked(given, _weights(weights, names.targets), missing)
    labels = {name: usable(array, f"data: targets '{name}'") for name, array in labels.items()}
    before = {"inputs": named, "targets": labels}
    named, labels, masks, padded = padded_sequences(named, labels, masks)
    classes = classes if with_targets else None
    if whole:
        found = array_labels.named(labels, masks, classes, spec)
        labels = found.arrays
    if spec is None:
        counts = found.classes(classes) if whole else classes
        spec = spec_of(named, labels, scale=scale, classes=counts, whole=whole)
        spec = found.spec(spec) if whole else spec
        spec = with_any_length(spec, before) if padded else spec
    return Examples(with_missing(spec, [*lack, *padded]), named, labels, masks)


def with_varying(spec: DataSpec, names: Sequence[str]) -> DataSpec:
    """Returns a spec in which the first dimension of the named inputs varies.

    Raises:
        DataError: There is no such input.
    """
    inputs = dict(spec.inputs)
    for name in names:
        if name not in inputs:
            raise DataError(f"data.varying: no input '{name}'{nearest(name, inputs)}")
        inputs[name] = replace(inputs[name], shape=(None, *inputs[name].shape[1:]))
    return DataSpec(inputs, spec.targets)


def _parts(element: Any, with_targets: bool) -> tuple[Any, Any, Any]:
    if not isinstance(element, tuple):
        if with_targets:
            raise DataError(
                "data: expected a tuple (inputs, targets) or (inputs, targets, sample_weights), got "
                f"{_describe(element)}"
            )
        return element, None, None
    if not 2 - (not with_targets) <= len(element) <= 3:
        raise DataError(
            f"data: expected (inputs, targets) or (inputs, targets, sample_weights), got a tuple of {len(element)} "
            "parts"
        )
    inputs, targets, weights = (*element, None, None)[:3]
    return inputs, targets, weights if with_targets else None


def _named(values: Any, names: Sequence[str], what: str, missing: Missing | None = None) -> dict[str, np.ndarray]:
    if isinstance(values, Mapping):
        for name in names:
            if name not in values:
                raise DataError(f"data: {what} have no '{name}'{nearest(name, values)}")
        return {name: _array(values[name], f"{what} '{name}'", missing) for name in names}
    by_position = [values] if len(names) == 1 and not _is_list_of_one(values) else values
    if not isinstance(by_position, (list, tuple)) or len(by_position) != len(names):
        found = len(by_position) if isinstance(by_position, (list, tuple)) else 1
        raise DataError(f"data: expected one array per name in {what} ({', '.join(names)}), got {found}")
    return {name: _array(value, f"{what} '{name}'", missing) for name, value in zip(names, by_position, strict=True)}


def _is_list_of_one(values: Any) -> bool:
    return isinstance(values, (list, tuple)) and len(values) == 1 and hasattr(values[0], "shape")


def _array(value: Any, what: str, missing: Missing | None = None) -> np.ndarray:
    if isinstance(value, list) and value and all(hasattr(row, "shape") and row.ndim for row in value):
        rows = [np.asarray(row) for row in value]
        same = len({row.shape for row in rows}) == 1
        return usable(np.stack(rows) if same else ragged(rows), f"data: {what}")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise DataError(f"data: {what} cannot be converted to an array: {one_line(error)}") from error
    if array.ndim == 0:
        raise DataError(f"data: {what}: expected an array with one row per example, got {_describe(value)}")
    if missing == REFUSE:
        refuse_none(array, f"data: {what}")
    elif missing is not None and has_none(array):
        return array
    return usable(array, f"data: {what}")


def _weights(weights: Any, targets: Sequence[str]) -> dict[str, np.ndarray]:
    if weights is None:
        return {}
    if isinstance(weights, Mapping):
        for name in weights:
            if name not in targets:
                raise DataError(f"data: sample weights for '{name}': no such target{nearest(name, targets)}")
        given = {name: weights[name] for name in targets if weights.get(name) is not None}
    elif isinstance(weights, (list, tuple)) and not all(isinstance(w, (int, float)) for w in weights):
        given = {n: w for n, w in zip(targets, weights, strict=False) if w is not None}
    else:
        given = dict.fromkeys(targets, weights)
    return {name: _weight_array(w, name) for name, w in given.items()}


def _weight_array(weights: Any, target: str) -> np.ndarray:
    array = _array(weights, f"sample weights of '{target}'")
    if varies(array):
        return array
    if array.dtype == object:
        raise DataError(f"data: sample weights of '{target}': expected one number per example, got text")
    # A column of weights, which Keras also accepts.
    return array.astype("float32").reshape(len(array) if array.shape[1:] == (1,) else array.shape)


def _describe(value: Any) -> str:
    if hasattr(value, "shape"):
        return f"an array of shape {tuple(value.shape)}"
    return with_article(value) + (f" of {len(value)} parts" if isinstance(value, (list, dict)) else "")
