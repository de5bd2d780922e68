"""The callback that starts training at a low learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras

from pipeline.errors import ConfigError
from pipeline.security.plain_types import Number, Whole


class WarmUp(keras.callbacks.Callback):
    """Raises the learning rate from near 0 to the optimizer's own over the first steps, then leaves it alone.

    Step `i`, counted from 1, has `i / steps` of the rate. Steps that the optimizer has done before count, so that a
    resumed training goes on where it was. Others may change the rate once the warm-up is over.

    Args:
        steps: Steps until the whole rate is reached.

    Attributes:
        every_batch: Whether the warm-up is still going on.

    Raises:
        ConfigError: There are too few steps; in training, that the optimizer's learning rate follows a schedule.
    """

    state_types: ClassVar = {"done": Whole | None, "begin": Whole, "every_batch": bool, "rate": Number}

    def __init__(self, *, steps: int) -> None:
        super().__init__()
        if steps < 1:
            raise ConfigError(f"steps: {steps} is too small; 1 or more is right")
        self.steps = steps
        self.rate = 0.0
        self.every_batch = True
        self._begin = 0
        self._done: int | None = None

    def set_model(self, model: keras.Model) -> None:
        """Reads the optimizer's learning rate, before a resumed training gets back the lower one that it had."""
        super().set_model(model)
        self.rate = float(model.optimizer.learning_rate)
        self._set(self.rate)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Starts anew."""
        self.every_batch, self._done = True, None

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Sets the rate of the step, or of the block of steps that begins with it."""
        if not self.every_batch:
            return
        if self._done is None:
            self._done = int(self.model.optimizer.iterations)
        self._begin = batch
        if self._done < self.steps:
            self._set(self.rate * (self._done + 1) / self.steps)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Counts the steps; after the last one of the warm-up, the rate is the optimizer's."""
        if not self.every_batch:
            return
        assert self._done is not None
        before, self._done = self._done, self._done + batch - self._begin + 1
        if self._done >= self.steps:
            self.every_batch = False
            if before < self.steps:
                self._set(self.rate)

    def get_state(self) -> dict[str, Any]:
        """Returns the steps that are done, and the rate to reach."""
        return {"done": self._done, "begin": self._begin, "every_batch": self.every_batch, "rate": self.rate}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on after the steps that are done."""
        self._done, self._begin, self.every_batch = state["done"], state["begin"], state["every_batch"]
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
