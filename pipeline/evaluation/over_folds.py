"""Metrics over the folds of a cross-validation: mean and deviation."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

NOT_ALIKE = object()
"""Stands for a value that folds do not have in common."""


def over_folds(folds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns what `metrics.json` says of a cross-validation.

    Args:
        folds: What that of each fold says.

    Returns:
        Of each split the means, in the form of a fold's own, `deviation` (the sample deviation over folds) in the same
        form, and `folds`, their own values.
    """
    found = {}
    for split in folds[0]:
        values = [fold[split] for fold in folds if split in fold]
        if len(values) == len(folds):
            own = [{key: value for key, value in fold.items() if key != "baseline"} for fold in values]
            found[split] = {**_merged(values, mean), "deviation": _merged(own, deviation), "folds": own}
    return found


def mean(values: Sequence[float | None]) -> float | None:
    """Returns the mean; None where a value is missing, as NaN is."""
    there = [value for value in values if value is not None]
    return statistics.fmean(there) if len(there) == len(values) else None


def deviation(values: Sequence[float | None]) -> float | None:
    """Returns the deviation of a sample, with one degree of freedom less; None where a value is missing."""
    there = [value for value in values if value is not None and math.isfinite(value)]
    return statistics.stdev(there) if 1 < len(there) == len(values) else None


def as_text(value: float, spread: float | None) -> str:
    """Returns mean and deviation as a line of the log has them."""
    return f"{value:.4f}" if spread is None else f"{value:.4f} ± {spread:.4f}"


def _merged(values: Sequence[Any], merge: Callable[[Sequence[Any]], float | None]) -> Any:
    """Returns mappings of the same form as one, numbers merged; what is neither, only where all have it alike."""
    if all(isinstance(value, Mapping) for value in values):
        keys = [key for key in values[0] if all(key in value for value in values)]
        merged = {key: _merged([value[key] for value in values], merge) for key in keys}
        return {key: value for key, value in merged.items() if value is not NOT_ALIKE}
    if all(value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values):
        return merge(values)
    return values[0] if merge is mean and all(value == values[0] for value in values) else NOT_ALIKE
