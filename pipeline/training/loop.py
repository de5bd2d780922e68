"""The loop of training: start or resume, then epochs of steps, with validation and snapshots where they are due.

`Training.run` reads from top to bottom: `_start` restores the snapshot to resume from, if there is one; `_epoch` trains
what is left of an epoch and validates after it; `_steps_of_epoch` makes one compiled call after another, each of which
ends where something is due: a validation, a snapshot, or a callback that wants to see every batch.
"""

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
from pipeline.training.cadence import Cadence
from pipeline.training.calls import Calls, length
from pipeline.training.evaluate_loop import Evaluation, Hooks, OwnEvaluation, flat, own_logs, values_from_logs
from pipeline.training.feeds import Feed
from pipeline.training.roll_back import RollBack, settable_rate
from pipeline.training.snapshots import Position, Recorder, Snapshot
from pipeline.training.steps import Steps
from pipeline.training.trainable import Trainable
from pipeline.training.xla import Compilation
from pipeline.training.xla_choice import CompilationChoice

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """How long to train, and when to validate; the terms are those of `keras.Model.fit`.

    Attributes:
        epochs: Number of the epoch before which training ends.
        initial_epoch: Number of the first epoch.
        validation: Validation sets by the prefix of their values: `val_`, or `val_<name>_` for each of several.
        validation_freq: Validate every that many epochs, or after the epochs with these numbers, counted from 1.
        cadence: When to validate within epochs too.
        jit_compile: XLA on or off; None chooses by the model and by how long it is trained.
    """

    epochs: int
    initial_epoch: int = 0
    validation: Mapping[str, Feed | OwnEvaluation] = field(default_factory=dict)
    validation_freq: int | Sequence[int] = 1
    cadence: Cadence = field(default_factory=Cadence)
    jit_compile: bool | None = None

    def validates(self, epoch: int) -> bool:
        """Whether validation follows an epoch."""
        if isinstance(self.validation_freq, int):
            return (epoch + 1) % self.validation_freq == 0
        return epoch + 1 in self.validation_freq


