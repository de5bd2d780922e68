"""Batches of a `tf.data.Dataset`: stacked by a graph on another thread, without Python in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from pipeline.training.feeds.feed import STACK_BYTES, STACK_SECONDS, STACK_STEPS, Feed, Stack, Structure, without_first
from pipeline.training.feeds.stacked import prefetched


class DatasetFeed(Feed):
    """Stacks the elements of a batched dataset; every epoch is a new pass over it.

    Args:
        dataset: Gives for an epoch its dataset; all have the same element spec, of dense tensors, see `can_stack`.
        spec: Their element spec.
        steps: Batches an epoch; None if nobody knows.
    """

    def __init__(self, dataset: Callable[[int], tf.data.Dataset], spec: Any, steps: int | None = None) -> None:
        self.structure = Structure(spec)
        self.steps = steps
        self.specs = Structure.leaves(spec)
        self._dataset = dataset
        self._take = _taking(self.specs)

    def stacks(self, epoch: int, skip: int = 0) -> Iterator[Stack]:
        """See `Feed`."""
        return without_first(prefetched(self._drawn(epoch)), skip)

    def _drawn(self, epoch: int) -> Iterator[Stack]:
        iterator = iter(self._dataset(epoch))
        pending = iterator.get_next_as_optional()
        while bool(pending.has_value()):
            most = _most_steps(pending.get_value())
            count, same, pending, stacked, last = self._take(iterator, pending, tf.constant(most))
            yield Stack(stacked, int(count))
            if not bool(same):
                yield Stack([value[tf.newaxis] for value in last], 1)


def can_stack(spec: Any) -> bool:
    """Whether the elements of a dataset are dense tensors whose first axis is that of a batch."""
    leaves = Structure.leaves(spec)
    return bool(leaves) and all(isinstance(leaf, tf.TensorSpec) and leaf.shape.rank for leaf in leaves)


def _most_steps(element: Any) -> int:
    size = sum(int(tf.size(leaf)) * leaf.dtype.size for leaf in tf.nest.flatten(element))
    return max(1, min(STACK_STEPS, STACK_BYTES // max(1, size)))


def _taking(specs: list[tf.TensorSpec]) -> Any:
    """Returns a function that takes the next batches from an iterator while they have the shapes of the first.

    Each of its arrays has room for batches of other shapes, so that the first of those can be handed on by itself.
    """

    def take(iterator: Any, pending: Any, most: Any) -> Any:
        started = tf.timestamp()
        arrays = [tf.TensorArray(s.dtype, size=most, element_shape=s.shape, infer_shape=False) for s in specs]
        shapes = [tf.shape(leaf) for leaf in Structure.leaves(pending.get_value())]

        def goes_on(count: Any, same: Any, pending: Any, arrays: Any) -> Any:  # noqa: ARG001
            return same & (count < most) & pending.has_value() & (tf.timestamp() - started < STACK_SECONDS)

        def body(count: Any, same: Any, pending: Any, arrays: Any) -> Any:  # noqa: ARG001
            leaves = Structure.leaves(pending.get_value())
            arrays = [array.write(count, leaf) for array, leaf in zip(arrays, leaves, strict=True)]
            alike = [_alike(*pair) for pair in zip(specs, leaves, shapes, strict=True)]
            return count + 1, tf.reduce_all(tf.stack(alike)), iterator.get_next_as_optional(), arrays

        loop = (tf.constant(0), tf.constant(True), pending, arrays)
        drawn, same, pending, arrays = tf.while_loop(goes_on, body, loop)
        count = tf.where(same, drawn, drawn - 1)
        stacked = [array.gather(tf.range(count)) for array in arrays]
        return count, same, pending, stacked, [array.read(drawn - 1) for array in arrays]

    return tf.function(take, autograph=False, reduce_retracing=True)


def _alike(spec: tf.TensorSpec, leaf: Any, shape: Any) -> Any:
    if spec.shape.is_fully_defined():
        return tf.constant(True)
    return tf.reduce_all(tf.equal(tf.shape(leaf), shape))
