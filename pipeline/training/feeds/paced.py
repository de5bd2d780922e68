"""Epochs of a fixed number of batches, drawn continuously from passes over the data, as `steps_per_epoch` in Keras."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from pipeline.training.feeds.feed import Batcher, Feed, Stack, Structure, without_first
from pipeline.training.feeds.passes import CutPass, Pass, PassFeed

RAN_OUT = (
    "Your input ran out of data; interrupting training. Make sure that your dataset or generator can generate at least "
    "`steps_per_epoch * epochs` batches. You may need to use the `.repeat()` function when building your dataset."
)


class PacedFeed(Feed):
    """Epochs drawn from passes over another feed.

    A pass begins where Keras would make an iterator, so that a dataset that reshuffles on each iteration has the same
    order.

    Args:
        feed: The other feed.
        steps: Batches per epoch; None for one pass. If a pass ends early, so does the epoch, with a warning, and the
            next epoch starts a new pass.
        begin: Called when an epoch begins.
        end: Called when an epoch ends, unless it was interrupted.
        reset: Called before each epoch that starts a new pass because of `anew`.
        anew: Whether every epoch starts a new pass, as in evaluations.
        least: The fewest batches of an epoch of unknown or no length. With fewer, a warning says that it ended early.
    """

    def __init__(
        self,
        feed: Feed,
        steps: int | None,
        begin: Callable[[], Any] = lambda: None,
        end: Callable[[], Any] = lambda: None,
        reset: Callable[[], Any] = lambda: None,
        *,
        anew: bool = False,
        least: int = 1,
    ) -> None:
        self._feed, self._asked, self._anew, self._least = feed, steps, anew, least
        self._begin, self._end, self._reset = begin, end, reset
        self._length = feed.steps
        self._numbers = itertools.count()
        self._pass: Pass | None = None
        self._drawn = 0

    @property
    def steps(self) -> int | None:  # type: ignore[override]
        """See `Feed`."""
        return self._asked or self._length

    @property
    def structure(self) -> Structure:  # type: ignore[override]
        """See `Feed`."""
        return self._feed.structure

    @property
    def capacity(self) -> int:  # type: ignore[override]
        """See `Feed`."""
        return self._feed.capacity

    @property
    def loops(self) -> bool:  # type: ignore[override]
        """See `Feed`."""
        return self._feed.loops

    @property
    def constants(self) -> Sequence[Any]:  # type: ignore[override]
        """See `Feed`."""
        return self._feed.constants

    def batcher(self) -> Batcher:
        """See `Feed`."""
        return self._feed.batcher()

    @property
    def specs(self) -> list[tf.TensorSpec] | None:  # type: ignore[override]
        """See `Feed`."""
        return self._feed.specs

    def batch_specs(self, stack: Stack) -> list[tf.TensorSpec]:
        """See `Feed`."""
        return self._feed.batch_specs(stack)

    def value_specs(self, batch: Sequence[tf.TensorSpec]) -> list[tf.TensorSpec]:
        """See `Feed`."""
        return self._feed.value_specs(batch)

    def stacks(self, epoch: int, skip: int = 0) -> Iterator[Stack]:  # noqa: ARG002
        """See `Feed`. Epochs must be requested in order."""
        return without_first(self._stacks(), skip)

    def _stacks(self) -> Iterator[Stack]:
        if self._anew:
            self._reset()
            self._length = self._feed.steps
            self._pass = None
        self._begin()
        if self._pass is None or self._asked is None:
            self._open()
        yield from self._next(self._wanted())
        self._end()

    def _wanted(self) -> int | None:
        """Returns how many batches of the pass belong to the epoch; None for all."""
        if not self._length:
            return self._asked
        left = self._length - self._drawn
        return left if self._asked is None else min(left, self._asked)

    def _next(self, wanted: int | None) -> Iterator[Stack]:
        given = 0
        for stack in self._pass.stacks(wanted) if self._pass is not None else ():
            given += stack.steps - stack.start
            yield stack
        self._drawn += given
        if given < (self.steps or self._least):
            warnings.warn(RAN_OUT, stacklevel=2)
        if wanted is not None and given < wanted:
            self._pass = None
        elif self._length and self._drawn >= self._length:
            self._open()

    def _open(self) -> None:
        feed = self._feed
        if isinstance(feed, PassFeed):
            self._pass = feed.open()
        else:
            self._pass = CutPass(lambda: feed.stacks(next(self._numbers)))
        self._drawn = 0
