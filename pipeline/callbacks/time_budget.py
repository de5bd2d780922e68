"""The callback that ends training when its time is used up."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from pipeline.callbacks.callback import Callback
from pipeline.errors import ConfigError
from pipeline.security.plain_types import Seconds

log = logging.getLogger(__name__)


class TimeBudget(Callback):
    """Stops training when its time is used up, also within an epoch. Everything measured until then is kept.

    The clock is checked after each block of steps, about every half second. A resumed training has the rest of the
    budget; the time between the two runs does not count.

    Args:
        seconds: Seconds that training may take, including validation. The three arguments are added up.
        minutes: Minutes likewise.
        hours: Hours likewise.

    Raises:
        ConfigError: No time is given, or a negative one.
    """

    every_batch = False
    survives_roll_back = True
    state_types: ClassVar = {"left": Seconds}

    def __init__(self, *, seconds: float | None = None, minutes: float | None = None, hours: float | None = None):
        super().__init__()
        given = {"seconds": seconds, "minutes": minutes, "hours": hours}
        for name, value in given.items():
            if value is not None and not value >= 0:
                raise ConfigError(f"{name}: expected 0 or more, got {value}")
        self.seconds = (seconds or 0) + 60 * (minutes or 0) + 3600 * (hours or 0)
        if not self.seconds:
            raise ConfigError("no time is given; set seconds, minutes or hours, such as minutes=30")
        self._end = 0.0
        self._epoch = 0

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Starts the clock."""
        self._end = time.monotonic() + self.seconds

    def get_state(self) -> dict[str, Any]:
        """Returns the remaining seconds."""
        return {"left": self._end - time.monotonic()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Starts the clock with the remaining seconds."""
        self._end = time.monotonic() + state["left"]

    def on_resume(self, epoch: int, step: int) -> None:  # noqa: ARG002
        """Remembers the epoch."""
        self._epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Remembers the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Checks the clock. Called once per block of steps."""
        self._look(f"step {batch + 1} of epoch {self._epoch + 1}")

    def on_validation_end(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:  # noqa: ARG002
        """Checks the clock."""
        self._look(f"the validation after step {step} of epoch {epoch + 1}")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Checks the clock."""
        self._look(f"epoch {epoch + 1}")

    def _look(self, moment: str) -> None:
        if time.monotonic() >= self._end and not self.model.stop_training:
            self.model.stop_training = True
            log.info("training stops after %s: its time of %g seconds is used up", moment, self.seconds)
