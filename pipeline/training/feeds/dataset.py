"""Batches of a `tf.data.Dataset`, stacked on another thread, and in a graph if there are many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from pipeline.training.feeds import drawing
from pipeline.training.feeds.feed import STACK_STEPS, Stack, Structure
from pipeline.training.feeds.passes import Pass, PassFeed, undrawn
from pipeline.training.feeds.stacked import prefetched

EAGER_STEPS = 64
"""The number of batches that are stacked without a graph, because building the graph takes longer."""


class DatasetFeed(PassFeed):
    """Stacks the elements of a batched dataset. Every pass is a new iterator over it.

    Args:
        dataset: A dataset of dense tensors, see `can_stack`.
        steps: Batches per pass; None if unknown.
    """

    def __init__(self, dataset: tf.data.Dataset, steps: int | None = None) -> None:
        spec = dataset.element_spec
        self.structure = Structure(spec)
        self.steps = steps
        self.specs = Structure.leaves(spec)
        self.eager_steps = EAGER_STEPS
        self._dataset = undrawn(dataset)

    def open(self) -> Pass:
        """See `PassFeed`."""
        return _DatasetPass(self, iter(self._dataset))


class _DatasetPass:
    def __init__(self, feed: DatasetFeed, iterator: Any) -> None:
        self._feed, self._iterator = feed, iterator

    def stacks(self, most: int | None) -> Iterator[Stack]:
        """See `Pass`."""
        return prefetched(self._drawn(most))

    def _drawn(self, most: int | None) -> Iterator[Stack]:
        feed, iterator, ended = self._feed, self._iterator, False
        while not ended and (most is None or most > 0):
            room = STACK_STEPS if most is None else min(most, STACK_STEPS)
            if feed.eager_steps > 0:
                stacks, ended = drawing.eagerly(iterator, min(room, feed.eager_steps))
                feed.eager_steps -= sum(stack.steps for stack in stacks)
            else:
                stacks, ended = drawing.in_graph(iterator, room)
            yield from stacks
            most = None if most is None else most - sum(stack.steps for stack in stacks)


def can_stack(spec: Any) -> bool:
    """Whether the elements of a dataset are dense tensors whose first axis is the batch."""
    leaves = Structure.leaves(spec)
    return bool(leaves) and all(isinstance(leaf, tf.TensorSpec) and leaf.shape.rank for leaf in leaves)
