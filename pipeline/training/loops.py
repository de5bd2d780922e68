"""Loops over the steps of a stack, as graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from pipeline.training.feeds.feed import Batcher


def run_last(
    step: Any,
    batcher: Batcher,
    returned: Sequence[tf.TensorSpec],
    values: Any,
    constants: Any,
    start: Any,
    count: Any,
) -> list[Any]:
    """Runs steps and returns what the last one returned.

    Args:
        step: The traced step.
        batcher: Takes a batch from a stack.
        returned: Shapes and dtypes of what the step returns.
        values: The stack.
        constants: What the feed adds to it.
        start: Number of the first batch.
        count: Number of batches.
    """
    nothing = [tf.zeros([size or 0 for size in spec.shape], spec.dtype) for spec in returned]
    shapes = [tf.TensorShape(spec.shape) for spec in returned]
    end = start + count

    def body(index: Any, leaves: Any) -> Any:  # noqa: ARG001
        return index + 1, present(step(*batcher(values, constants, index)))

    loop = tf.while_loop(
        lambda index, _: index < end, body, (start, nothing), shape_invariants=(tf.TensorShape(()), shapes)
    )
    leaves: list[Any] = loop[1]
    return leaves


def run_all(
    step: Any,
    batcher: Batcher,
    returned: Sequence[tf.TensorSpec],
    values: Any,
    constants: Any,
    start: Any,
    count: Any,
) -> list[Any]:
    """Runs steps and returns what all of them returned, joined along the first axis; see `run_last`."""
    arrays = [tf.TensorArray(s.dtype, size=count, element_shape=s.shape, infer_shape=False) for s in returned]

    def body(index: Any, arrays: Any) -> Any:
        leaves = present(step(*batcher(values, constants, start + index)))
        return index + 1, [array.write(index, leaf) for array, leaf in zip(arrays, leaves, strict=True)]

    _, arrays = tf.while_loop(lambda index, _: index < count, body, (tf.constant(0), arrays))
    # What a step returns without a batch axis is stacked, as Keras does it.
    return [array.concat() if spec.shape.rank else array.stack() for array, spec in zip(arrays, returned, strict=True)]


def present(nested: Any) -> list[Any]:
    """Returns the leaves of a structure that are not None."""
    return [leaf for leaf in tf.nest.flatten(nested) if leaf is not None]
