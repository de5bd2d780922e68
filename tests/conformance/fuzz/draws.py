"""Choices drawn from one number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Draws:
    """Choices that are the same for the same numbers.

    Args:
        numbers: What they are drawn from.
    """

    def __init__(self, *numbers: int) -> None:
        self._generator = np.random.default_rng(numbers)

    def pick(self, *options: T) -> T:
        """Returns one of the options; one that is named twice comes twice as often."""
        return options[int(self._generator.integers(len(options)))]

    def chance(self, share: float) -> bool:
        """Returns True in this share of cases."""
        return bool(self._generator.random() < share)

    def whole(self, low: int, high: int) -> int:
        """Returns a whole number from `low` to `high`, both included."""
        return int(self._generator.integers(low, high + 1))

    def some(self, options: Sequence[T], share: float) -> tuple[T, ...]:
        """Returns some of the options, each with this chance, in their order."""
        return tuple(option for option in options if self.chance(share))
