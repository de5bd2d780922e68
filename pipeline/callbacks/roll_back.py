"""The callback that goes back to the last snapshot when the loss is NaN or infinite."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any, ClassVar

from pipeline.callbacks.callback import Callback
from pipeline.errors import ConfigError
from pipeline.security.plain_types import Whole
from pipeline.training.roll_back import RollBack, settable_rate

log = logging.getLogger(__name__)


class RollBackOnNaN(Callback):
    """Goes back to the last good snapshot, with a lower learning rate, when the loss is NaN or infinite.

    Like `StopOnNaN`, it checks after each block of steps and at the end of each epoch. If another callback sets the
    rate, as `LearningRateScheduler` does every epoch, the rate stays lowered only until then.

    Args:
        factor: The learning rate is multiplied by this each time.
        most: How often training may go back before it stops.

    Raises:
        ConfigError: A number is invalid; during training, the optimizer's learning rate follows a schedule.
    """

    every_batch = False
    rolls_back = True
    survives_roll_back = True
    state_types: ClassVar = {"times": Whole}

    def __init__(self, factor: float = 0.5, most: int = 3) -> None:
        super().__init__()
        if not 0 < factor < 1:
            raise ConfigError(f"factor: expected a number between 0 and 1, such as 0.5, got {factor}")
        if most < 1:
            raise ConfigError(f"most: expected 1 or more, got {most}")
        self.factor, self.most = factor, most
        self._times = 0
        self._epoch = 0

    @property
    def times(self) -> int:
        """How often training went back."""
        return self._times

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Resets the count, and checks that the learning rate can be set."""
        self._times = 0
        settable_rate(self.model.optimizer)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Remembers the epoch."""
        self._epoch = epoch

    def on_resume(self, epoch: int, step: int) -> None:  # noqa: ARG002
        """Remembers the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Checks the loss. Called once per block of steps."""
        self._look(f"within {batch + 1} steps of epoch {self._epoch + 1}", logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Checks the loss of the epoch."""
        self._look(f"at the end of epoch {epoch + 1}", logs)

    def get_state(self) -> dict[str, Any]:
        """Returns how often training went back."""
        return {"times": self._times}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restores the count."""
        self._times = state["times"]

    def _look(self, moment: str, logs: Mapping[str, Any] | None) -> None:
        loss = float((logs or {}).get("loss", 0.0))
        if math.isfinite(loss) or self.model.stop_training:
            return
        if self._times == self.most:
            self.model.stop_training = True
            log.warning("training stops: the loss is %s %s, after going back %d times", loss, moment, self._times)
            return
        self._times += 1
        log.warning(
            "the loss is %s %s: training goes back to the last snapshot with a lower learning rate, time %d of %d",
            loss, moment, self._times, self.most,
        )  # fmt: skip
        raise RollBack(self.factor)
