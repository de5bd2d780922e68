"""A known difference from Keras."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """A known difference.

    Attributes:
        name: Its name, in lower case with hyphens.
        title: What it is about, as a heading.
        keras: What Keras does.
        ours: What ours does.
        why: Why ours does so.
        tests: The tests that pin it, as `path::function` in the repository.
    """

    name: str
    title: str
    keras: str
    ours: str
    why: str
    tests: tuple[str, ...]
