"""Labels that are missing in some rows of a target: they are filled in, with weight 0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from pipeline.config.schema import REFUSE
from pipeline.data.dtypes import NUMBERS
from pipeline.data.examples import Arrays, Examples, multiplied
from pipeline.data.spec import DataSpec, TargetSpec
from pipeline.data.target_kinds import is_one_hot
from pipeline.errors import DataError

Missing = str | int
"""A value of `weighting.missing`: `refuse`, `mask`, or a whole number that marks missing labels to be masked."""
REMEDY = "set weighting.missing=mask to use only the other rows"


def filled(array: np.ndarray, missing: Missing, what: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns labels with missing ones filled in, and where labels exist.

    Args:
        array: Labels of shape (examples, ...); NaN is a missing one, and so is None among objects, or empty text.
        missing: How they are marked; nothing is done if they are refused.
        what: Its name, for messages.

    Returns:
        The labels, 0 or class 0 where they are missing; and where they exist, of shape (examples,) or, if that differs
        between positions of one example, such as (examples, time). None if none is missing.

    Raises:
        DataError: A label of several numbers has only some of them.
    """
    if missing == REFUSE:
        return array, None
    if array.dtype == object and any(isinstance(value, str) for value in array.flat):
        return _filled_text(array, missing)
    values, whole = _numbered(array)
    if values.dtype.kind == "f":
        gone = np.isnan(values)
    elif isinstance(missing, int) and not isinstance(missing, bool) and values.dtype.kind in "iu":
        gone = values == missing
    else:
        return values, None
    if not gone.any():
        return values.astype("int64") if whole else values, None
    values = np.where(gone, 0, values).astype("int64" if whole else values.dtype)
    there = ~_by_position(gone, values, what)
    if values.ndim > there.ndim:
        rows = values.reshape(-1, values.shape[-1])
        each = ~gone.reshape(rows.shape)[:, 0]
        if is_one_hot(rows[each]):
            rows[~each, 0] = 1
    return values, there


def _filled_text(array: np.ndarray, missing: Missing) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns text labels with missing ones replaced by another row's label."""
    if not isinstance(missing, str) or array.shape[1:] not in ((), (1,)):
        return array, None
    there = np.array([isinstance(value, str) and value != "" for value in array.flat])
    if there.all() or not there.any():
        return array, None
    values = array.copy()
    values[~there] = array[np.argmax(there)]
    return values, there


def masked(
    targets: Arrays, weights: Arrays, missing: Missing
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], list[str]]:
    """Returns targets without missing labels, weights that are 0 where labels were missing, and the affected targets.

    Raises:
        DataError: See `filled`.
    """
    labels, masks, lack = {}, dict(weights), []
    for name, array in targets.items():
        labels[name], there = filled(array, missing, f"target '{name}'")
        if there is not None:
            lack.append(name)
            mask = there.astype("float32")
            masks[name] = multiplied(mask, masks[name]) if name in masks else mask
    return labels, masks, lack


def masked_examples(examples: Examples, missing: Missing, *, of_stream: bool = False) -> Examples:
    """Returns examples without missing labels.

    Args:
        examples: The examples.
        missing: How missing labels are marked.
        of_stream: Whether they are a batch of a stream, whose weights need the same shape in all batches: per position.
    """
    if missing == REFUSE:
        return examples
    targets, weights, lack = masked(examples.targets, examples.weights, missing)
    for name in targets if of_stream else ():
        spec = examples.spec.targets[name]
        if spec.missing:
            one = np.ones((len(examples), *targets[name].shape[1 : 1 + len(spec.positions)]), "float32")
            weights[name] = multiplied(one, weights[name]) if name in weights else one
    return replace(examples, spec=with_missing(examples.spec, lack), targets=targets, weights=weights)


def with_missing(spec: DataSpec, names: Iterable[str]) -> DataSpec:
    """Returns a spec in which labels of the named targets may be missing."""
    lack = set(names)
    targets = {n: replace(t, missing=True) if n in lack else t for n, t in spec.targets.items()}
    return replace(spec, targets=targets) if lack else spec


def may_lack(spec: TargetSpec, missing: Missing) -> bool:
    """Whether labels of a target from a stream may be missing."""
    if missing == REFUSE:
        return False
    return spec.dtype.startswith("float") or not isinstance(missing, str)


def has_none(array: np.ndarray) -> bool:
    """Whether labels are objects and some are None."""
    return array.dtype == object and any(value is None for value in array.flat)


def refuse_none(array: np.ndarray, what: str) -> None:
    """Refuses None among labels.

    Raises:
        DataError: A label is None.
    """
    if has_none(array):
        rows = np.flatnonzero([None in row for row in array.reshape(len(array), -1).tolist()])
        raise DataError(f"{what}: row {rows[0]} is missing (rows affected: {len(rows)}); {REMEDY}")


def _numbered(array: np.ndarray) -> tuple[np.ndarray, bool]:
    """Returns objects as numbers, NaN for None, and whether the existing ones are of an integer type."""
    if array.dtype != object or not array.size:
        return array, False
    given = [value for value in array.flat if value is not None and value == value]  # noqa: PLR0124
    if not all(isinstance(value, NUMBERS) for value in given):
        return array, False
    numbers = np.array([np.nan if value is None else value for value in array.flat], "float64").reshape(array.shape)
    whole = all(isinstance(value, (int, np.integer, np.bool_)) for value in given)
    return numbers, whole


def _by_position(gone: np.ndarray, values: np.ndarray, what: str) -> np.ndarray:
    """Returns where labels are missing: of whole examples if possible, else of positions."""
    flat = gone.reshape(len(gone), -1)
    if (flat.all(axis=1) == flat.any(axis=1)).all():
        return np.asarray(flat.all(axis=1))
    last = gone.all(axis=-1)
    if gone.ndim > 2 and (last == gone.any(axis=-1)).all():
        return np.asarray(last)
    if (values == np.floor(values)).all() and (values >= 0).all():
        return gone
    row = int(np.flatnonzero(flat.any(axis=1) & ~flat.all(axis=1))[0])
    raise DataError(f"{what}: row {row}: expected all of its numbers or none, got only some")
