"""Takes snapshots of a training when they are due, and restores a training from one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from pipeline.data.batches import Batches
from pipeline.data.randomness import random_state, set_random_state
from pipeline.errors import ConfigError
from pipeline.run import signals
from pipeline.training.cadence import NEVER
from pipeline.training.snapshots.callback_states import CallbackStates
from pipeline.training.snapshots.model_state import ModelState
from pipeline.training.snapshots.schedule import SnapshotSchedule
from pipeline.training.snapshots.snapshot import Position, Snapshot

State = Callable[[], Mapping[str, Any]]
"""Returns what the loop itself has to keep, as plain values."""


class Recorder:
    """Takes snapshots and, when a signal asks to leave, takes a last one and leaves.

    Args:
        model: The model to train.
        callbacks: Its callbacks.
        batches: The training batches.
        snapshots: Says when snapshots are due, and writes them; None for no snapshots.
    """

    def __init__(
        self,
        model: keras.Model,
        callbacks: Sequence[keras.callbacks.Callback],
        batches: Batches | None = None,
        snapshots: SnapshotSchedule | None = None,
    ) -> None:
        self._model, self._callbacks, self._batches, self._schedule = model, callbacks, batches, snapshots
        self._states = CallbackStates(callbacks)
        self._variables: ModelState | None = None

    @property
    def found(self) -> Snapshot | None:
        """The snapshot to resume from; None to start anew."""
        return None if self._schedule is None else self._schedule.found

    def start(self) -> None:
        """Starts, once all callbacks have begun."""
        if self._schedule is not None:
            self._states.begin()
            self._schedule.start()

    @property
    def may_roll_back(self) -> bool:
        """Whether a callback may go back to a snapshot, which there has to be from the beginning then."""
        return self._schedule is not None and any(getattr(one, "rolls_back", False) for one in self._callbacks)

    def at_begin(self, at: Position, state: State) -> None:
        """Takes a snapshot before the first step."""
        if self._schedule is not None:
            self._schedule.put(self._taken(at, state))
            self._variables = None

    def until_next(self, done: int) -> int:
        """Returns the largest number of steps until the next snapshot, given the number done."""
        return NEVER if self._schedule is None else self._schedule.until_next(done)

    def after_step(self, at: Position, state: State) -> None:
        """Takes a snapshot if one is due. If a signal asks to leave, takes one and leaves."""
        asked = signals.requested()
        if self._schedule is not None and (self._schedule.is_due(at.done) or asked):
            self._schedule.put(self._taken(at, state))
        if asked:
            self._leave()

    def after_epoch(self, epoch: int, at: Position, state: State, *, ends: bool) -> None:
        """Does the same after an epoch. Always takes a snapshot after the last epoch.

        The set of variables may have grown, since some are created at their first use.
        """
        self._variables = None
        asked = signals.requested()
        if self._schedule is not None and (ends or self._schedule.is_due_after(epoch) or asked):
            self._schedule.put(self._taken(at, state))
        if asked:
            self._leave()

    def before_validation(self, at: Position, state: State) -> Callable[[], None]:
        """Takes a snapshot, and returns a function that leaves the validation if a signal asks for it."""
        before = None if self._schedule is None else self._taken(at, state)

        def leave_if_asked() -> None:
            if signals.requested():
                if self._schedule is not None and before is not None:
                    self._schedule.put(before)
                self._leave()

        return leave_if_asked

    def restore(self, snapshot: Snapshot) -> None:
        """Restores everything except the loop itself. The model must be built.

        Raises:
            ConfigError: The snapshot belongs to another model or to other callbacks.
        """
        self._variables = ModelState(self._model)
        self._variables.write(snapshot.variables)
        self._states.restore(snapshot.state["callbacks"])
        set_random_state(snapshot.state["random"])
        if self._batches is not None:
            self._batches.resume(snapshot.state["batches"])

    def last_good(self) -> Snapshot:
        """Returns the last snapshot with finite weights, for a callback that asked to go back to it.

        Raises:
            ConfigError: There is none.
        """
        snapshot = None if self._schedule is None else self._schedule.last_good()
        if snapshot is None:
            more = "" if self.may_roll_back else ", or rolls_back = True in the class of the callback"
            raise ConfigError(
                "callbacks: a callback raised RollBack, and there is no snapshot to roll back to; set "
                f"snapshots.every_steps=100{more}; if the loss is not finite, lower optimizer.learning_rate"
            )
        return snapshot

    def close(self) -> None:
        """Returns when all snapshots are written."""
        if self._schedule is not None:
            self._schedule.close()

    def _taken(self, at: Position, state: State) -> Snapshot:
        assert self._schedule is not None
        if self._variables is None:
            self._variables = ModelState(self._model)
        return Snapshot(
            at,
            self._variables.read(),
            self._variables.weights,
            {
                **state(),
                "callbacks": self._states.captured(),
                "random": random_state(),
                "batches": {} if self._batches is None else self._batches.state(),
                "facts": self._schedule.facts,
            },
        )

    def _leave(self) -> None:
        if self._schedule is not None:
            self._schedule.flush()
        signals.leave()
