"""The loops of training, evaluation and prediction: Keras' callbacks and steps, our own loop around them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import keras
import numpy as np

from pipeline.training.block_size import BlockSize
from pipeline.training.compilation import Compilation, chosen_compilation, forced_compilation
from pipeline.training.feeds import Feed, Stack
from pipeline.training.moments import Moments
from pipeline.training.steps import Steps
from pipeline.training.trial import tried

log = logging.getLogger(__name__)
Hooks: TypeAlias = keras.callbacks.CallbackList


@dataclass(frozen=True)
class Plan:
    """How long to train, and when to validate; the terms are those of `keras.Model.fit`.

    Attributes:
        epochs: Number of the epoch before which training ends.
        initial_epoch: Number of the first epoch.
        validation: Validation sets by the prefix of their values: `val_`, or `val_<name>_` for each of several.
        validation_freq: Validate each that many epochs, or after the epochs of these numbers, counted from 1.
        moments: When to validate within epochs too.
        jit_compile: XLA on or off; None chooses by the model and by how long it is trained.
    """

    epochs: int
    initial_epoch: int = 0
    validation: Mapping[str, Feed] = field(default_factory=dict)
    validation_freq: int | Sequence[int] = 1
    moments: Moments = field(default_factory=Moments)
    jit_compile: bool | None = None

    def validates(self, epoch: int) -> bool:
        """Whether validation follows an epoch."""
        if isinstance(self.validation_freq, int):
            return (epoch + 1) % self.validation_freq == 0
        return epoch + 1 in self.validation_freq


class Training:
    """A model that is trained on a feed.

    Attributes:
        compilation: How its steps are compiled, and why.
        validations: What each validation within an epoch measured, with its `epoch` and `step`.
    """

    def __init__(self, model: keras.Model, feed: Feed, hooks: Hooks, plan: Plan) -> None:
        self.compilation = forced_compilation(model, plan.jit_compile)
        self.validations: list[dict[str, float]] = []
        self._model, self._feed, self._hooks, self._plan = model, feed, hooks, plan
        self._steps = Steps(model, "train", feed, **_compiled(self.compilation))
        self._size = BlockSize(model, hooks, "train")
        self._sets = {
            prefix: _Evaluation(model, held_out, hooks, self.compilation)
            for prefix, held_out in plan.validation.items()
        }
        self._done = 0
        self._counted: int | None = None

    def run(self) -> None:
        """Trains the model; an error is told to callbacks that have a method `on_train_failure`, and raised on."""
        try:
            self._run()
        except BaseException as error:
            for told in _defined(self._hooks, "on_train_failure"):
                told(error)
            raise

    def _run(self) -> None:
        model, hooks, plan = self._model, self._hooks, self._plan
        model.stop_training = False
        plan.moments.start()
        hooks.on_train_begin()
        values: dict[str, Any] | None = None
        # keras.callbacks.BackupAndRestore says in this attribute where to go on.
        for epoch in range(getattr(model, "_initial_epoch", None) or plan.initial_epoch, plan.epochs):
            model.reset_metrics()
            hooks.on_epoch_begin(epoch)
            values = _values(model, self._epoch(epoch))
            if plan.validates(epoch):
                values |= self._validated()
            hooks.on_epoch_end(epoch, values)
            if model.stop_training:
                break
        if isinstance(model.optimizer, keras.optimizers.Optimizer) and plan.epochs > 0:
            model.optimizer.finalize_variable_values(model.trainable_weights)
        hooks.on_train_end(logs=values)

    def _epoch(self, epoch: int) -> Any:
        model, hooks, size, moments = self._model, self._hooks, self._size, self._plan.moments
        step, logs = 0, {}
        for stack in self._feed.stacks(epoch):
            if step == 0:
                self._choose(epoch, stack)
            start = stack.start
            while start < stack.steps:
                until = moments.until_next(self._done, step, self._feed.steps or self._counted)
                count = min(size(), stack.steps - start, until)
                hooks.on_train_batch_begin(step)
                with size.measured(count):
                    logs = self._steps.last(stack, start, count)
                start, step, self._done = start + count, step + count, self._done + count
                hooks.on_train_batch_end(step - 1, logs)
                if model.stop_training:
                    return logs
                if moments.is_due(self._done, step, self._feed.steps or self._counted):
                    self._validate_within(epoch, step)
                    if model.stop_training:
                        return logs
        self._counted = step
        return logs

    def _choose(self, epoch: int, stack: Stack) -> None:
        """Chooses how to compile, unless that is settled."""
        if self.compilation is not None and self.compilation.final:
            return
        self._steps.trace(stack)
        epochs_left = self._plan.epochs - epoch
        # What nobody knew of the length, the epoch before has shown.
        an_epoch = self._feed.steps or self._counted
        steps = None if an_epoch is None else an_epoch * epochs_left
        if not self._feed.loops:
            chosen = Compilation(False, "batches are ragged, sparse or of unknown rank")
        else:
            chosen = chosen_compilation(self._model, self._feed.batch_specs(stack), steps)
        if chosen.jit is None:
            chosen = tried(self._model, self._steps, stack)
        self._steps.jit = bool(chosen.jit)
        if self.compilation is None or chosen.final:
            log.info("XLA %s: %s", "on" if chosen.jit else "off", chosen.reason)
        self.compilation = chosen

    def _validate_within(self, epoch: int, step: int) -> None:
        """Validates within an epoch, whose own metrics are then as they were.

        Callbacks that have a method `on_validation_end` are told epoch, step and what was measured.
        """
        kept = [(variable, np.array(variable)) for variable in self._model.metrics_variables]
        values = self._validated()
        for variable, value in kept:
            variable.assign(value)
        self.validations.append({"epoch": epoch, "step": step, **values})
        for told in _defined(self._hooks, "on_validation_end"):
            told(epoch, step, values)

    def _validated(self) -> dict[str, float]:
        return {
            f"{prefix}{name}": value
            for prefix, held_out in self._sets.items()
            for name, value in held_out.values().items()
        }


class _Evaluation:
    """A model that is evaluated on a feed, perhaps again and again."""

    def __init__(self, model: keras.Model, feed: Feed, hooks: Hooks, forced: Compilation | None) -> None:
        self._model, self._feed, self._hooks = model, feed, hooks
        self._steps = Steps(model, "test", feed, **_compiled(forced))
        self._size = BlockSize(model, hooks, "test")

    def values(self) -> dict[str, Any]:
        """Returns what one pass over the feed measured."""
        model, hooks, size = self._model, self._hooks, self._size
        model.stop_evaluating = False
        hooks.on_test_begin()
        model.reset_metrics()
        logs: Any = {}
        for begin, stack, start, count in _blocks(self._feed, size, lambda: model.stop_evaluating):
            hooks.on_test_batch_begin(begin)
            with size.measured(count):
                logs = self._steps.last(stack, start, count)
            hooks.on_test_batch_end(begin + count - 1, logs)
        values = _values(model, logs)
        hooks.on_test_end(values)
        return values


def evaluate_feed(model: keras.Model, feed: Feed, hooks: Hooks) -> dict[str, Any]:
    """Returns loss and metrics of a compiled model on one epoch of a feed, named as Keras names them."""
    return _Evaluation(model, feed, hooks, forced_compilation(model)).values()


def predict_feed(model: keras.Model, feed: Feed, hooks: Hooks) -> list[Any]:
    """Returns what a model gives for the batches of one epoch, in order, that of neighbours perhaps joined."""
    steps = Steps(model, "predict", feed)
    size = BlockSize(model, hooks, "predict")
    model.stop_predicting = False
    hooks.on_predict_begin()
    outputs: list[Any] = []
    for begin, stack, start, count in _blocks(feed, size, lambda: model.stop_predicting):
        hooks.on_predict_batch_begin(begin)
        with size.measured(count):
            given = steps.outputs(stack, start, count)
        outputs += given
        hooks.on_predict_batch_end(begin + count - 1, {"outputs": given[-1]})
    hooks.on_predict_end()
    return outputs


def _blocks(feed: Feed, size: BlockSize, stopped: Callable[[], bool]) -> Any:
    """Yields number of the first batch, stack, first batch in the stack, and number of batches of each call."""
    begin = 0
    for stack in feed.stacks(0):
        start = stack.start
        while start < stack.steps:
            count = min(size(), stack.steps - start)
            yield begin, stack, start, count
            if stopped():
                return
            begin, start = begin + count, start + count


def _compiled(forced: Compilation | None) -> dict[str, Any]:
    return {"jit": bool(forced and forced.jit), "forced": forced is not None}


def _defined(hooks: Hooks, name: str) -> list[Callable[..., Any]]:
    """Returns a hook of ours, which Keras' callbacks do not know, of those that define it."""
    return [getattr(callback, name) for callback in hooks.callbacks if hasattr(callback, name)]


def _values(model: keras.Model, logs: Any) -> dict[str, Any]:
    """Returns the metrics of the model or, of a step of the user's own with other logs, those of its last call."""
    metrics = model.get_metrics_result()
    chosen = metrics if isinstance(logs, dict) and set(logs) == set(metrics) else logs
    if not isinstance(chosen, dict):
        return metrics
    return _plain(chosen)


def _plain(logs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns logs by name in order, nested ones flattened, single numbers as Python's."""
    values: dict[str, Any] = {}
    for name, value in sorted(logs.items()):
        if isinstance(value, dict):
            values |= _plain(value)
            continue
        try:
            values[name] = float(value)
        except (TypeError, ValueError):
            values[name] = value
    return values
