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

    Step `i`, counted from 1, uses `i / steps` of the rate. Steps that the optimizer has already done count, so a
    resumed training continues its warm-up with the same total number of steps. Other callbacks may change the rate once
    the warm-up is over.

    Args:
        steps: The number of warm-up steps, instead of a share.
        share: The warm-up as a share of all training steps. A tenth if neither is given.

    Attributes:
        every_batch: Whether the warm-up is still in progress.

    Raises:
        ConfigError: The number of steps or the share is invalid; during training, the total number of steps is unknown,
            or the optimizer's learning rate follows a schedule.
    """

    sets_learning_rate = True
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
            raise ConfigError(f"steps: expected 1 or more, got {steps}")
        if steps is not None and share is not None:
            raise ConfigError(f"share: expected steps or share, got both: steps={steps} and share={share}")
        if share is not None and not 0 < share <= 1:
            raise ConfigError(f"share: expected a number above 0, up to 1, got {share}")
        self.steps = steps
        self.share = SHARE if share is None else share
        self.rate = 0.0
        self.every_batch = True
        self._begin = 0
        self._done: int | None = None
        self._steps = steps

    def set_model(self, model: keras.Model) -> None:
        """Reads the optimizer's learning rate, before a resumed training restores the lower rate it had."""
        super().set_model(model)
        self.rate = float(model.optimizer.learning_rate)
        self._set(self.rate)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Resets the state."""
        self.every_batch, self._done, self._steps = True, None, self.steps

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Counts the steps of the warm-up when the first epoch begins."""
        if self._steps is None:
            of_epoch = self.params.get("steps")
            if of_epoch is None:
                raise ConfigError(
                    "callbacks: WarmUp takes a share of the steps, but the length of an epoch is unknown; "
                    "set its steps, or trainer.steps_per_epoch"
                )
            self._steps = max(1, round(self.share * of_epoch * (self.params["epochs"] - epoch)))

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Sets the rate of the step, or of the block of steps that begins with it."""
        if not self.every_batch:
            return
        if self._done is None:
            # A loss scale optimizer wraps the real one, which counts updates, each perhaps of several steps.
            optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
            self._done = int(optimizer.iterations) * (optimizer.gradient_accumulation_steps or 1)
        self._begin = batch
        assert self._steps is not None
        if self._done < self._steps:
            self._set(self.rate * (self._done + 1) / self._steps)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Counts the steps. After the last warm-up step, restores the optimizer's rate."""
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
        """Returns the number of completed steps, the total, and the rate to reach."""
        return {
            "done": self._done,
            "begin": self._begin,
            "every_batch": self.every_batch,
            "rate": self.rate,
            "steps": self._steps,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Continues after the completed steps."""
        self._done, self._begin, self.every_batch = state["done"], state["begin"], state["every_batch"]
        self._steps = state.get("steps", self.steps)
        # The rate to reach may have been lowered since, if training went back to a snapshot.
        self.rate = min(self.rate, state["rate"])

    def on_roll_back(self, factor: float) -> None:
        """Lowers the rate to reach, because training continues from a snapshot with a lower one."""
        self.rate *= factor

    def _set(self, rate: float) -> None:
        try:
            self.model.optimizer.learning_rate = rate
        except (AttributeError, TypeError) as error:
            raise ConfigError(
                "callbacks: WarmUp cannot set a learning rate that follows a schedule; set schedule=constant, or "
                "schedule=cosine, which has its own warm-up"
            ) from error
