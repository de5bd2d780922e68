"""Where the inspected data comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Provenance:
    """Where the splits come from, and what was logged about them.

    Attributes:
        how: Where each split comes from, in words.
        by_chance: Whether splits are random, so that differences between them are chance.
        column: The column that they were split by, whose values differ between splits; None if there is none.
        said: Decisions made while reading the data, one line each: columns left out, kinds of targets.
        missing: What to do about missing labels.
        title: The name of the data.
    """

    how: Mapping[str, str] = field(default_factory=dict)
    by_chance: bool = False
    column: str | None = None
    said: tuple[str, ...] = ()
    missing: str = ""
    title: str = ""
