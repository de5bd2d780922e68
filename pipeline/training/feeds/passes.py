"""Passes over data from which each epoch draws only the batches it needs."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

import tensorflow as tf

from pipeline.training.feeds.feed import Feed, Stack, without_first


class Pass(Protocol):
    """One pass over the data. Each epoch takes the next batches of it."""

    def stacks(self, most: int | None) -> Iterator[Stack]:
        """Yields the next batches.

        Args:
            most: How many; None for all that are left. There are fewer if the pass ends. No more than that are drawn.
        """


def undrawn(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Returns the dataset without TensorFlow's prefetching at its end, which draws more elements than needed.

    A dataset that a strategy distributes has no options, and is returned as it is.
    """
    if not isinstance(dataset, tf.data.Dataset):
        return dataset
    options = tf.data.Options()
    options.experimental_optimization.inject_prefetch = False
    return dataset.with_options(options)


class PassFeed(Feed):
    """A feed that is told how many batches are needed."""

    @abc.abstractmethod
    def open(self) -> Pass:
        """Begins a pass. Batches are drawn only on request."""

    def stacks(self, epoch: int, skip: int = 0) -> Iterator[Stack]:  # noqa: ARG002
        """See `Feed`. Every epoch is a new pass."""
        return without_first(self.open().stacks(None), skip)


class CutPass:
    """A pass over a feed whose stacks already exist, so that they can be cut.

    Args:
        begin: Returns the stacks of the pass. Called when the first one is needed.
    """

    def __init__(self, begin: Callable[[], Iterator[Stack]]) -> None:
        self._begin = begin
        self._stacks: Iterator[Stack] | None = None
        self._left: Stack | None = None

    def stacks(self, most: int | None) -> Iterator[Stack]:
        """See `Pass`."""
        if self._stacks is None:
            self._stacks = self._begin()
        while most is None or most > 0:
            stack = self._left or next(self._stacks, None)
            self._left = None
            if stack is None:
                return
            count = stack.steps - stack.start
            if most is not None and count > most:
                self._left = replace(stack, start=stack.start + most)
                stack = replace(stack, steps=stack.start + most)
                count = most
            most = None if most is None else most - count
            yield stack
