"""Metrics over the folds of a cross-validation: mean and standard deviation."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

NOT_ALIKE = object()
"""Marks a value that the folds do not have in common."""


def over_folds(folds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the contents of the `metrics.json` of a cross-validation.

    Args:
        folds: The contents of each fold's own `metrics.json`.

    Returns:
        For each split, the means in the form of a fold's own metrics, `deviation` (the sample standard deviation over
        folds) in the same form, and `folds`, the values of each fold.
    """
    found = {}
    for split in folds[0]:
        values = [fold[split] for fold in folds if split in fold]
        if len(values) == len(folds):
            own = [{key: value for key, value in fold.items() if key != "baseline"} for fold in values]
            found[split] = {**_merged(values, mean), "deviation": _merged(own, deviation), "folds": own}
    return found


def mean(values: Sequence[float | None]) -> float | None:
    """Returns the mean; None if a value is missing or NaN."""
    there = [value for value in values if value is not None]
    return statistics.fmean(there) if len(there) == len(values) else None


def deviation(values: Sequence[float | None]) -> float | None:
    """Returns the sample standard deviation, with one degree of freedom less; None if a value is missing."""
    there = [value for value in values if value is not None and math.isfinite(value)]
    return statistics.stdev(there) if 1 < len(there) == len(values) else None


def as_text(value: float, spread: float | None) -> str:
    """Returns the mean and deviation as the log shows them."""
    return f"{value:.4f}" if spread is None else f"{value:.4f} ± {spread:.4f}"


def _merged(values: Sequence[Any], merge: Callable[[Sequence[Any]], float | None]) -> Any:
    """Merges mappings of the same form into one: numbers are merged, other values are kept if all are equal."""
    if all(isinstance(value, Mapping) for value in values):
        keys = [key for key in values[0] if all(key in value for value in values)]
        merged = {key: _merged([value[key] for value in values], merge) for key in keys}
        return {key: value for key, value in merged.items() if value is not NOT_ALIKE}
    if all(value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values):
        return merge(values)
    return values[0] if merge is mean and all(value == values[0] for value in values) else NOT_ALIKE
