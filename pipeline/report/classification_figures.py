"""Figures of an output of classes."""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from pipeline.report.classification import DRAWN_CURVES, Calibration, Classification, Curve
from pipeline.report.figures import NEUTRAL, PALETTE, Figure, layout, line_style
from pipeline.report.names import short_names
from pipeline.report.numbers import number

MOST_CLASSES = 60
"""The number of classes in a confusion matrix. With more, those with the most mistakes are shown."""
MOST_TEXTS = 12
HEIGHT, LARGE_HEIGHT = 440, 620
LONGEST_NAME = 18
LARGEST_BIN, SMALLEST_BIN = 24, 5
"""Diameters in the reliability diagram, in pixels, of the bin with the most predictions and of an almost empty one."""


def classification_figures(numbers: Classification) -> list[Figure]:
    """Returns confusion matrices, ROC and PR curves, and the reliability diagram."""
    names = [html.escape(name) for name in short_names(numbers.classes, LONGEST_NAME)]
    figures = [] if numbers.pairs is None else _confusion(numbers, numbers.pairs, names)
    if numbers.curves:
        figures += [_roc(numbers, names), _precision_recall(numbers, names)]
    return [*figures, _reliability(numbers.calibration)]


def _confusion(numbers: Classification, pairs: np.ndarray, class_names: list[str]) -> list[Figure]:
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
    names = [class_names[index] for index in shown.tolist()]
    right = f"{pairs[pairs[:, 0] == pairs[:, 1], 2].sum()} of {pairs[:, 2].sum()} on the diagonal"
    return [
        _heatmap(f"confusion matrix, counts{part}", right, counts, names, "{:d}", "%{z} examples"),
        _heatmap(f"confusion matrix, shares of each true class{part}", right, rates, names, "{:.2f}", "%{z:.1%}"),
    ]


def _heatmap(title: str, description: str, values: np.ndarray, names: list[str], text: str, hover: str) -> Figure:
    # Plotly would treat class names such as 1 and 2 as numbers, and equal names as one, so positions are used.
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
        # Empty cells stay empty, so that the mistakes stand out.
        texts = [[text.format(value) if value >= 0.005 else "" for value in row] for row in values.tolist()]
        trace |= {"text": texts, "texttemplate": "%{text}", "textfont": {"size": 11}}
    square = layout(
        "predicted",
        "true",
        xaxis={**ticks, "showgrid": False, "zeroline": False, "constrain": "domain"},
        yaxis={**ticks, "showgrid": False, "zeroline": False, "autorange": "reversed", "scaleanchor": "x",
               "constrain": "domain"},
        height=HEIGHT if len(names) <= 25 else LARGE_HEIGHT,
    )  # fmt: skip
    return Figure(title, f"{title}: {description}", [trace], square)


def _worst_curves(curves: list[Curve], area: str) -> list[Curve]:
    return sorted(curves, key=lambda curve: float(getattr(curve, area)))[:DRAWN_CURVES]


def _roc(numbers: Classification, names: list[str]) -> Figure:
    drawn = _worst_curves(list(numbers.curves), "roc_area")
    traces = [_curve(names[curve.index], index, *curve.roc, curve.roc_area) for index, curve in enumerate(drawn)]
    chance = {"type": "scatter", "mode": "lines", "x": [0, 1], "y": [0, 1], "name": "chance", "hoverinfo": "skip",
              "line": {"color": NEUTRAL, "dash": "dot", "width": 1.5}}  # fmt: skip
    mean = float(np.mean([curve.roc_area for curve in numbers.curves]))
    return Figure(
        _curve_title("ROC curves", len(drawn), len(numbers.curves)),
        f"ROC curves, areas {number(mean)} on average",
        [*traces, chance],
        layout("false positive rate", "true positive rate", xaxis={"range": [-0.01, 1.01]},
               yaxis={"range": [-0.01, 1.02]}, height=HEIGHT),
    )  # fmt: skip


def _precision_recall(numbers: Classification, names: list[str]) -> Figure:
    drawn = _worst_curves(list(numbers.curves), "pr_area")
    traces = [_curve(names[curve.index], index, *curve.pr, curve.pr_area) for index, curve in enumerate(drawn)]
    mean = float(np.mean([curve.pr_area for curve in numbers.curves]))
    return Figure(
        _curve_title("precision and recall", len(drawn), len(numbers.curves)),
        f"precision against recall, average precision {number(mean)} on average",
        traces,
        layout("recall", "precision", xaxis={"range": [-0.01, 1.01]}, yaxis={"range": [-0.01, 1.02]}, height=HEIGHT),
    )


def _curve_title(what: str, drawn: int, there: int) -> str:
    return what if drawn == there else f"{what} of the {drawn} classes with the smallest area"


def _curve(name: str, style: int, x: np.ndarray, y: np.ndarray, area: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": f"{name} ({number(area)})",
        "line": line_style(style),
        "hovertemplate": "%{x:.3f}, %{y:.3f}",
    }


def _reliability(found: Calibration) -> Figure:
    """Returns the share of correct predictions by confidence. Bins with few predictions are small and pale."""
    perfect = {"type": "scatter", "mode": "lines", "x": [0, 1], "y": [0, 1], "name": "perfectly calibrated",
               "hoverinfo": "skip", "line": {"color": NEUTRAL, "dash": "dot", "width": 1.5}}  # fmt: skip
    shares = found.counts / max(1, found.counts.max(initial=0))
    bins = {
        "type": "scatter",
        "mode": "markers+text",
        "name": "this model",
        "showlegend": False,
        "cliponaxis": False,
        "x": found.confidence,
        "y": found.accuracy,
        "customdata": found.counts,
        "text": [f"{count:,}" for count in found.counts.tolist()],
        "textposition": ["bottom center" if accuracy > 0.9 else "top center" for accuracy in found.accuracy.tolist()],
        "textfont": {"size": 11},
        "marker": {"color": PALETTE[0], "line": {"width": 0}, "size": _sizes(shares), "opacity": _opacities(shares)},
        "hovertemplate": "confidence %{x:.3f}, correct %{y:.3f}<br>%{customdata:,} predictions<extra></extra>",
    }
    error = number(found.error)
    return Figure(
        f"reliability, expected calibration error {error}",
        f"share of correct predictions by confidence, in {len(found.counts)} bins; expected calibration error {error}",
        [perfect, bins, *_count_legend(found.counts)],
        layout(
            "confidence", "share of correct predictions", xaxis={"range": [0, 1.03]}, yaxis={"range": [-0.05, 1.05]}
        ),
    )


def _count_legend(counts: np.ndarray) -> list[dict[str, Any]]:
    """Returns traces that draw nothing, but show in the legend which size means how many predictions."""
    most = int(counts.max(initial=1))
    told = dict.fromkeys([int(counts.min(initial=most)), most])
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [None],
            "y": [None],
            "name": f"{count:,} prediction{'s' if count > 1 else ''}",
            "marker": {
                "color": PALETTE[0], "line": {"width": 0},
                "size": _sizes(np.array([count / most])), "opacity": _opacities(np.array([count / most])),
            },
        }
        for count in told
    ]  # fmt: skip


def _sizes(shares: np.ndarray) -> np.ndarray:
    """Returns diameters with areas proportional to the shares, within visible limits."""
    return np.maximum(SMALLEST_BIN, LARGEST_BIN * np.sqrt(shares))


def _opacities(shares: np.ndarray) -> np.ndarray:
    return 0.35 + 0.6 * np.sqrt(shares)
