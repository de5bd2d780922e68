"""Compiled steps: many steps of a model in one call, the loop around them inside the graph.

Calling the public `train_step`, `test_step` and `predict_step` keeps every meaning that Keras gives a step; only the
loop is ours. As in Keras, a step is traced without AutoGraph.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from pipeline.errors import one_line
from pipeline.training.feeds import Feed, Stack
from pipeline.training.loops import present, run_all, run_last

log = logging.getLogger(__name__)


class Steps:
    """A step of a model, run on the batches of a feed.

    Attributes:
        jit: Whether XLA compiles the loop; may be set between calls. Batches of other shapes than those of the first
            stack are run without, as each shape would be compiled anew.
        forced: Whether XLA is what the user asked for, so that its errors are told rather than gone around.
        xla_shapes: Of the stacks that XLA runs, once there was one.

    Args:
        model: The model.
        kind: `train`, `test` or `predict`.
        feed: The feed.
        jit: See above.
        forced: See above.
    """

    def __init__(self, model: keras.Model, kind: str, feed: Feed, *, jit: bool = False, forced: bool = False) -> None:
        self._eager = bool(model.run_eagerly)
        self.jit = jit and not self._eager
        self.forced = forced
        self._step = getattr(model, f"{kind}_step")
        self._feed = feed
        self._cache = _cache(model, kind)
        self._traced: Any = None
        self._seen: Stack | None = None
        self._loopable = False
        self._returned: list[Any] = []
        self._loops: dict[Any, Any] = {}
        self._specs: list[tf.TensorSpec] = []
        self.xla_shapes: list[tuple[int, ...]] | None = None
        self._compiled = False
        self._filled: tuple[Stack, list[Any]] | None = None

    def last(self, stack: Stack, start: int, count: int) -> Any:
        """Runs steps on batches `start` to `start + count` of a stack, and returns what the last one returned."""
        self.trace(stack)
        if not self._loopable:
            for index in range(start, start + count):
                logs = self._one(stack, index)
            return logs
        leaves = self._with_xla(stack, start, count) if self.jit else None
        if leaves is None:
            leaves = self._run(self._loop(run_last), stack.values, start, count)
        return self._nested(leaves)

    def outputs(self, stack: Stack, start: int, count: int) -> list[Any]:
        """Runs steps as `last` does, and returns what all of them returned, neighbours joined where they can be."""
        self.trace(stack)
        if not self._loopable:
            return [self._one(stack, index) for index in range(start, start + count)]
        return [self._nested(self._run(self._loop(run_all), stack.values, start, count))]

    def trace(self, stack: Stack) -> None:
        """Traces the step, which builds the model and its optimizer, unless that was done for such shapes before."""
        if stack is self._seen:
            return
        self._seen = stack
        if self._eager or not self._feed.loops:
            if self._traced is None:
                step = partial(_on_batch, self._step)
                self._traced = step if self._eager else self._cached("single", lambda: _function(step))
            return
        self._trace(self._feed.batch_specs(stack))

    @property
    def can_build(self) -> bool:
        """Whether `build` leaves all values as they are."""
        return not self._eager and self._feed.loops and self._feed.specs is not None

    def build(self) -> None:
        """Builds model, metrics and optimizer as a first step does; where only a step can do that, one is made."""
        if self.can_build:
            self._trace(self._feed.specs or [])
            return
        stack = next(iter(self._feed.stacks(0)))
        self.last(stack, stack.start, 1)

    def _trace(self, specs: list[tf.TensorSpec]) -> None:
        if self._traced is not None:
            specs = [_relaxed(*pair) for pair in zip(self._specs, specs, strict=True)]
            if specs == self._specs:
                return
        self._specs = specs
        step = partial(_on_leaves, self._step, self._feed.structure)
        self._traced = self._cached("step", lambda: _function(step).get_concrete_function(*specs))
        self._returned = [tf.type_spec_from_value(leaf) for leaf in present(self._traced.structured_outputs)]
        # Only tensors can be carried through a loop in a graph.
        self._loopable = all(isinstance(leaf, tf.TensorSpec) for leaf in self._returned)
        self._loops = {}

    def _one(self, stack: Stack, index: int) -> Any:
        """Runs a single step by a call of its own."""
        if not self._feed.loops:
            return self._traced(stack.values[0])
        values = [tf.convert_to_tensor(value) for value in stack.values]
        leaves = self._feed.batcher()(values, self._feed.constants, index)
        return self._traced(self._feed.structure.packed(leaves)) if self._eager else self._traced(*leaves)

    def _nested(self, leaves: Sequence[Any]) -> Any:
        """Returns what steps returned in their own structure."""
        left = iter(leaves)
        nested = self._traced.structured_outputs
        flat = [None if leaf is None else next(left) for leaf in tf.nest.flatten(nested)]
        return tf.nest.pack_sequence_as(nested, flat)

    def _run(self, loop: Any, values: Sequence[Any], start: int, count: int) -> Any:
        return loop(list(values), list(self._feed.constants), tf.constant(start), tf.constant(count))

    def _with_xla(self, stack: Stack, start: int, count: int) -> Any:
        """Runs steps with XLA; None if they are to be run without it."""
        capacity = self._feed.capacity
        shapes = [(capacity, *value.shape[1:]) for value in stack.values]
        if self.xla_shapes is None:
            self.xla_shapes = shapes
        if shapes != self.xla_shapes:
            return None
        if self._filled is None or self._filled[0] is not stack:
            self._filled = stack, [_filled(value, capacity) for value in stack.values]
        values = self._filled[1]
        try:
            leaves = self._run(self._loop(run_last, values), values, start, count)
            self._compiled = True
            return leaves
        except (tf.errors.OpError, ValueError, TypeError) as error:
            # What XLA cannot compile it refuses before it runs anything.
            if self._compiled or self.forced:
                raise
            log.info("XLA off: it cannot compile the model: %s", one_line(error))
            self.jit = False
            return None

    def _loop(self, run: Callable[..., Any], for_xla: Sequence[Any] = ()) -> Any:
        """Returns a compiled loop over steps; with XLA, for values of these shapes only, which stay the same."""
        key = (run, bool(for_xla))
        if key not in self._loops:
            self._loops[key] = self._made_loop(run, for_xla)
        return self._loops[key]

    def _made_loop(self, run: Callable[..., Any], for_xla: Sequence[Any]) -> Any:
        batcher, constants = self._feed.batcher(), self._feed.constants
        of_any_length = [tf.TensorSpec((None, *given.shape[1:]), given.dtype) for given in constants]
        specs = (
            [[tf.TensorSpec(given.shape, given.dtype) for given in group] for group in (for_xla, constants)]
            if for_xla
            else [self._feed.value_specs(self._specs), of_any_length]
        )
        scalar = tf.TensorSpec((), "int32")

        def make() -> Any:
            loop = partial(run, self._traced, batcher, self._returned)
            function = tf.function(loop, autograph=False, jit_compile=bool(for_xla))
            return function.get_concrete_function(*specs, scalar, scalar)

        name = batcher.__name__ if not isinstance(batcher, partial) else str(batcher.args)
        return self._cached(f"{run.__name__} {bool(for_xla)} {name} {specs}", make)

    def _cached(self, what: str, make: Callable[[], Any]) -> Any:
        structure = "" if what == "single" else str(self._feed.structure)
        key = (what, structure, tuple(self._specs))
        if key not in self._cache:
            self._cache[key] = make()
        return self._cache[key]


def _cache(model: keras.Model, kind: str) -> dict[Any, Any]:
    """Returns what was compiled of a model's step before, which goes when Keras forgets its own compiled function."""
    getattr(model, f"make_{kind}_function")()
    function = getattr(model, f"{kind}_function")
    if not hasattr(function, "compiled_by_pipeline"):
        function.compiled_by_pipeline = {}
    cache: dict[Any, Any] = function.compiled_by_pipeline
    return cache


def _function(step: Callable[..., Any]) -> Any:
    return tf.function(step, autograph=False, reduce_retracing=True)


def _on_leaves(step: Callable[[Any], Any], structure: Any, *leaves: Any) -> Any:
    return step(structure.packed(leaves))


def _on_batch(step: Callable[[Any], Any], batch: Any) -> Any:
    """Runs a step on a batch in which a missing part is a `tf.experimental.Optional`, as Keras makes them."""
    return step(
        keras.tree.map_structure(lambda leaf: None if isinstance(leaf, tf.experimental.Optional) else leaf, batch)
    )


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
