"""Figures of an output of classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.report.classification import DRAWN_CURVES, Classification, Curve
from pipeline.report.figures import NEUTRAL, PALETTE, Figure, layout, line_style, plot_text

MOST_CLASSES = 60
"""Classes that a confusion matrix shows; of more, those with the most mistakes."""
MOST_TEXTS = 12
HEIGHT = 440


def classification_figures(numbers: Classification) -> list[Figure]:
    """Returns confusion matrices, ROC and PR curves, and the reliability diagram."""
    figures = [] if numbers.pairs is None else _confusion(numbers, numbers.pairs)
    if numbers.curves:
        figures += [_roc(numbers), _precision_recall(numbers)]
    return [*figures, _reliability(numbers)]


def _confusion(numbers: Classification, pairs: np.ndarray) -> list[Figure]:
    classes = len(numbers.classes)
    shown = np.arange(classes)
    if classes > MOST_CLASSES:
        wrong = pairs[pairs[:, 0] != pairs[:, 1]]
        mistakes = sum(np.bincount(wrong[:, side], wrong[:, 2], minlength=classes) for side in (0, 1))
        shown = np.sort(np.argsort(-np.asarray(mistakes), kind="stable")[:MOST_CLASSES])
    part = f", the {MOST_CLASSES} classes with the most mistakes" if len(shown) < classes else ""
    counts = np.zeros((len(shown), len(shown)), "int64")
    drawn = pairs[np.isin(pairs[:, :2], shown).all(axis=1)]
    counts[tuple(np.searchsorted(shown, drawn[:, :2]).T)] = drawn[:, 2]
    rates = counts / np.maximum(1, numbers.support[shown, None])
    names = [plot_text(numbers.classes[index], 16) for index in shown.tolist()]
    right = f"{pairs[pairs[:, 0] == pairs[:, 1], 2].sum()} of {pairs[:, 2].sum()} on the diagonal"
    return [
        _heatmap(f"confusion matrix, counts{part}", right, counts, names, "{:d}", "%{z} examples"),
        _heatmap(f"confusion matrix, shares of each true class{part}", right, rates, names, "{:.2f}", "%{z:.1%}"),
    ]


def _heatmap(title: str, description: str, values: np.ndarray, names: list[str], text: str, hover: str) -> Figure:
    # Class names such as 1 and 2 would be taken as numbers, and equal ones as one: places are told by position.
    ticks: dict[str, Any] = {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": names}
    if len(names) > 25:
        ticks = {"tickvals": ticks["tickvals"][:: len(names) // 20], "ticktext": names[:: len(names) // 20]}
    trace = {
        "type": "heatmap",
        "z": values,
        "customdata": [[f"true {row}, predicted {column}" for column in names] for row in names],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{customdata}: " + hover + "<extra></extra>",
    }
    if len(names) <= MOST_TEXTS:
        # Empty places are left so, to let the mistakes be seen.
        texts = [[text.format(value) if value >= 0.005 else "" for value in row] for row in values.tolist()]
        trace |= {"text": texts, "texttemplate": "%{text}", "textfont": {"size": 11}}
    square = layout(
        "predicted",
        "true",
        xaxis={**ticks, "showgrid": False, "zeroline": False, "constrain": "domain"},
        yaxis={**ticks, "showgrid": False, "zeroline": False, "autorange": "reversed", "scaleanchor": "x",
               "constrain": "domain"},
        height=HEIGHT,
    )  # fmt: skip
    return Figure(title, f"{title}: {description}", [trace], square)


def _worst_curves(curves: list[Curve], area: str) -> list[Curve]:
    return sorted(curves, key=lambda curve: float(getattr(curve, area)))[:DRAWN_CURVES]


def _roc(numbers: Classification) -> Figure:
    drawn = _worst_curves(list(numbers.curves), "roc_area")
    traces = [_curve(numbers, curve, index, *curve.roc, curve.roc_area) for index, curve in enumerate(drawn)]
    chance = {"type": "scatter", "mode": "lines", "x": [0, 1], "y": [0, 1], "name": "chance", "hoverinfo": "skip",
              "line": {"color": NEUTRAL, "dash": "dot", "width": 1.5}}  # fmt: skip
    mean = float(np.mean([curve.roc_area for curve in numbers.curves]))
    return Figure(
        _curve_title("ROC curves", len(drawn), len(numbers.curves)),
        f"ROC curves, areas {mean:.4f} on average",
        [*traces, chance],
        layout("false positive rate", "true positive rate", xaxis={"range": [-0.01, 1.01]},
               yaxis={"range": [-0.01, 1.02]}, height=HEIGHT),
    )  # fmt: skip


def _precision_recall(numbers: Classification) -> Figure:
    drawn = _worst_curves(list(numbers.curves), "pr_area")
    traces = [_curve(numbers, curve, index, *curve.pr, curve.pr_area) for index, curve in enumerate(drawn)]
    mean = float(np.mean([curve.pr_area for curve in numbers.curves]))
    return Figure(
        _curve_title("precision and recall", len(drawn), len(numbers.curves)),
        f"precision against recall, average precision {mean:.4f} on average",
        traces,
        layout("recall", "precision", xaxis={"range": [-0.01, 1.01]}, yaxis={"range": [-0.01, 1.02]}, height=HEIGHT),
    )


def _curve_title(what: str, drawn: int, there: int) -> str:
    return what if drawn == there else f"{what} of the {drawn} classes with the least area"


def _curve(
    numbers: Classification, curve: Curve, style: int, x: np.ndarray, y: np.ndarray, area: float
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": f"{plot_text(numbers.classes[curve.index], 20)} ({area:.4f})",
        "line": line_style(style),
        "hovertemplate": "%{x:.3f}, %{y:.3f}",
    }


def _reliability(numbers: Classification) -> Figure:
    found = numbers.calibration
    perfect = {"type": "scatter", "mode": "lines", "x": [0, 1], "y": [0, 1], "name": "perfectly calibrated",
               "hoverinfo": "skip", "line": {"color": NEUTRAL, "dash": "dot", "width": 1.5}}  # fmt: skip
    bins = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "this model",
        "x": found.confidence,
        "y": found.accuracy,
        "customdata": found.counts,
        "line": {"color": PALETTE[0], "width": 2},
        "marker": {"size": 8},
        "hovertemplate": "confidence %{x:.3f}, right %{y:.3f}<br>%{customdata} predictions<extra></extra>",
    }
    share = {
        "type": "bar",
        "name": "share of predictions",
        "x": found.confidence,
        "y": found.counts / max(1, found.counts.sum()),
        "width": 0.03,
        "marker": {"color": PALETTE[4], "opacity": 0.5},
        "hoverinfo": "skip",
    }
    return Figure(
        f"reliability, expected calibration error {found.error:.4f}",
        f"share that is right by confidence; expected calibration error {found.error:.4f}",
        [share, perfect, bins],
        layout("confidence", "share that is right", xaxis={"range": [0, 1.02]}, yaxis={"range": [0, 1.02]}),
    )
