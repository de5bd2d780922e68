"""Rendering with Jinja templates. Everything is escaped unless it is marked as safe."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.report.names import breakable
from pipeline.report.numbers import number, seconds, size
from pipeline.run.atomic_files import write_text


def write_page(template: str, path: Path, values: Mapping[str, Any]) -> Path:
    """Renders a template of this package to a file and returns its path."""
    write_text(path, _environment().get_template(template).render(plotly=_plotly(), **values))
    return path


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "seconds": seconds, "size": size, "breakable": breakable}
    return environment


@cache
def _plotly() -> Markup:
    from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

    return Markup(get_plotlyjs())
