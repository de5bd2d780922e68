"""The loop of training: Keras' callbacks and steps, our own loop around them, snapshots of all that is going on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import Any

import keras
import numpy as np

from pipeline.errors import ConfigError
from pipeline.training.block_size import BlockSize
from pipeline.training.compilation import Compilation, chosen_compilation, forced_compilation
from pipeline.training.evaluating import Evaluation, Hooks, compiled, measured, own_logs
from pipeline.training.feeds import Feed, Stack
from pipeline.training.moments import Moments
from pipeline.training.roll_back import RollBack
from pipeline.training.snapshots import Position, Recorder, Snapshot
from pipeline.training.steps import Steps
from pipeline.training.trial import tried

log = logging.getLogger(__name__)


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

    Args:
        model: The model, compiled.
        feed: What it is trained on.
        hooks: The callbacks.
        plan: How long.
        recorder: Takes snapshots, and has the one to go on from; None for neither.
    """

    def __init__(
        self, model: keras.Model, feed: Feed, hooks: Hooks, plan: Plan, recorder: Recorder | None = None
    ) -> None:
        self.compilation = forced_compilation(model, plan.jit_compile)
        self.validations: list[dict[str, float]] = []
        self._model, self._feed, self._hooks, self._plan = model, feed, hooks, plan
        self._recorder = recorder or Recorder(model, hooks.callbacks)
        self._steps = Steps(model, "train", feed, **compiled(self.compilation))
        self._size = BlockSize(model, hooks, "train")
        self._sets = {
            prefix: Evaluation(model, held_out, hooks, self.compilation) for prefix, held_out in plan.validation.items()
        }
        self._counted: int | None = None
        self._at = Position()
        self._logs: Any = None
        self._values: dict[str, Any] | None = None

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
        # keras.callbacks.BackupAndRestore says in this attribute where to go on.
        begin = getattr(model, "_initial_epoch", None) or plan.initial_epoch
        if not isinstance(begin, Integral) or begin < 0:
            raise ConfigError(f"callbacks: a backup says to go on with epoch {begin!r:.40}; a whole number is right")
        self._at = Position(int(begin))
        self._recorder.start()
        ended = False
        if self._recorder.found is not None:
            self._go_on_from(self._recorder.found)
            ended = model.stop_training and self._at.begins_epoch
        elif self._recorder.may_roll_back and self._steps.can_build:
            self._steps.build()
            self._recorder.at_begin(self._at, self._state)
        while self._at.epoch < plan.epochs and not ended:
            try:
                self._epoch()
                ended = model.stop_training
            except RollBack as request:
                self._roll_back(request.factor)
        if isinstance(model.optimizer, keras.optimizers.Optimizer) and plan.epochs > 0:
            model.optimizer.finalize_variable_values(model.trainable_weights)
        hooks.on_train_end(logs=self._values)

    def _epoch(self) -> None:
        """Trains the epoch, or what is left of it, and validates after it."""
        model, hooks, epoch = self._model, self._hooks, self._at.epoch
        if self._at.begins_epoch:
            model.reset_metrics()
            hooks.on_epoch_begin(epoch)
        self._steps_of_epoch()
        self._at = replace(self._at, due="end")
        self._values = measured(model, self._logs)
        if self._plan.validates(epoch):
            self._values |= self._validated()
        hooks.on_epoch_end(epoch, self._values)
        self._at = Position(epoch + 1, 0, self._at.done)
        ends = model.stop_training or self._at.epoch >= self._plan.epochs
        self._recorder.after_epoch(epoch, self._at, self._state, ends=ends)

    def _steps_of_epoch(self) -> None:
        model, hooks, size, moments = self._model, self._hooks, self._size, self._plan.moments
        if self._at.due == "validation":
            self._validate_within()
        if self._at.due == "end" or model.stop_training:
            return
        begin = self._at.step
        for stack in self._feed.stacks(self._at.epoch, begin):
            if self._at.step == begin:
                self._choose(stack)
            start = stack.start
            while start < stack.steps:
                at = self._at
                until = moments.until_next(at.done, at.step, self._feed.steps or self._counted)
                count = min(size(), stack.steps - start, until, self._recorder.until_next(at.done))
                hooks.on_train_batch_begin(at.step)
                with size.measured(count):
                    self._logs = self._steps.last(stack, start, count)
                start += count
                self._at = at = Position(at.epoch, at.step + count, at.done + count)
                hooks.on_train_batch_end(at.step - 1, self._logs)
                if model.stop_training:
                    return
                if moments.is_due(at.done, at.step, self._feed.steps or self._counted):
                    self._at = replace(at, due="validation")
                    self._validate_within()
                    if model.stop_training:
                        return
                self._recorder.after_step(self._at, self._state)
        self._counted = self._at.step

    def _choose(self, stack: Stack) -> None:
        """Chooses how to compile, unless that is settled."""
        if self.compilation is not None and self.compilation.final:
            return
        self._steps.trace(stack)
        epochs_left = self._plan.epochs - self._at.epoch
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

    def _validate_within(self) -> None:
        """Validates within an epoch, whose own metrics are then as they were.

        Callbacks that have a method `on_validation_end` are told epoch, step and what was measured.
        """
        kept = [(variable, np.array(variable)) for variable in self._model.metrics_variables]
        values = self._validated()
        for variable, value in kept:
            variable.assign(value)
        epoch, step = self._at.epoch, self._at.step
        self.validations.append({"epoch": epoch, "step": step, **values})
        self._at = replace(self._at, due="step")
        for told in _defined(self._hooks, "on_validation_end"):
            told(epoch, step, values)

    def _validated(self) -> dict[str, float]:
        leave_if_asked = self._recorder.before_validation(self._at, self._state)
        return {
            f"{prefix}{name}": value
            for prefix, held_out in self._sets.items()
            for name, value in held_out.values(leave_if_asked).items()
        }

    def _state(self) -> dict[str, Any]:
        """Returns what a snapshot needs of the loop itself, as plain values."""
        return {
            "stopped": bool(self._model.stop_training),
            "values": self._values,
            "logs": own_logs(self._model, self._logs),
            "validations": list(self.validations),
            "counted": self._counted,
            # Compiled otherwise, steps would round otherwise.
            "compilation": self.compilation and dict(vars(self.compilation)),
            "xla": (self._steps.jit, self._steps.xla_shapes),
        }

    def _go_on_from(self, snapshot: Snapshot) -> None:
        """Puts everything back to what it was at a snapshot."""
        state = snapshot.state
        self._steps.build()
        self._recorder.restore(snapshot)
        self._at = snapshot.position
        self._model.stop_training = state["stopped"]
        self._values, self._logs, self._counted = state["values"], state["logs"], state["counted"]
        self.validations = list(state["validations"])
        self.compilation = state["compilation"] and Compilation(**state["compilation"])
        self._steps.jit, self._steps.xla_shapes = state["xla"]
        for told in _defined(self._hooks, "on_resume"):
            told(self._at.epoch, self._at.step)

    def _roll_back(self, factor: float) -> None:
        """Goes on from the last good snapshot with a lower learning rate."""
        snapshot = self._recorder.last_good()
        if snapshot is None:
            raise ConfigError(
                "callbacks: the loss is not finite, and there is no snapshot to roll back to; a lower "
                "optimizer.learning_rate, or snapshots.every_steps=100, is right"
            )
        optimizer = self._model.optimizer
        rate = float(optimizer.learning_rate)
        self._go_on_from(snapshot)
        # The snapshot may be from before the rate was lowered the last time.
        optimizer.learning_rate = factor * min(rate, float(optimizer.learning_rate))
        for told in _defined(self._hooks, "on_roll_back"):
            told(factor)
        log.info(
            "training goes on from step %d of epoch %d with a learning rate of %.3g",
            self._at.step,
            self._at.epoch + 1,
            float(optimizer.learning_rate),
        )


def _defined(hooks: Hooks, name: str) -> list[Callable[..., Any]]:
    """Returns a hook of ours, which Keras' callbacks do not know, of those that define it."""
    return [getattr(callback, name) for callback in hooks.callbacks if hasattr(callback, name)]
