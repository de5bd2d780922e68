"""Epochs of a set number of batches, drawn on and on from passes over the data, as `steps_per_epoch` in Keras."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import tensorflow as tf

from pipeline.training.feeds.feed import Batcher, Feed, Stack, Structure, without_first

RAN_OUT = (
    "Your input ran out of data; interrupting training. Make sure that your dataset or generator can generate at least "
    "`steps_per_epoch * epochs` batches. You may need to use the `.repeat()` function when building your dataset."
)


class PacedFeed(Feed):
    """Epochs of another feed, whose epochs are passes over the data.

    Args:
        feed: The other feed.
        steps: Batches an epoch; None for one pass. An epoch ends early where a pass does, with a warning, and the next
            one starts a new pass.
        anew: Whether every epoch starts a new pass, as evaluations do.
        begin: Called when an epoch begins.
        end: Called when an epoch ends.
    """

    def __init__(
        self,
        feed: Feed,
        steps: int | None,
        begin: Callable[[], Any] = lambda: None,
        end: Callable[[], Any] = lambda: None,
        *,
        anew: bool = False,
    ) -> None:
        self.capacity, self.loops, self.constants = feed.capacity, feed.loops, feed.constants
        self.steps = steps or feed.steps
        self._feed, self._anew = feed, anew or steps is None
        self._begin, self._end = begin, end
        self._passes = 0
        self._drawn = 0
        self._pass: Iterator[Stack] | None = None
        self._left: Stack | None = None

    @property
    def structure(self) -> Structure:  # type: ignore[override]
        """See `Feed`."""
        return self._feed.structure

    def batcher(self) -> Batcher:
        """See `Feed`."""
        return self._feed.batcher()

    def batch_specs(self, stack: Stack) -> list[tf.TensorSpec]:
        """See `Feed`."""
        return self._feed.batch_specs(stack)

    def value_specs(self, batch: Sequence[tf.TensorSpec]) -> list[tf.TensorSpec]:
        """See `Feed`."""
        return self._feed.value_specs(batch)

    def stacks(self, epoch: int, skip: int = 0) -> Iterator[Stack]:  # noqa: ARG002
        """See `Feed`; epochs are asked for in turn."""
        return without_first(self._stacks(), skip)

    def _stacks(self) -> Iterator[Stack]:
        self._begin()
        if self._anew:
            self._restart()
        left = self.steps
        while left is None or left > 0:
            stack = self._next()
            if stack is None:
                if left is not None:
                    warnings.warn(RAN_OUT, stacklevel=2)
                # What a pass without a known length turned out to be is expected of the next one.
                self.steps = self.steps or self._drawn
                self._pass = None
                break
            count = stack.steps - stack.start
            if left is not None and count > left:
                self._left = replace(stack, start=stack.start + left)
                stack = replace(stack, steps=stack.start + left)
                count = left
            left = None if left is None else left - count
            self._drawn += count
            yield stack
        if self._feed.steps is not None and self._drawn >= self._feed.steps:
            self._pass = None
        self._end()

    def _next(self) -> Stack | None:
        if self._left is not None:
            stack, self._left = self._left, None
            return stack
        if self._pass is None:
            self._restart()
        return next(self._pass or iter(()), None)

    def _restart(self) -> None:
        self._pass = self._feed.stacks(self._passes)
        self._passes += 1
        self._drawn = 0
        self._left = None