class Training:
    """A model that is trained on a feed.

    Attributes:
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
        self.validations: list[dict[str, float]] = []
        self._model, self._feed, self._hooks, self._plan = model, feed, hooks, plan
        self._recorder = recorder or Recorder(model, hooks.callbacks)
        self._steps = Steps(model, "train", feed)
        self._choice = CompilationChoice(model, self._steps, feed, plan.jit_compile)
        self._block_size = BlockSize(model, hooks, "train")
        self._validation = {
            prefix: Evaluation(model, held_out, hooks, self._choice.made) if isinstance(held_out, Feed) else held_out
            for prefix, held_out in plan.validation.items()
        }
        self._counted_steps: int | None = None
        self._at = Position()
        self._logs: Any = None
        self._values: dict[str, Any] | None = None

    @property
    def compilation(self) -> Compilation | None:
        """How its steps are compiled, and why."""
        return self._choice.made

    @property
    def remark(self) -> str | None:
        """What a user should know about the finished training, in one line; None for nothing."""
        return self._plan.cadence.remark(self._at.done) if self._validation and not self.validations else None

    def run(self) -> None:
        """Trains the model; callbacks with a method `on_train_failure` learn of an error before it is raised."""
        try:
            self._run()
        except BaseException as error:
            for on_train_failure in _defined(self._hooks, "on_train_failure"):
                on_train_failure(error)
            raise

    def _run(self) -> None:
        model, plan = self._model, self._plan
        ended = self._start()
        while self._at.epoch < plan.epochs and not ended:
            try:
                self._epoch()
                ended = model.stop_training
            except RollBack as request:
                self._roll_back(request.factor)
        if isinstance(model.optimizer, keras.optimizers.Optimizer) and plan.epochs > 0:
            model.optimizer.finalize_variable_values(model.trainable_weights)
        self._hooks.on_train_end(logs=self._values)

    def _start(self) -> bool:
        """Begins the training, or restores the snapshot that it resumes from.

        Returns:
            Whether the snapshot is of a training that a callback had stopped after an epoch.
        """
        self._model.stop_training = False
        self._plan.cadence.start()
        self._hooks.on_train_begin()
        self._at = Position(_first_epoch(self._model, self._plan))
        self._recorder.start()
        if self._recorder.found is not None:
            self._restore(self._recorder.found)
            return self._model.stop_training and self._at.begins_epoch
        if self._recorder.may_roll_back and self._steps.can_build:
            self._steps.build()
            self._recorder.at_begin(self._at, self._state)
        return False

    def _epoch(self) -> None:
        """Trains the epoch, or the rest of it, and validates after it."""
        model, hooks, epoch = self._model, self._hooks, self._at.epoch
        if self._at.begins_epoch:
            model.reset_metrics()
            hooks.on_epoch_begin(epoch)
        self._steps_of_epoch()
        # A loss of no steps would be 0, and then the best of all.
        self._values = values_from_logs(model, self._logs) if self._at.step else {}
        self._at = replace(self._at, due="end")
        if self._plan.validates(epoch):
            self._values |= self._validate()
        hooks.on_epoch_end(epoch, self._values)
        self._at = Position(epoch + 1, 0, self._at.done)
        ends = model.stop_training or self._at.epoch >= self._plan.epochs
        self._recorder.after_epoch(epoch, self._at, self._state, ends=ends)

    def _steps_of_epoch(self) -> None:
        model, cadence = self._model, self._plan.cadence
        if self._at.due == "validation":
            self._validate_within()
        # As in Keras, a training that is stopped before the first step of an epoch makes one call of it.
        if self._at.due == "end" or (model.stop_training and self._at.step):
            return
        calls = Calls(self._feed.stacks(self._at.epoch, self._at.step))
        chosen = False
        while (stack := calls.next_stack()) is not None:
            self._choice.follow()
            if not chosen:
                self._choice.choose(stack, self._steps_left())
                chosen = True
            self._run_call(calls)
            if model.stop_training:
                return
            if cadence.is_due(self._at.done, self._at.step, self._epoch_steps):
                self._at = replace(self._at, due="validation")
                self._validate_within()
                if model.stop_training:
                    return
            self._recorder.after_step(self._at, self._state)
        self._counted_steps = self._at.step

    def _run_call(self, calls: Calls) -> None:
        """Runs the steps until something is due, in one compiled call."""
        at, size, own = self._at, self._block_size, self._steps.own is not None
        until_validation = self._plan.cadence.until_next(at.done, at.step, self._epoch_steps)
        most = min(self._steps.of_own if own else size(), until_validation, self._recorder.until_next(at.done))
        pieces = calls.take(most, across=size.fixed or own)
        count = length(pieces)
        self._hooks.on_train_batch_begin(at.step)
        with size.timed(count):
            self._logs = self._steps.run(pieces)
        self._at = Position(at.epoch, at.step + count, at.done + count)
        self._hooks.on_train_batch_end(self._at.step - 1, self._logs)

    @property
    def _epoch_steps(self) -> int | None:
        """The steps of an epoch, as far as the data or the previous epoch shows; None if unknown."""
        return self._feed.steps or self._counted_steps

    def _steps_left(self) -> int | None:
        steps = self._epoch_steps
        return None if steps is None else steps * (self._plan.epochs - self._at.epoch)

    def _validate_within(self) -> None:
        """Validates within an epoch and restores the metrics of the epoch afterwards.

        Callbacks with a method `on_validation_end` get the epoch, the step and the values.
        """
        kept = [(variable, np.array(variable)) for variable in self._model.metrics_variables]
        values = self._validate()
        for variable, value in kept:
            variable.assign(value)
        epoch, step = self._at.epoch, self._at.step
        self.validations.append({"epoch": epoch, "step": step, **values})
        self._at = replace(self._at, due="step")
        for on_validation_end in _defined(self._hooks, "on_validation_end"):
            on_validation_end(epoch, step, values)

    def _validate(self) -> dict[str, float]:
        leave_if_asked = self._recorder.before_validation(self._at, self._state)
        return {
            f"{prefix}{name}": value
            for prefix, held_out in self._validation.items()
            for name, value in held_out.values(leave_if_asked).items()
        }

    def _state(self) -> dict[str, Any]:
        """Returns the state of the loop itself for a snapshot, as plain values; see `state_types.STATE`."""
        return {
            "stopped": bool(self._model.stop_training),
            "values": flat(self._values),
            "logs": own_logs(self._model, self._logs),
            "validations": list(self.validations),
            "counted": self._counted_steps,
            **self._choice.state(),
            "trainable": self._trainable(),
        }

    def _trainable(self) -> dict[str, Any]:
        """Returns which parts of the model are trainable now, and which were when its step was built and traced."""
        moments = {"now": Trainable.of(self._model), "built": self._steps.built, "traced": self._steps.traced}
        return {moment: dict(vars(parts)) for moment, parts in moments.items() if parts is not None}

    def _restore(self, snapshot: Snapshot) -> None:
        """Puts the model, its callbacks, the data and the loop itself back to what they were at a snapshot."""
        state = snapshot.state
        trainable = {moment: Trainable(**parts) for moment, parts in state["trainable"].items()}
        if "traced" in trainable:
            self._steps.rebuild(trainable.get("built"), trainable["traced"])
        else:
            self._steps.build()
        self._recorder.restore(snapshot)
        if "now" in trainable:
            trainable["now"].put(self._model)
        self._at = snapshot.position
        self._model.stop_training = state["stopped"]
        self._values, self._logs, self._counted_steps = state["values"], state["logs"], state["counted"]
        self.validations = list(state["validations"])
        self._choice.go_on_from(state)
        for on_resume in _defined(self._hooks, "on_resume"):
            on_resume(self._at.epoch, self._at.step)

    def _roll_back(self, factor: float) -> None:
        """Restores the last snapshot with finite weights, and lowers the learning rate.

        Raises:
            ConfigError: There is no such snapshot, or the learning rate follows a schedule.
        """
        optimizer = self._model.optimizer
        rate = settable_rate(optimizer)
        self._restore(self._recorder.last_good())
        # The snapshot may be from before the rate was lowered the last time.
        optimizer.learning_rate = factor * min(rate, float(optimizer.learning_rate))
        for on_roll_back in _defined(self._hooks, "on_roll_back"):
            on_roll_back(factor)
        log.info(
            "training continues from step %d of epoch %d with a learning rate of %.3g",
            self._at.step,
            self._at.epoch + 1,
            float(optimizer.learning_rate),
        )


def _first_epoch(model: keras.Model, plan: Plan) -> int:
    # keras.callbacks.BackupAndRestore says in this attribute at which epoch to resume.
    kept = getattr(model, "_initial_epoch", None) or 0
    if not isinstance(kept, Integral) or kept < 0:
        raise ConfigError(f"callbacks: expected a backup of a whole number of epochs, got {kept!r:.40}")
    return int(kept) or plan.initial_epoch


def _defined(hooks: Hooks, name: str) -> list[Callable[..., Any]]:
    """Returns a hook that Keras' own callbacks lack, from each callback that defines it."""
    return [getattr(callback, name) for callback in hooks.callbacks if hasattr(callback, name)]
