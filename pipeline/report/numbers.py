"""Numbers formatted for people, by their size: the same in cards, tables and figures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

FROM_HERE_WHOLE, FROM_HERE_POWERS = 1000, 1e9
"""Numbers from these on have no decimals, or are written with a power of ten."""


def number(value: float | None) -> str:
    """Returns a number with the digits that matter for its size: 122,540, 12.346, 0.0441, 1.2e-05."""
    if value is None or not math.isfinite(value):
        return "—"
    size = abs(value)
    if isinstance(value, int):
        return f"{value:,}"
    if value == 0:
        return "0"
    if size < 0.01:
        return f"{value:.3g}"
    # Rounded first, as 9.99996 is 10.
    size = float(f"{size:.5g}") if size < FROM_HERE_WHOLE else size
    if size < FROM_HERE_WHOLE:
        return f"{value:.{4 if size < 10 else 3 if size < 100 else 2}f}"
    return f"{value:,.0f}" if size < FROM_HERE_POWERS else f"{value:.4g}"


def short_number(value: float) -> str:
    """Returns the same without trailing zeros, for a data value whose precision is unknown."""
    text = number(value)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def axis_format(values: Iterable[float]) -> dict[str, Any]:
    """Returns Plotly's format for the numbers of an axis and of its points under the mouse.

    Args:
        values: The values along the axis.
    """
    most = max((abs(value) for value in values), default=0.0)
    # Between these powers of ten, Plotly writes none.
    return {"separatethousands": True, "exponentformat": "e", "minexponent": 8 if most >= 1 else 4}


def seconds(value: float | None) -> str:
    """Returns a duration in a suitable unit."""
    if value is None:
        return "—"
    if value < 120:
        return f"{value:.3g} s" if value < 1 else f"{value:.1f} s"
    minutes = value / 60
    return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def size(value: float | None) -> str:
    """Returns bytes in MiB or GiB."""
    if value is None:
        return "—"
    mebibytes = value / 2**20
    return f"{mebibytes:,.0f} MiB" if mebibytes < 2048 else f"{mebibytes / 1024:.1f} GiB"
