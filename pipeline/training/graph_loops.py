"""Loops over the steps of a stack, as graphs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import tensorflow as tf

from pipeline.training.feeds.feed import Batcher, Feed


class Loops:
    """The loops over a traced step, each compiled when it is first needed.

    Args:
        feed: The source of the stacks.
        step: The traced step.
        batch: Shapes and dtypes of the tensors of a batch.
        returned: Shapes and dtypes of the values that the step returns.
        cached: Returns what is cached under a name, or makes it.
    """

    def __init__(
        self,
        feed: Feed,
        step: Any,
        batch: Sequence[tf.TensorSpec],
        returned: Sequence[tf.TensorSpec],
        cached: Callable[[str, Callable[[], Any]], Any],
    ) -> None:
        self._feed, self._step, self._batch, self._returned, self._cached = feed, step, batch, returned, cached
        self._made: dict[tuple[Any, bool], Any] = {}

    def last(self, values: Sequence[Any], start: int, count: int, *, with_xla: bool = False) -> list[Any]:
        """Runs the steps on batches `start` to `start + count` of a stack, and returns the result of the last one.

        With XLA, the values must have the same shapes each time, since the loop is compiled for them.
        """
        return self._run(run_last, values, start, count, with_xla=with_xla)

    def all(self, values: Sequence[Any], start: int, count: int) -> list[Any]:
        """Runs steps as `last` does, and returns the results of all of them, joined along the first axis."""
        return self._run(run_all, values, start, count)

    def _run(
        self, run: Callable[..., Any], values: Sequence[Any], start: int, count: int, *, with_xla: bool = False
    ) -> list[Any]:
        if (run, with_xla) not in self._made:
            self._made[run, with_xla] = self._compiled(run, values if with_xla else ())
        loop = self._made[run, with_xla]
        leaves: list[Any] = loop(list(values), list(self._feed.constants), tf.constant(start), tf.constant(count))
        return leaves

    def _compiled(self, run: Callable[..., Any], for_xla: Sequence[Any]) -> Any:
        batcher, constants = self._feed.batcher(), self._feed.constants
        of_any_length = [tf.TensorSpec((None, *given.shape[1:]), given.dtype) for given in constants]
        specs = (
            [[tf.TensorSpec(given.shape, given.dtype) for given in group] for group in (for_xla, constants)]
            if for_xla
            else [self._feed.value_specs(self._batch), of_any_length]
        )
        scalar = tf.TensorSpec((), "int32")

        def make() -> Any:
            loop = partial(run, self._step, batcher, self._returned)
            function = tf.function(loop, autograph=False, jit_compile=bool(for_xla))
            return function.get_concrete_function(*specs, scalar, scalar)

        name = batcher.__name__ if not isinstance(batcher, partial) else str(batcher.args)
        return self._cached(f"{run.__name__} {bool(for_xla)} {name} {specs}", make)


def run_last(
    step: Any,
    batcher: Batcher,
    returned: Sequence[tf.TensorSpec],
    values: Any,
    constants: Any,
    start: Any,
    count: Any,
) -> list[Any]:
    """Runs steps and returns the result of the last one.

    Args:
        step: The traced step.
        batcher: Takes a batch from a stack.
        returned: Shapes and dtypes of the values that the step returns.
        values: The stack.
        constants: Tensors that the feed adds to it.
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
    """Runs steps and returns the results of all of them, joined along the first axis; see `run_last`."""
    arrays = [tf.TensorArray(s.dtype, size=count, element_shape=s.shape, infer_shape=False) for s in returned]

    def body(index: Any, arrays: Any) -> Any:
        leaves = present(step(*batcher(values, constants, start + index)))
        return index + 1, [array.write(index, leaf) for array, leaf in zip(arrays, leaves, strict=True)]

    _, arrays = tf.while_loop(lambda index, _: index < count, body, (tf.constant(0), arrays))
    # Results without a batch axis are stacked, as in Keras.
    return [array.concat() if spec.shape.rank else array.stack() for array, spec in zip(arrays, returned, strict=True)]


def present(nested: Any) -> list[Any]:
    """Returns the leaves of a structure that are not None."""
    return [leaf for leaf in tf.nest.flatten(nested) if leaf is not None]


def can_loop(returned: Any, *, joined: bool) -> bool:
    """Whether a graph loop can carry a step's results, or join the results of all steps along the first axis."""
    if not isinstance(returned, tf.TensorSpec) or returned.shape.rank is None:
        return False
    return not joined or None not in returned.shape.as_list()[1:]
