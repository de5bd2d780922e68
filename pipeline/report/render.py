"""Rendering: Jinja's templates, everything escaped that is not marked as safe."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.files import write_text


def write_page(template: str, path: Path, values: Mapping[str, Any]) -> Path:
    """Renders a template of this package to a file and returns its path."""
    write_text(path, _environment().get_template(template).render(plotly=_plotly(), **values))
    return path


def number(value: float | None) -> str:
    """Returns a number as people read it: four decimals, or four digits where it is very small or large."""
    if value is None:
        return "—"
    if isinstance(value, int):
        return f"{value:,}"
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.4f}"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3e}"


def seconds(value: float | None) -> str:
    """Returns a duration in the unit that suits it."""
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


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "seconds": seconds, "size": size}
    return environment


@cache
def _plotly() -> Markup:
    from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

    return Markup(get_plotlyjs())
