"""The epoch log: a line an epoch, on the console and in the run's log."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import keras

from pipeline.security.plain_types import Seconds

log = logging.getLogger(__name__)


class EpochLog(keras.callbacks.Callback):
    """Logs number, duration and values of each epoch."""

    state_types: ClassVar = {"seconds": Seconds}

    def __init__(self) -> None:
        super().__init__()
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Starts the clock."""
        self._started = time.perf_counter()

    def get_state(self) -> dict[str, Any]:
        """Returns the seconds of this epoch so far."""
        return {"seconds": time.perf_counter() - self._started}

    def set_state(self, state: dict[str, Any]) -> None:
        """Starts the clock with the seconds of this epoch so far, without the time between."""
        self._started = time.perf_counter() - state["seconds"]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the line."""
        seconds = time.perf_counter() - self._started
        log.info("epoch %d/%d  %.1f s  %s", epoch + 1, self.params.get("epochs", 0), seconds, _told(logs or {}))

    def on_validation_end(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        """Logs a line for a validation within an epoch."""
        log.info("epoch %d, step %d  %s", epoch + 1, step, _told(logs))


def _told(values: Mapping[str, Any]) -> str:
    return "  ".join(f"{name} {float(value):.4g}" for name, value in values.items())
