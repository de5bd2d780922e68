"""The base of callbacks: what training tells a callback beyond Keras' own hooks, and what a snapshot keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras


class Callback(keras.callbacks.Callback):
    """A callback that validates, resumes and rolls back with a training.

    Any `keras.callbacks.Callback` works here as it is. This class names what is called beside Keras' hooks, each of
    which does nothing unless it is overridden; a callback with methods of these names is called too if it has another
    base. This one counts the examples that were trained on, and goes on counting after a resume:

        class CountExamples(Callback):
            every_batch = False
            state_types = {"seen": int}

            def __init__(self, batch_size: int) -> None:
                super().__init__()
                self.batch_size = batch_size
                self.seen = 0
                self._begin = 0

            def on_train_batch_begin(self, batch, logs=None):
                self._begin = batch

            def on_train_batch_end(self, batch, logs=None):
                self.seen += (batch - self._begin + 1) * self.batch_size

            def get_state(self):
                return {"seen": self.seen}

            def set_state(self, state):
                self.seen = state["seen"]

    **Batch hooks.** Many steps run in one compiled call. A callback that overrides a batch hook is called for every
    batch, which takes a call of its own, or `trainer.steps_per_execution` of them. With `every_batch = False` it is
    called around each call instead: `on_train_batch_begin` with the number of the first batch in it,
    `on_train_batch_end` with that of the last one. The attribute is looked at before every call, so a callback may set
    it on itself to stop looking at batches.

    **State.** A snapshot keeps what a callback remembers. Without methods of its own for that, those are its attributes
    that hold plain values, arrays or generators of random numbers and have changed since `on_train_begin`, but for
    arguments that its config sets. With two methods it is what they say:

    - `get_state() -> dict[str, Any]`: plain values (None, bool, int, float, str, arrays, and lists, tuples, sets and
      dicts of them).
    - `set_state(state: dict[str, Any]) -> None`: puts them back. It is called after `on_train_begin`, before
      `on_resume`. A `LookupError`, `TypeError` or `ValueError` refuses the snapshot.

    They are not defined here, as having them is what chooses between the two.

    Attributes:
        every_batch: Whether a callback that overrides batch hooks must see every batch.
        rolls_back: Whether it may raise `pipeline.training.roll_back.RollBack`. A snapshot is then taken before the
            first step too, and a schedule of the learning rate is refused, as going back lowers the rate.
        survives_roll_back: Whether its state stays as it is when training goes back to a snapshot because a
            callback raised `RollBack`. What counts tries, or time, wants that; others go back with the weights.
        may_be_missing: Whether a training with it may be resumed without it, and the other way round.
        saves_model: Whether it saves the model as a whole, which is refused of a model that cannot be saved.
        sets_learning_rate: Whether it sets the optimizer's learning rate, which is refused beside a schedule.
        state_types: Type hints of the state by key, checked before `set_state` or attributes are set, as a snapshot may
            be damaged or a stranger's. Keys may be missing; there are no others.
    """

    every_batch: bool = True
    rolls_back: bool = False
    survives_roll_back: bool = False
    may_be_missing: bool = False
    saves_model: bool = False
    sets_learning_rate: bool = False
    state_types: ClassVar[Mapping[str, Any]] = {}

    def on_validation_end(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        """Called after a validation within an epoch; the one at its end is in the logs of `on_epoch_end`.

        Args:
            epoch: Number of the epoch, from 0.
            step: Steps done of it.
            logs: What was measured, as `val_loss`; of a named set as `val_<name>_loss`.
        """

    def on_resume(self, epoch: int, step: int) -> None:
        """Called when everything is back to what it was at a snapshot: on resume, and when training rolls back.

        Args:
            epoch: The epoch with which training continues, counted from 0.
            step: Steps done of it. `on_epoch_begin` is called next only where that is 0.
        """

    def on_roll_back(self, factor: float) -> None:
        """Called after `on_resume` when training went back to a snapshot and the learning rate was lowered.

        Args:
            factor: What the learning rate was multiplied by.
        """

    def on_train_failure(self, error: BaseException) -> None:
        """Called when training ends by an error or a signal, before `on_train_end`.

        Args:
            error: The error, also KeyboardInterrupt and SystemExit.
        """
