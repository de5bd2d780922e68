"""A known difference from Keras."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """A known difference.

    Attributes:
        name: Its name, in lower case with hyphens.
        title: A heading for it.
        keras: What Keras does, beginning with a verb.
        ours: What the pipeline does, beginning with a verb.
        why: The reason for the difference.
        tests: The tests that hold it in place, as `path::function` in the repository.
    """

    name: str
    title: str
    keras: str
    ours: str
    why: str
    tests: tuple[str, ...]
