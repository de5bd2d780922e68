"""The callback that starts training at a low learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras

from pipeline.callbacks.callback import Callback
from pipeline.errors import ConfigError
from pipeline.security.plain_types import Number, Whole

SHARE = 0.1


class WarmUp(Callback):
    """Raises the learning rate from near 0 to the optimizer's own over the first steps, then leaves it alone.

    Step `i`, counted from 1, has `i / steps` of the rate. Steps that the optimizer has done before count, so that a
    resumed training goes on where it was, with as many steps of warm-up as it began with. Others may change the rate
    once the warm-up is over.

    Args:
        steps: Steps until the whole rate is reached, in place of a share.
        share: Share of all steps of the training until then; a tenth where neither is given.

    Attributes:
        every_batch: Whether the warm-up is still going on.

    Raises:
        ConfigError: There are too few steps, or a share that is none; in training, that nobody knows how long that is,
            or that the optimizer's learning rate follows a schedule.
    """

    state_types: ClassVar = {
        "done": Whole | None,
        "begin": Whole,
        "every_batch": bool,
        "rate": Number,
        "steps": Whole | None,
    }

    def __init__(self, *, steps: int | None = None, share: float | None = None) -> None:
        super().__init__()
        if steps is not None and steps < 1:
            raise ConfigError(f"steps: {steps} is too small; 1 or more is right")
        if steps is not None and share is not None:
            raise ConfigError(f"share: {share}, and steps is {steps}; one of the two is right")
        if share is not None and not 0 < share <= 1:
            raise ConfigError(f"share: {share} is no share of the training; above 0, up to 1, is right")
        self.steps = steps
        self.share = SHARE if share is None else share
        self.rate = 0.0
        self.every_batch = True
        self._begin = 0
        self._done: int | None = None
        self._steps = steps

    def set_model(self, model: keras.Model) -> None:
        """Reads the optimizer's learning rate, before a resumed training gets back the lower one that it had."""
        super().set_model(model)
        self.rate = float(model.optimizer.learning_rate)
        self._set(self.rate)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Starts anew."""
        self.every_batch, self._done, self._steps = True, None, self.steps

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Counts the steps of the warm-up when the first epoch begins."""
        if self._steps is None:
            of_epoch = self.params.get("steps")
            if of_epoch is None:
                raise ConfigError(
                    "callbacks: nobody knows the length of an epoch, of which WarmUp is a share; its steps, or "
                    "trainer.steps_per_epoch, are right"
                )
            self._steps = max(1, round(self.share * of_epoch * (self.params["epochs"] - epoch)))

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Sets the rate of the step, or of the block of steps that begins with it."""
        if not self.every_batch:
            return
        if self._done is None:
            # What scales the loss has the optimizer within it; that counts updates, each perhaps of several steps.
            optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
            self._done = int(optimizer.iterations) * (optimizer.gradient_accumulation_steps or 1)
        self._begin = batch
        assert self._steps is not None
        if self._done < self._steps:
            self._set(self.rate * (self._done + 1) / self._steps)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Counts the steps; after the last one of the warm-up, the rate is the optimizer's."""
        if not self.every_batch:
            return
        assert self._done is not None
        assert self._steps is not None
        before, self._done = self._done, self._done + batch - self._begin + 1
        if self._done >= self._steps:
            self.every_batch = False
            if before < self._steps:
                self._set(self.rate)

    def get_state(self) -> dict[str, Any]:
        """Returns the steps that are done and those of the whole warm-up, and the rate to reach."""
        return {
            "done": self._done,
            "begin": self._begin,
            "every_batch": self.every_batch,
            "rate": self.rate,
            "steps": self._steps,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on after the steps that are done."""
        self._done, self._begin, self.every_batch = state["done"], state["begin"], state["every_batch"]
        self._steps = state.get("steps", self.steps)
        # The one to reach may have been lowered since, when training went back before.
        self.rate = min(self.rate, state["rate"])

    def on_roll_back(self, factor: float) -> None:
        """Lowers the whole rate, training having gone back to a snapshot to go on with a lower one."""
        self.rate *= factor

    def _set(self, rate: float) -> None:
        try:
            self.model.optimizer.learning_rate = rate
        except (AttributeError, TypeError) as error:
            raise ConfigError(
                "callbacks: WarmUp cannot set a learning rate that follows a schedule; schedule=constant, or "
                "schedule=cosine, which has a warm-up of its own, is right"
            ) from error
