"""Calls of compiled steps: the batches that each call takes from the stacks of an epoch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.training.feeds import Stack


@dataclass(frozen=True)
class Piece:
    """Adjacent batches of one stack.

    Attributes:
        stack: The stack.
        start: Number of the first batch in the stack.
        count: Number of batches.
    """

    stack: Stack
    start: int
    count: int


class Calls:
    """Divides the batches of an epoch into calls.

    Args:
        stacks: The stacks of the epoch.
    """

    def __init__(self, stacks: Iterable[Stack]) -> None:
        self._stacks = iter(stacks)
        self._stack: Stack | None = None
        self._start = 0

    def next_stack(self) -> Stack | None:
        """Returns the stack from which the next call takes its first batch; None after the last batch."""
        if self._stack is not None and self._start >= self._stack.steps:
            self._stack = None
        while self._stack is None:
            stack = next(self._stacks, None)
            if stack is None:
                return None
            if stack.start < stack.steps:
                self._stack, self._start = stack, stack.start
        return self._stack

    def take(self, most: int, *, across: bool) -> list[Piece]:
        """Returns the batches of the next call; none after the last batch.

        Args:
            most: The largest number of batches, at least 1.
            across: Whether to continue with the next stack when one ends, so that only the last call has fewer.
        """
        pieces: list[Piece] = []
        while most > 0 and (across or not pieces):
            stack = self.next_stack()
            if stack is None:
                break
            piece = Piece(stack, self._start, min(most, stack.steps - self._start))
            pieces.append(piece)
            self._start += piece.count
            most -= piece.count
        return pieces


def length(pieces: Iterable[Piece]) -> int:
    """Returns the number of batches of a call."""
    return sum(piece.count for piece in pieces)
