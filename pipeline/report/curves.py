"""Curves over epochs: all values of the history, training and validation in one figure, with the best epoch marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.report.figures import NEUTRAL, PALETTE, Figure, decades, layout, plot_text
from pipeline.report.numbers import short_number
from pipeline.report.run_files import History

LEARNING_RATES = ("learning_rate", "lr")
MOST_MARKERS = 60


@dataclass(frozen=True)
class BestEpoch:
    """The epoch with the lowest validation loss or, without validation, the lowest training loss.

    Attributes:
        number: Its number, counted from 1.
        value: Its loss.
        of: `val_loss` or `loss`.
    """

    number: int
    value: float
    of: str


def best_epoch(history: History) -> BestEpoch | None:
    """Returns the best epoch; None if no loss was ever finite."""
    for column in ("val_loss", "loss"):
        pairs = [(value, row) for row, value in enumerate(history.get(column, [])) if value is not None]
        if pairs:
            value, row = min(pairs)
            return BestEpoch(_numbers(history)[row], value, column)
    return None


def by_metric(history: History) -> dict[str, dict[str, str]]:
    """Returns the columns of each metric by data: `training`, `validation`, or the name of a validation set."""
    columns = [name for name in history if name not in ("epoch", *LEARNING_RATES)]
    metrics = [name for name in columns if not name.startswith("val_")]
    found: dict[str, dict[str, str]] = {metric: {"training": metric} for metric in metrics}
    for column in columns:
        if column in found:
            continue
        name = column.removeprefix("val_")
        owners = [metric for metric in metrics if name == metric or name.endswith(f"_{metric}")]
        metric = max(owners, key=len) if owners else name
        held_out = name.removesuffix(metric).rstrip("_") or "validation"
        found.setdefault(metric, {})[held_out] = column
    ordered = sorted(found, key=lambda metric: (metric != "loss", list(found).index(metric)))
    return {metric: found[metric] for metric in ordered}


def curve_figures(
    history: History, validations: Sequence[Mapping[str, float]], steps: int | None, evaluated: int | None = None
) -> list[Figure]:
    """Returns one figure per metric. The learning rate is below the loss if it was logged.

    Args:
        history: Values by column.
        validations: The results of each validation within an epoch, with its `epoch` and `step`.
        steps: Steps per epoch, to place those results; None leaves them out.
        evaluated: Number of the epoch whose weights the evaluated model has; None if unknown.
    """
    if not history.get("epoch"):
        return []
    rate = next((name for name in LEARNING_RATES if name in history), None)
    figures = []
    for metric, columns in by_metric(history).items():
        traces = [_line(history, column, name, index) for name, column, index in _indexed(columns)]
        if steps:
            within = (_points(validations, column, name, index, steps) for name, column, index in _indexed(columns))
            traces += [trace for trace in within if trace]
        more: dict[str, Any] = {"hovermode": "x unified", **_mark(history, evaluated)}
        title, with_rate = metric, metric == "loss" and rate is not None
        if with_rate:
            traces.append({**_line(history, str(rate), "learning rate", 5), "yaxis": "y2", "line": {"shape": "hv",
                           "color": PALETTE[5], "width": 2}})  # fmt: skip
            more |= {"yaxis": {"domain": [0.36, 1]}, "yaxis2": {"domain": [0, 0.24], "title": {"text": "rate"}},
                     "height": 420}  # fmt: skip
            title = "loss, and the learning rate under it"
        # Lines of different axes share one x axis, which is below the lower of them.
        x = {"anchor": "y2" if with_rate else "y", "rangemode": "normal", "dtick": 1 if _count(history) <= 12 else None}
        span = decades(value for column in columns.values() for value in history[column])
        words = _in_words(history, metric, columns)
        figures.append(Figure(title, words, traces, layout("epochs", "", xaxis=x, **more), decades=span))
    return figures


def _indexed(columns: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """Returns name, column and colour of each line. Training and validation look the same in every figure."""
    held_out = [name for name in columns if name != "training"]
    indices = {"training": 0, **{name: index for index, name in enumerate(held_out, 1)}}
    return [(name, column, indices[name]) for name, column in columns.items()]


def _line(history: History, column: str, name: str, index: int) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers" if _count(history) <= MOST_MARKERS else "lines",
        "name": plot_text(name),
        "x": _numbers(history),
        "y": history[column],
        "line": {"color": PALETTE[index % len(PALETTE)], "width": 2},
        "marker": {"symbol": ("circle", "square", "diamond", "cross", "x")[index % 5], "size": 6},
        "hovertemplate": "%{y}",
    }


def _points(
    validations: Sequence[Mapping[str, float]], column: str, name: str, index: int, steps: int
) -> dict[str, Any] | None:
    found = [row for row in validations if row.get(column) is not None]
    if not found:
        return None
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plot_text(f"{name}, within epochs"),
        "x": [row["epoch"] + row["step"] / steps for row in found],
        "y": [row[column] for row in found],
        "marker": {"color": PALETTE[index % len(PALETTE)], "size": 4, "opacity": 0.6},
        "hovertemplate": "%{y}",
    }


def _mark(history: History, evaluated: int | None) -> dict[str, Any]:
    best = best_epoch(history)
    if best is None:
        return {}
    of_model = f", model of epoch {evaluated}" if evaluated not in (None, best.number) else ""
    return {
        # The text of the mark is below Plotly's buttons.
        "margin": {"l": 55, "r": 15, "t": 46, "b": 45},
        "shapes": [{"type": "line", "x0": best.number, "x1": best.number, "y0": 0, "y1": 1, "yref": "paper",
                    "line": {"color": NEUTRAL, "width": 1.5, "dash": "dash"}}],
        "annotations": [{"x": best.number, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False,
                         "xanchor": _anchor(history, best.number),
                         "text": f"best epoch {best.number}{of_model}", "font": {"size": 12}}],
    }  # fmt: skip


def _anchor(history: History, number: int) -> str:
    """Returns the side of an epoch on which to place a text, so that it stays within the figure."""
    numbers = _numbers(history)
    place = (number - numbers[0]) / max(1, numbers[-1] - numbers[0])
    return "left" if place < 0.3 else "right" if place > 0.7 else "center"


def _numbers(history: History) -> list[int]:
    return [int(value or 0) + 1 for value in history["epoch"]]


def _count(history: History) -> int:
    return len(history["epoch"])


def _in_words(history: History, metric: str, columns: Mapping[str, str]) -> str:
    """Returns where each line starts and ends."""
    parts = []
    for name, column in columns.items():
        values = [value for value in history[column] if value is not None]
        if values:
            parts.append(f"{name} from {short_number(values[0])} to {short_number(values[-1])}")
    return f"{metric} over {_count(history)} epochs: {'; '.join(parts)}"
