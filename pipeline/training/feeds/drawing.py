"""Draws the next elements of a dataset's iterator as stacks of equal shapes, in Python or in a graph."""

from __future__ import annotations

import time
from typing import Any

import tensorflow as tf

from pipeline.training.feeds.feed import STACK_BYTES, STACK_SECONDS, Stack, Structure

_compiled: dict[str, Any] = {}
"""Compiled functions by element spec. Datasets share them, since compiling one takes time."""


def eagerly(iterator: Any, room: int) -> tuple[list[Stack], bool]:
    """Returns stacks of the next elements, and whether the iterator ended.

    Args:
        iterator: The iterator of a dataset of dense tensors.
        room: The largest number of elements to draw.
    """
    started, size = time.perf_counter(), 0
    group: list[list[Any]] = []
    while len(group) < room:
        try:
            leaves = Structure.leaves(next(iterator))
        except StopIteration:
            return _stack(group), True
        size += sum(_bytes(leaf) for leaf in leaves)
        if group and [leaf.shape for leaf in leaves] != [leaf.shape for leaf in group[0]]:
            return [*_stack(group), *_stack([leaves])], False
        group.append(leaves)
        full = size + size // len(group) > STACK_BYTES
        if full or time.perf_counter() - started > STACK_SECONDS:
            break
    return _stack(group), False


def in_graph(iterator: Any, room: int) -> tuple[list[Stack], bool]:
    """See `eagerly`."""
    key = repr(iterator.element_spec)
    if key not in _compiled:
        _compiled[key] = _taking(iterator.element_spec)
    take = _compiled[key]
    count, same, ended, stacked, last = take(iterator, tf.constant(room))
    stacks = [Stack(list(stacked), int(count))] if int(count) else []
    if not bool(same):
        stacks.append(Stack([value[tf.newaxis] for value in last], 1))
    return stacks, bool(ended)


def _stack(group: list[list[Any]]) -> list[Stack]:
    if not group:
        return []
    return [Stack([tf.stack(leaves) for leaves in zip(*group, strict=True)], len(group))]


def _bytes(leaf: Any) -> int:
    return int(leaf.shape.num_elements()) * int(leaf.dtype.size)


def _taking(element_spec: Any) -> Any:
    """Returns a compiled function that takes the next elements as long as they have the shapes of the first.

    Its arrays also have room for one element of other shapes, so that this element can be returned by itself.
    """
    specs = Structure.leaves(element_spec)

    def take(iterator: Any, room: Any) -> Any:
        started = tf.timestamp()
        arrays = [tf.TensorArray(s.dtype, size=room, element_shape=s.shape, infer_shape=False) for s in specs]
        shapes = [tf.zeros([s.shape.rank], "int32") for s in specs]

        def goes_on(count: Any, same: Any, ended: Any, size: Any, shapes: Any, arrays: Any) -> Any:  # noqa: ARG001
            full = size + size // tf.cast(tf.maximum(count, 1), "int64") > STACK_BYTES
            late = (count > 0) & (tf.timestamp() - started > STACK_SECONDS)
            return same & ~ended & (count < room) & ~full & ~late

        def body(count: Any, same: Any, ended: Any, size: Any, shapes: Any, arrays: Any) -> Any:  # noqa: ARG001
            drawn = iterator.get_next_as_optional()

            def written() -> Any:
                leaves = Structure.leaves(drawn.get_value())
                found = [tf.shape(leaf) for leaf in leaves]
                alike = tf.reduce_all(tf.stack([_alike(*each) for each in zip(specs, found, shapes, strict=True)]))
                more = sum(tf.size(leaf, "int64") * leaf.dtype.size for leaf in leaves)
                put = [array.write(count, leaf) for array, leaf in zip(arrays, leaves, strict=True)]
                same = (count == 0) | alike
                return count + 1, same, tf.constant(False), size + more, found, put

            return tf.cond(drawn.has_value(), written, lambda: (count, same, tf.constant(True), size, shapes, arrays))

        loop = (tf.constant(0), tf.constant(True), tf.constant(False), tf.constant(0, "int64"), shapes, arrays)
        drawn, same, ended, _, _, arrays = tf.while_loop(goes_on, body, loop)
        count = tf.where(same, drawn, drawn - 1)
        stacked = [_gathered(*pair, count) for pair in zip(specs, arrays, strict=True)]
        last = [_read(*pair, same, drawn - 1) for pair in zip(specs, arrays, strict=True)]
        return count, same, ended, stacked, last

    function = tf.function(take, autograph=False)
    return function.get_concrete_function(tf.data.IteratorSpec(element_spec), tf.TensorSpec((), "int32"))


def _alike(spec: tf.TensorSpec, found: Any, shape: Any) -> Any:
    if spec.shape.is_fully_defined():
        return tf.constant(True)
    return tf.reduce_all(tf.equal(found, shape))


def _gathered(spec: tf.TensorSpec, array: Any, count: Any) -> Any:
    """Returns the contents of an array. TensorFlow cannot gather elements whose sizes it does not know."""
    return tf.cond(count > 0, lambda: array.gather(tf.range(count)), lambda: _empty(spec)[tf.newaxis][:0])


def _read(spec: tf.TensorSpec, array: Any, same: Any, index: Any) -> Any:
    return tf.cond(same, lambda: _empty(spec), lambda: array.read(index))


def _empty(spec: tf.TensorSpec) -> Any:
    return tf.zeros([size or 0 for size in spec.shape], spec.dtype)
