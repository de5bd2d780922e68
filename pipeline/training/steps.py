"""Compiled steps: many steps of a model in one call, with the loop inside the graph.

Calling the public `train_step`, `test_step` and `predict_step` keeps every meaning that Keras gives to a step. Only the
loop is ours.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from pipeline.errors import one_line
from pipeline.training.calls import Piece
from pipeline.training.corrected_logs import with_corrected_logs
from pipeline.training.feeds import Feed, Stack
from pipeline.training.graph_loops import Loops, can_loop, present
from pipeline.training.leftovers import bound_to_graphs, note_draws
from pipeline.training.prebuilding import prebuild
from pipeline.training.step_functions import cache_of, function_of, is_of_keras, run_own, runs_eagerly
from pipeline.training.tracing import compiled_lazily, is_traced, traced
from pipeline.training.trainable import Trainable

log = logging.getLogger(__name__)


class Steps:
    """A step of a model that runs on the batches of a feed.

    Attributes:
        jit: Whether XLA compiles the loop. May be changed between calls. Batches whose shapes differ from those of the
            first stack run without XLA, since each shape would be compiled anew.
        forced: Whether the user asked for XLA, so that its errors are raised rather than worked around.
        xla_shapes: The shapes of the stacks that XLA runs, once there was one.
        own: The user's replacement for Keras' function, which runs as it is; None for Keras' own.
        built: What was trainable when a first trace built the model; None before that.
        traced: What was trainable when the step was traced; None before that, and for a step that is not traced.

    Args:
        model: The model.
        kind: `train`, `test` or `predict`.
        feed: The feed.
        jit: See above.
        forced: See above.
    """

    def __init__(self, model: keras.Model, kind: str, feed: Feed, *, jit: bool = False, forced: bool = False) -> None:
        self._model, self._kind, self._feed = model, kind, feed
        self.jit, self.forced = jit, forced
        self.xla_shapes: list[tuple[int, ...]] | None = None
        self._filled: tuple[Stack, list[Any]] | None = None
        self.built: Trainable | None = None
        self._function: Any = None
        self._take_up(function_of(model, kind), eager=runs_eagerly(model))

    def follow(self) -> bool:
        """Applies a function that was made anew, and with it the current model. Returns whether there was one.

        As in Keras, a trace stays as it is until `make_train_function(force=True)` or `compile` is called.
        """
        function = function_of(self._model, self._kind)
        if function is not self._function:
            self._take_up(function, eager=runs_eagerly(self._model))
            return True
        eager = bool(tf.config.functions_run_eagerly()) or self._made_eager
        if eager != self._eager:
            self._take_up(function, eager=eager)
        return False

    def _take_up(self, function: Any, *, eager: bool) -> None:
        if function is not self._function:
            self._made_eager = bool(self._model.run_eagerly)
        self._function, self._eager = function, eager
        self.own = None if is_of_keras(function) else function
        step = getattr(self._model, f"{self._kind}_step")
        self._step = step if self._kind == "predict" else with_corrected_logs(self._model, step)
        self._cache = {} if self.own else cache_of(function)
        self.traced: Trainable | None = None
        self._traced: Any = None
        self._seen: Stack | None = None
        self._loopable = False
        self._returned: list[Any] = []
        self._specs: list[tf.TensorSpec] = []
        self._compiled = False

    @property
    def of_own(self) -> int:
        """The number of steps that a user's own function runs per call."""
        return int(self._model.steps_per_execution)

    def run(self, pieces: Sequence[Piece]) -> Any:
        """Runs steps on the batches of a call, and returns the result of the last one."""
        self.follow()
        if self.own is not None:
            return run_own(self.own, self._kind, self._batches(pieces))
        for piece in pieces:
            logs = self.last(piece.stack, piece.start, piece.count)
        return logs

    def outputs_of(self, pieces: Sequence[Piece]) -> list[Any]:
        """Runs steps as `run` does, and returns the results of all, with adjacent ones joined where possible."""
        self.follow()
        if self.own is not None:
            return [run_own(self.own, self._kind, self._batches(pieces))]
        return [given for piece in pieces for given in self.outputs(piece.stack, piece.start, piece.count)]

    def _batches(self, pieces: Sequence[Piece]) -> Iterator[Any]:
        for piece in pieces:
            for index in range(piece.start, piece.start + piece.count):
                yield self._batch(piece.stack, index)

    def last(self, stack: Stack, start: int, count: int) -> Any:
        """Runs steps on batches `start` to `start + count` of a stack, and returns the result of the last one."""
        self.trace(stack)
        if not self._loopable:
            for index in range(start, start + count):
                logs = self._one(stack, index)
            return logs
        leaves = self._with_xla(stack, start, count) if self.jit else None
        if leaves is None:
            leaves = self._loops.last(stack.values, start, count)
        return self._nested(leaves)

    def outputs(self, stack: Stack, start: int, count: int) -> list[Any]:
        """Runs steps as `last` does, and returns the results of all, with adjacent ones joined where possible."""
        self.trace(stack)
        if not self._loopable:
            return [self._one(stack, index) for index in range(start, start + count)]
        if count == 1:
            # For a single batch, Keras leaves a number as it is.
            return [self._one(stack, start)]
        return [self._nested(self._loops.all(stack.values, start, count))]

    def outputs_of_none(self) -> list[Any]:
        """Returns what steps return for no examples, if that is known without running one."""
        if self.own is not None or not self.can_build:
            return []
        self.build()
        if not self._returned or not all(can_loop(spec, joined=False) for spec in self._returned):
            return []
        shapes = [[0, *(size or 0 for size in spec.shape[1:])] if spec.shape.rank else [0] for spec in self._returned]
        return [self._nested([tf.zeros(*of) for of in zip(shapes, (s.dtype for s in self._returned), strict=True)])]

    def trace(self, stack: Stack) -> None:
        """Traces the step, which builds the model and its optimizer, unless these shapes have been traced before."""
        self.follow()
        if stack is self._seen:
            return
        self._seen = stack
        if self._eager or not self._feed.loops:
            if self._traced is None:
                step = partial(_on_batch, self._step)
                self._traced = step if self._eager else self._cached("single", lambda: compiled_lazily(step))
            return
        self._trace(self._feed.batch_specs(stack))

    @property
    def can_build(self) -> bool:
        """Whether `build` leaves all values unchanged."""
        return not self._eager and self._feed.loops and self._feed.specs is not None

    def build(self) -> None:
        """Builds model, metrics and optimizer as a first step does. If only a step can do that, one is run."""
        if self.can_build:
            self._trace(self._feed.specs or [])
            return
        stack = next(iter(self._feed.stacks(0)))
        self.last(stack, stack.start, 1)

    def rebuild(self, built: Trainable | None, traced: Trainable) -> None:
        """Builds and traces as an earlier training did when other parts of the model were trainable.

        Args:
            built: What was trainable when the model and its optimizer were built, if known.
            traced: What was trainable when the step was last traced.
        """
        if self.built is None:
            if built is not None and built.fits(self._model):
                built.put(self._model)
            self.build()
        if self.traced not in (None, traced):
            traced.put(self._model)
            getattr(self._model, f"make_{self._kind}_function")(force=True)
            self.follow()
            self.build()

    def _trace(self, specs: list[tf.TensorSpec]) -> None:
        if self._traced is not None:
            specs = [_relaxed(*pair) for pair in zip(self._specs, specs, strict=True)]
            if specs == self._specs:
                return
        self._specs = specs
        step = partial(_on_leaves, self._step, self._feed.structure)

        def make() -> tuple[Any, Trainable]:
            prebuild(self._model, self._kind, self._feed.structure.packed(specs))
            function = traced(step, specs)
            if is_traced(function):
                note_draws(function)
            return function, Trainable.of(self._model)

        self._traced, self.traced = self._cached("step", make)
        self.built = self.built or self.traced
        if not is_traced(self._traced):
            self._loopable, self._returned = False, []
            return
        self._returned = [tf.type_spec_from_value(leaf) for leaf in present(self._traced.structured_outputs)]
        self._loopable = all(can_loop(leaf, joined=self._kind == "predict") for leaf in self._returned)
        self._loops = Loops(self._feed, self._traced, specs, self._returned, self._cached)

    def _one(self, stack: Stack, index: int) -> Any:
        """Runs a single step in its own call."""
        if self._eager:
            return self._traced(self._batch(stack, index))
        arguments = self._leaves(stack, index) if self._feed.loops else [self._batch(stack, index)]
        if is_traced(self._traced):
            return self._traced(*arguments)
        # Its first call traces it, and so does one with a batch of another kind.
        with bound_to_graphs():
            return self._traced(*arguments)

    def _batch(self, stack: Stack, index: int) -> Any:
        """Returns a batch in the structure that the step expects."""
        return self._feed.structure.packed(self._leaves(stack, index)) if self._feed.loops else stack.values[0]

    def _leaves(self, stack: Stack, index: int) -> list[Any]:
        values = [tf.convert_to_tensor(value) for value in stack.values]
        return self._feed.batcher()(values, self._feed.constants, index)

    def _nested(self, leaves: Sequence[Any]) -> Any:
        """Returns the results of steps in their own structure."""
        left = iter(leaves)
        nested = self._traced.structured_outputs
        flat = [None if leaf is None else next(left) for leaf in tf.nest.flatten(nested)]
        return tf.nest.pack_sequence_as(nested, flat)

    def _with_xla(self, stack: Stack, start: int, count: int) -> Any:
        """Runs steps with XLA. Returns None if they must run without it."""
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
            leaves = self._loops.last(values, start, count, with_xla=True)
            self._compiled = True
            return leaves
        except (tf.errors.OpError, ValueError, TypeError) as error:
            # XLA refuses what it cannot compile before it runs anything.
            if self._compiled or self.forced:
                raise
            log.info("XLA off: it cannot compile the model: %s", one_line(error))
            self.jit = False
            return None

    def _cached(self, what: str, make: Callable[[], Any]) -> Any:
        structure = "" if what == "single" else str(self._feed.structure)
        key = (what, structure, tuple(self._specs))
        if key not in self._cache:
            with bound_to_graphs():
                self._cache[key] = make()
        return self._cache[key]


def _on_leaves(step: Callable[[Any], Any], structure: Any, *leaves: Any) -> Any:
    return step(structure.packed(leaves))


def _on_batch(step: Callable[[Any], Any], batch: Any) -> Any:
    """Runs a step on a batch in which a missing part is a `tf.experimental.Optional`, as Keras creates them."""
    return step(
        keras.tree.map_structure(lambda leaf: None if isinstance(leaf, tf.experimental.Optional) else leaf, batch)
    )


def _relaxed(known: tf.TensorSpec, new: tf.TensorSpec) -> tf.TensorSpec:
    """Returns a spec that covers both, with None for sizes that differ."""
    if known.shape.rank != new.shape.rank or known.shape.rank is None:
        return tf.TensorSpec(None, new.dtype)
    sizes = [a if a == b else None for a, b in zip(known.shape, new.shape, strict=True)]
    return tf.TensorSpec(sizes, new.dtype)


def _filled(value: Any, capacity: int) -> Any:
    """Returns the values of a stack, padded to the size of a full one."""
    missing = capacity - value.shape[0]
    if not missing:
        return value
    return tf.concat([value, tf.zeros([missing, *value.shape[1:]], value.dtype)], axis=0)
