"""Numbers and figures of an output of numbers: errors with bootstrap intervals, residuals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.report.figures import NEUTRAL, PALETTE, Figure, layout, plot_text, rows_to_draw
from pipeline.report.numbers import number

MOST_COLUMNS = 8
"""With up to this many numbers per example, each is shown separately; with more, all together."""
LEVEL = 0.95
DRAWS = 20_000_000


@dataclass(frozen=True)
class Estimate:
    """A number with the interval that contains 95 % of bootstrap samples."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Regression:
    """Numbers of one column of an output.

    Attributes:
        name: The name of the column.
        mae: Mean absolute error.
        rmse: Root of the mean squared error.
        r2: The share of explained variance; None if all true values are equal.
        truth: True values, shape (examples, values).
        predicted: Predicted values of the same shape.
    """

    name: str
    mae: Estimate
    rmse: Estimate
    r2: Estimate | None
    truth: np.ndarray
    predicted: np.ndarray


def regressions(name: str, truth: np.ndarray, predicted: np.ndarray) -> list[Regression]:
    """Computes the numbers of each column of an output, or of all together if there are many.

    Args:
        name: The output's name.
        truth: Shape (examples, values).
        predicted: The same shape.

    Raises:
        ValueError: The shapes differ.
    """
    if truth.ndim != 2 or truth.shape != predicted.shape or not truth.size:
        raise ValueError(f"predictions of shape {predicted.shape} for true values of shape {truth.shape}")
    truth, predicted = truth.astype("float64"), predicted.astype("float64")
    columns = truth.shape[1]
    if columns == 1 or columns > MOST_COLUMNS:
        return [_regression(name if columns == 1 else f"{name}, all {columns} values", truth, predicted)]
    return [_regression(f"{name}[{i}]", truth[:, i : i + 1], predicted[:, i : i + 1]) for i in range(columns)]


def _regression(name: str, truth: np.ndarray, predicted: np.ndarray) -> Regression:
    """Resamples whole examples, since the values of one example belong together."""
    errors, centred = predicted - truth, truth - truth.mean()
    sums = np.stack(
        [np.abs(errors).sum(axis=1), (errors**2).sum(axis=1), centred.sum(axis=1), (centred**2).sum(axis=1)], axis=1
    )
    examples, values = truth.shape
    generator = np.random.default_rng(0)
    samples = int(np.clip(DRAWS // examples, 100, 1000))
    drawn = np.stack([sums[generator.integers(0, examples, examples)].sum(axis=0) for _ in range(samples)])
    totals = np.concatenate([sums.sum(axis=0, keepdims=True), drawn])
    count = examples * values
    variance = totals[:, 3] - totals[:, 2] ** 2 / count
    varies = variance > 1e-12 * max(1.0, float(variance[0]))
    explained = 1 - totals[varies, 1] / variance[varies]
    return Regression(
        name,
        _estimate(totals[:, 0] / count),
        _estimate(np.sqrt(totals[:, 1] / count)),
        _estimate(explained) if varies[0] else None,
        truth,
        predicted,
    )


def _estimate(values: np.ndarray) -> Estimate:
    """Returns the first value with the interval of the others."""
    rest = values[1:] if len(values) > 1 else values
    low, high = np.quantile(rest, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(values[0]), float(low), float(high))


def regression_figures(numbers: Regression) -> list[Figure]:
    """Returns predicted against true, residuals against predicted, and their histogram."""
    truth, predicted = numbers.truth.ravel(), numbers.predicted.ravel()
    rows = rows_to_draw(len(truth))
    part = f", {len(rows):,} of {len(truth):,} points drawn" if len(rows) < len(truth) else ""
    ends = [float(min(truth.min(), predicted.min())), float(max(truth.max(), predicted.max()))]
    marker = {"color": PALETTE[0], "size": 5, "opacity": 0.75}
    ideal = {"type": "scatter", "mode": "lines", "x": ends, "y": ends, "name": "ideal", "hoverinfo": "skip",
             "line": {"color": NEUTRAL, "dash": "dash", "width": 1.5}}  # fmt: skip
    against = {"type": "scatter", "mode": "markers", "x": truth[rows], "y": predicted[rows], "name": "examples",
               "marker": marker, "hovertemplate": "true %{x}, predicted %{y}<extra></extra>"}  # fmt: skip
    residuals = predicted - truth
    zero = {**ideal, "x": [float(predicted.min()), float(predicted.max())], "y": [0, 0]}
    left = {**against, "x": predicted[rows], "y": residuals[rows],
            "hovertemplate": "predicted %{x}, residual %{y}<extra></extra>"}  # fmt: skip
    counts, edges = np.histogram(residuals, bins=min(40, max(10, int(np.sqrt(len(residuals))))))
    bars = {"type": "bar", "x": (edges[:-1] + edges[1:]) / 2, "y": counts, "width": np.diff(edges) * 0.95,
            "marker": {"color": PALETTE[0]}, "hovertemplate": "%{x}: %{y}<extra></extra>"}  # fmt: skip
    name, hidden = plot_text(numbers.name), {"showlegend": False}
    mean = f"mean residual {number(residuals.mean())}, standard deviation {number(residuals.std())}"
    return [
        Figure(f"{numbers.name}: predicted against true{part}", f"predicted against true {numbers.name}",
               [ideal, against], layout(f"true {name}", f"predicted {name}", **hidden)),
        Figure(f"{numbers.name}: residuals{part}", mean, [zero, left],
               layout(f"predicted {name}", "predicted − true", **hidden)),
        Figure(f"{numbers.name}: distribution of residuals", mean, [bars],
               layout("predicted − true", "count", **hidden)),
    ]  # fmt: skip
