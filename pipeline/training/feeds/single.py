"""Batches that cannot be stacked (ragged or sparse tensors, shapes of unknown rank): one call for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pipeline.training.feeds.feed import Feed, Stack, without_first


class SingleFeed(Feed):
    """Gives batches as they come.

    Args:
        batches: Gives the batches of an epoch.
        steps: Batches an epoch; None if nobody knows.
    """

    capacity = 1
    loops = False

    def __init__(self, batches: Callable[[int], Iterable[Any]], steps: int | None = None) -> None:
        self.steps = steps
        self._batches = batches

    def stacks(self, epoch: int, skip: int = 0) -> Iterator[Stack]:
        """See `Feed`; the one value of a stack is the batch in its own structure."""
        return without_first((Stack([batch], 1) for batch in self._batches(epoch)), skip)
