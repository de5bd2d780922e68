"""Statistics of columns of numbers in the training split: medians, means, deviations and quantiles, in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ROWS_PER_BIN = 50
"""Least training rows per bin; with fewer, the model could learn single rows."""
ALL_BINS = 2048
"""Most bins of all columns together; beyond that, each column gets fewer."""


@dataclass(frozen=True)
class Statistics:
    """Statistics of columns of numbers, one entry per column.

    Attributes:
        medians: The replacement for missing values.
        means: Means of the columns after filling in the medians.
        deviations: Standard deviations of the same; 1 for a constant column.
        missing: Indices of the columns with missing values.
        edges: Increasing quantiles that divide a column's values into bins; empty for fewer than two bins.
    """

    medians: np.ndarray
    means: np.ndarray
    deviations: np.ndarray
    missing: np.ndarray
    edges: tuple[np.ndarray, ...]

    @property
    def bins(self) -> int:
        """Number of bins of all columns together."""
        return sum(max(0, len(edges) - 1) for edges in self.edges)


def statistics(columns: Sequence[np.ndarray], bins: int) -> Statistics:
    """Returns the statistics of columns.

    Args:
        columns: Arrays of numbers, NaN where a value is missing.
        bins: Most bins per column.
    """
    rows = len(columns[0]) if columns else 0
    most = min(bins, rows // ROWS_PER_BIN, ALL_BINS // max(1, len(columns)))
    found = [_of_column(np.asarray(column, "float64"), most) for column in columns]
    medians, means, deviations, missing, edges = zip(*found, strict=True) if found else ((),) * 5
    return Statistics(
        np.array(medians, "float64"),
        np.array(means, "float64"),
        np.array(deviations, "float64"),
        np.flatnonzero(np.array(missing, bool)),
        tuple(edges),
    )


def _of_column(values: np.ndarray, bins: int) -> tuple[float, float, float, bool, np.ndarray]:
    present = np.sort(values[np.isfinite(values)])
    missing = bool(np.isnan(values).any())
    if not len(present):
        return 0.0, 0.0, 1.0, missing, np.empty(0)
    median = float(present[(len(present) - 1) // 2] / 2 + present[len(present) // 2] / 2)
    # Divide first, or the sum of large numbers overflows.
    largest = float(np.abs(present[[0, -1]]).max()) or 1.0
    filled = np.concatenate([present, np.full(len(values) - len(present), median)]) / largest
    mean, deviation = float(filled.mean()) * largest, float(filled.std()) * largest
    if present[0] == present[-1]:
        return median, median, 1.0, missing, np.empty(0)
    edges = np.unique(present[np.linspace(0, len(present) - 1, bins + 1).round().astype(int)])
    # A single bin adds nothing to the number itself.
    return median, mean, deviation or 1.0, missing, edges if len(edges) > 2 else np.empty(0)
