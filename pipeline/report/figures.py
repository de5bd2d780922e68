"""Figures as Plotly's JSON: plain traces and layout, in colours that colour-blind readers can distinguish."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from pipeline.report.names import cut
from pipeline.report.numbers import axis_format

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#8C8C8C")
"""Colours of M. Okabe and K. Ito, "Color Universal Design" (2008), that are visible on white and on black."""
DASHES = ("solid", "dash", "dot", "dashdot")
NEUTRAL = "#8C8C8C"
POINTS = 2000
"""The most points of a scatter plot that are drawn. Numbers are computed from all."""
MANY_DECADES = 2


@dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes:
        title: Its caption.
        description: What it shows, for readers who cannot see it.
        traces: Plotly's `data`.
        layout: Plotly's `layout`. The page sets the colours of paper, text and grid, for light and dark mode.
        wide: Whether it needs the full width of the page.
        decades: The powers of ten that its values span, if a log axis can be chosen. With many, one is suggested.
    """

    title: str
    description: str
    traces: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    wide: bool = False
    decades: float | None = None

    @property
    def proposes_log(self) -> bool:
        """Whether a log axis would show what a linear one hides."""
        return self.decades is not None and self.decades >= MANY_DECADES

    @property
    def json(self) -> Markup:
        """Returns traces and layout as JSON that is safe in a script tag."""
        return script_json({"data": self.traces, "layout": {**self.layout, **self._axes()}})

    def _axes(self) -> dict[str, Any]:
        """Returns the axes, with numbers formatted as everywhere else."""
        found = {}
        for name in self.layout:
            if match := re.fullmatch(r"([xy])axis(\d*)", name):
                letter, digits = match.groups()
                along = [trace for trace in self.traces if trace.get(f"{letter}axis", letter) == letter + digits]
                drawn = [value for trace in along for value in _numbers(trace.get(letter, ()))]
                found[name] = {**axis_format(drawn), **self.layout[name]}
        return found


def script_json(value: Any) -> Markup:
    """Returns JSON that can neither end the script tag around it nor open another."""
    text = json.dumps(_plain(value), allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def plot_text(text: object, longest: int = 40) -> str:
    """Returns a text that Plotly shows literally even if it looks like HTML; cut if it is too long."""
    return html.escape(cut(text, longest))


def decades(values: Iterable[float | None]) -> float | None:
    """Returns the number of powers of ten that values span; None if a log axis could not show them."""
    there = [value for value in values if value is not None and math.isfinite(value)]
    positive = [value for value in there if value > 0]
    if len(positive) < 2 or min(there) < 0:
        return None
    return math.log10(max(positive)) - math.log10(min(positive))


def line_style(index: int) -> dict[str, Any]:
    """Returns colour and dash of a line. Lines with the same colour differ in dash."""
    return {"color": PALETTE[index % len(PALETTE)], "dash": DASHES[index // len(PALETTE) % len(DASHES)], "width": 2}


def layout(x: str, y: str, **more: Any) -> dict[str, Any]:
    """Returns a layout with axis titles, which must be escaped, and any other settings."""
    return {
        "xaxis": {"title": {"text": x, "standoff": 10}, **more.pop("xaxis", {})},
        "yaxis": {"title": {"text": y, "standoff": 10}, **more.pop("yaxis", {})},
        **more,
    }


def rows_to_draw(count: int) -> np.ndarray:
    """Returns the rows of a scatter plot to draw, in order, the same ones each time."""
    if count <= POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, POINTS, replace=False))


def _numbers(values: Any) -> list[float]:
    return [
        float(value)
        for value in np.asarray(values, dtype=object).ravel().tolist()
        if isinstance(value, (int, float)) and math.isfinite(value)
    ]


def _plain(value: Any) -> Any:
    """Returns plain values, with six digits for floats. NaN and infinity become null, as JSON has neither."""
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
