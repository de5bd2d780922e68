"""Data that fits into memory: kept as tensors in its stored type, with batches gathered from it by row numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.training.feeds.feed import Batcher, Feed, Stack, Structure, without_first

ROWS_STEPS = 1024
"""The most batches in a stack of row numbers, which are small."""


class ResidentFeed(Feed):
    """Batches of rows of arrays.

    The row numbers of the next epoch are drawn on another thread while an epoch runs.

    Args:
        data: Arrays of shape (examples, ...) in the structure that the step takes.
        rows: Returns the rows of each batch of an epoch. It must not depend on earlier draws, except that epochs are
            requested in order.
        steps: Batches per epoch; None if unknown.
        last: The number of the last epoch, up to which rows are drawn ahead; None if every epoch is the same.
        lengths: For each array in order, how many entries along its second axis belong to each example; the rest is
            padding, and batches are cut to their longest example. None if all entries belong.
    """

    def __init__(
        self,
        data: Any,
        rows: Callable[[int], Iterable[np.ndarray]],
        steps: int | None,
        *,
        last: int | None,
        lengths: Sequence[np.ndarray | None] = (),
    ) -> None:
        self.structure = Structure(data)
        self.tensors = [tf.constant(array) for array in Structure.leaves(data)]
        self._lengths = [None if given is None else tf.constant(given, "int32") for given in lengths]
        self._lengths += [None] * (len(self.tensors) - len(lengths))
        self.constants = [*self.tensors, *(given for given in self._lengths if given is not None)]
        self.steps = steps
        self.specs = self._batch_specs()
        self.capacity = min(ROWS_STEPS, steps or ROWS_STEPS)
        self._rows = rows
        self._last = last
        self._drawn: tuple[int, Future[list[Stack]]] | None = None

    def stacks(self, epoch: int, skip: int = 0) -> Iterator[Stack]:
        """See `Feed`."""
        if self._last is None:
            epoch = 0
        drawn = self._drawn
        stacks = drawn[1].result() if drawn is not None and drawn[0] == epoch else self._draw(epoch)
        if self._last is None:
            self._drawn = (0, _done(stacks))
        elif epoch < self._last:
            executor = ThreadPoolExecutor(1)
            self._drawn = (epoch + 1, executor.submit(self._draw, epoch + 1))
            executor.shutdown(wait=False)
        return without_first(stacks, skip)

    def batcher(self) -> Batcher:
        """See `Feed`: gathers the rows."""
        varying = tuple(given is not None for given in self._lengths)
        return _uncut if not any(varying) else partial(_cut, varying)

    def _batch_specs(self) -> list[tf.TensorSpec]:
        shapes = [
            (None, *tensor.shape[1:]) if lengths is None else (None, None, *tensor.shape[2:])
            for tensor, lengths in zip(self.tensors, self._lengths, strict=True)
        ]
        return [tf.TensorSpec(shape, tensor.dtype) for shape, tensor in zip(shapes, self.tensors, strict=True)]

    def value_specs(self, batch: Sequence[tf.TensorSpec]) -> list[tf.TensorSpec]:  # noqa: ARG002
        """See `Feed`: row numbers."""
        return [tf.TensorSpec((None, None), "int32")]

    def _draw(self, epoch: int) -> list[Stack]:
        stacks: list[Stack] = []
        group: list[np.ndarray] = []
        for rows in self._rows(epoch):
            if group and (len(group) == self.capacity or len(rows) != len(group[0])):
                stacks.append(_stack(group))
                group = []
            group.append(rows)
        return [*stacks, _stack(group)] if group else stacks


def _uncut(values: Sequence[Any], constants: Sequence[Any], index: Any) -> list[Any]:
    return [tf.gather(tensor, values[0][index]) for tensor in constants]


def _cut(varying: tuple[bool, ...], values: Sequence[Any], constants: Sequence[Any], index: Any) -> list[Any]:
    rows = values[0][index]
    lengths = iter(constants[len(varying) :])
    return [
        tf.gather(tensor, rows)[:, : tf.reduce_max(tf.gather(next(lengths), rows))]
        if varies
        else tf.gather(tensor, rows)
        for tensor, varies in zip(constants, varying, strict=False)
    ]


def _done(stacks: list[Stack]) -> Future[list[Stack]]:
    future: Future[list[Stack]] = Future()
    future.set_result(stacks)
    return future


def _stack(rows: list[np.ndarray]) -> Stack:
    return Stack([tf.constant(np.stack(rows), "int32")], len(rows))
