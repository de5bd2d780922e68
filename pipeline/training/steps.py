"""Compiled steps: many steps of a model in one call, the loop around them inside the graph.

Calling the public `train_step`, `test_step` and `predict_step` keeps every meaning that Keras gives a step; only the
loop is ours. As in Keras, a step is traced without AutoGraph.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from pipeline.errors import one_line
from pipeline.training.feeds import Feed, Stack

log = logging.getLogger(__name__)


class Steps:
    """A step of a model, run on the batches of a feed.

    Attributes:
        jit: Whether XLA compiles the loop; may be set between calls. Batches of other shapes than those of the first
            stack are run without, as each shape would be compiled anew.
        forced: Whether XLA is what the user asked for, so that its errors are told rather than gone around.

    Several of them for the same step of the same model, on other feeds, may share their `traces`.
    """

    def __init__(
        self,
        step: Callable[[Any], Any],
        feed: Feed,
        *,
        jit: bool = False,
        forced: bool = False,
        eager: bool = False,
        traces: dict[Any, Any] | None = None,
    ) -> None:
        self.jit = jit and not eager
        self.forced = forced
        self._user_step = step
        self._feed = feed
        self._eager = eager
        self._traces = {} if traces is None else traces
        self._traced: Any = None
        self._specs: list[tf.TensorSpec] = []
        self._loops: dict[str, Any] = {}
        self._jit_shapes: Any = None
        self._compiled = False

    def last(self, stack: Stack, start: int, count: int) -> Any:
        """Runs steps on batches `start` to `start + count` of a stack, and returns what the last one returned."""
        self.trace(stack)
        if not self._loopable:
            for index in range(start, start + count):
                logs = self._one(stack, index)
            return logs
        leaves = self._with_xla(stack, start, count) if self.jit else None
        if leaves is None:
            leaves = self._loop("last")(stack.values, tf.constant(start), tf.constant(count))
        return self._logs(leaves)

    def outputs(self, stack: Stack, start: int, count: int) -> list[Any]:
        """Runs steps as `last` does, and returns what all of them returned, neighbours joined where they can be."""
        self.trace(stack)
        if not self._loopable:
            return [self._one(stack, index) for index in range(start, start + count)]
        return [self._logs(self._loop("all")(stack.values, tf.constant(start), tf.constant(count)))]

    def trace(self, stack: Stack) -> None:
        """Traces the step, which builds the model and its optimizer, unless that was done for such shapes before."""
        if self._eager or not self._feed.loops:
            if self._traced is None:
                step = _without_optionals(self._user_step)
                self._traced = step if self._eager else tf.function(step, autograph=False, reduce_retracing=True)
            return
        specs = self._feed.batch_specs(stack)
        if self._traced is not None:
            specs = [_relaxed(*pair) for pair in zip(self._specs, specs, strict=True)]
            if specs == self._specs:
                return
        self._specs = specs
        key = (tuple(specs), str(self._feed.structure))
        if key not in self._traces:
            step = tf.function(self._on_leaves, autograph=False)
            self._traces[key] = step.get_concrete_function(*specs)
        self._traced = self._traces[key]
        self._loops = {}

    def _on_leaves(self, *leaves: Any) -> Any:
        return self._user_step(self._feed.structure.packed(leaves))

    @property
    def _loopable(self) -> bool:
        """Whether steps can be looped over in a graph: what they return must be tensors."""
        if self._eager or not self._feed.loops:
            return False
        return all(isinstance(leaf, tf.TensorSpec) for leaf in self._returned())

    def _returned(self) -> list[Any]:
        """Returns shape and dtype of what a step returns."""
        return [tf.type_spec_from_value(leaf) for leaf in _present(self._traced.structured_outputs)]

    def _one(self, stack: Stack, index: int) -> Any:
        """Runs a single step by a call of its own."""
        if not self._feed.loops:
            return self._traced(stack.values[0])
        leaves = self._feed.batch([tf.convert_to_tensor(value) for value in stack.values], index)
        return self._traced(self._feed.structure.packed(leaves)) if self._eager else self._traced(*leaves)

    def _logs(self, leaves: Sequence[Any]) -> Any:
        left = iter(leaves)
        nested = self._traced.structured_outputs
        flat = [None if leaf is None else next(left) for leaf in tf.nest.flatten(nested)]
        return tf.nest.pack_sequence_as(nested, flat)

    def _with_xla(self, stack: Stack, start: int, count: int) -> Any:
        """Runs steps with XLA; None if they are to be run without it."""
        capacity = self._feed.capacity
        shapes = [(capacity, *value.shape[1:]) for value in stack.values]
        if self._jit_shapes is None:
            self._jit_shapes = shapes
        if shapes != self._jit_shapes:
            return None
        values = [_filled(value, capacity) for value in stack.values]
        try:
            leaves = self._loop("xla")(values, tf.constant(start), tf.constant(count))
            self._compiled = True
            return leaves
        except (tf.errors.OpError, ValueError, TypeError) as error:
            # What XLA cannot compile it refuses before it runs anything.
            if self._compiled or self.forced:
                raise
            log.info("XLA off: it cannot compile the model: %s", one_line(error))
            self.jit = False
            return None

    def _loop(self, kind: str) -> Any:
        if kind not in self._loops:
            loop = _looped_all if kind == "all" else _looped_last
            run = loop(self._traced, self._feed, self._returned())
            scalar = tf.TensorSpec((), "int32")
            if kind == "xla":
                dtypes = [spec.dtype for spec in self._feed.value_specs(self._specs)]
                specs = [tf.TensorSpec(*pair) for pair in zip(self._jit_shapes, dtypes, strict=True)]
            else:
                specs = self._feed.value_specs(self._specs)
            function = tf.function(run, autograph=False, jit_compile=kind == "xla")
            self._loops[kind] = function.get_concrete_function(specs, scalar, scalar)
        return self._loops[kind]


def _looped_last(step: Any, feed: Feed, returned: Sequence[tf.TensorSpec]) -> Any:
    def run(values: Any, start: Any, count: Any) -> Any:
        nothing = [tf.zeros([size or 0 for size in spec.shape], spec.dtype) for spec in returned]

        def body(index: Any, leaves: Any) -> Any:  # noqa: ARG001
            return index + 1, _present(step(*feed.batch(values, index)))

        shapes = [tf.TensorShape(spec.shape) for spec in returned]
        end = start + count
        loop = tf.while_loop(
            lambda index, _: index < end, body, (start, nothing), shape_invariants=(tf.TensorShape(()), shapes)
        )
        return loop[1]

    return run


def _looped_all(step: Any, feed: Feed, returned: Sequence[tf.TensorSpec]) -> Any:
    def run(values: Any, start: Any, count: Any) -> Any:
        arrays = [tf.TensorArray(s.dtype, size=count, element_shape=s.shape, infer_shape=False) for s in returned]

        def body(index: Any, arrays: Any) -> Any:
            leaves = _present(step(*feed.batch(values, start + index)))
            return index + 1, [array.write(index, leaf) for array, leaf in zip(arrays, leaves, strict=True)]

        _, arrays = tf.while_loop(lambda index, _: index < count, body, (tf.constant(0), arrays))
        # What a step returns without a batch axis is stacked, as Keras does it.
        return [
            array.concat() if spec.shape.rank else array.stack() for array, spec in zip(arrays, returned, strict=True)
        ]

    return run


def _present(nested: Any) -> list[Any]:
    return [leaf for leaf in tf.nest.flatten(nested) if leaf is not None]


def _relaxed(known: tf.TensorSpec, new: tf.TensorSpec) -> tf.TensorSpec:
    """Returns the spec of both; None for a size in which they differ."""
    if known.shape.rank != new.shape.rank or known.shape.rank is None:
        return tf.TensorSpec(None, new.dtype)
    sizes = [a if a == b else None for a, b in zip(known.shape, new.shape, strict=True)]
    return tf.TensorSpec(sizes, new.dtype)


def _filled(value: Any, capacity: int) -> Any:
    """Returns the value of a stack padded to the size of a full one."""
    missing = capacity - value.shape[0]
    if not missing:
        return value
    return tf.concat([value, tf.zeros([missing, *value.shape[1:]], value.dtype)], axis=0)


def _without_optionals(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Returns the step for batches in which a missing part is a `tf.experimental.Optional`, as Keras makes them."""

    def run(batch: Any) -> Any:
        return step(
            keras.tree.map_structure(lambda leaf: None if isinstance(leaf, tf.experimental.Optional) else leaf, batch)
        )

    return run
