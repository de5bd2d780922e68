"""Where the data that is looked at is from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Provenance:
    """Where the splits are from, and what was said of them.

    Attributes:
        how: Where each split is from, in words.
        by_chance: Whether splits were drawn by chance, so that differences between them are chance too.
        column: The column by which they were set apart, of which each has values of its own; None for none.
        said: What was decided while the data was read, a line each: columns that are left out, kinds of targets.
        missing: What to do about labels that are missing.
        title: What the data is called.
    """

    how: Mapping[str, str] = field(default_factory=dict)
    by_chance: bool = False
    column: str | None = None
    said: tuple[str, ...] = ()
    missing: str = ""
    title: str = ""
