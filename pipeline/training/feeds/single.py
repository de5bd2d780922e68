"""Dataset elements that cannot be stacked (ragged or sparse tensors, shapes of unknown rank): one call per element."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from pipeline.training.feeds.feed import Stack
from pipeline.training.feeds.passes import Pass, PassFeed, undrawn


class SingleFeed(PassFeed):
    """Passes batches on one by one.

    Args:
        dataset: A dataset of batches.
        steps: Batches per pass; None if unknown.
    """

    capacity = 1
    loops = False

    def __init__(self, dataset: tf.data.Dataset, steps: int | None = None) -> None:
        self.steps = steps
        self._dataset = undrawn(dataset)

    def open(self) -> Pass:
        """See `PassFeed`."""
        return _SinglePass(iter(self._dataset))


class _SinglePass:
    def __init__(self, iterator: Iterator[Any]) -> None:
        self._iterator = iterator

    def stacks(self, most: int | None) -> Iterator[Stack]:
        """See `Pass`. The only value of a stack is the batch in its own structure."""
        for batch in itertools.islice(self._iterator, most):
            yield Stack([batch], 1)
