"""The epoch log: a line an epoch, on the console and in the run's log."""

from __future__ import annotations

import logging
import time
from typing import Any

import keras

log = logging.getLogger(__name__)


class EpochLog(keras.callbacks.Callback):
    """Logs number, duration and values of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Starts the clock."""
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the line."""
        seconds = time.perf_counter() - self._started
        values = "  ".join(f"{name} {float(value):.4g}" for name, value in (logs or {}).items())
        log.info("epoch %d/%d  %.1f s  %s", epoch + 1, self.params.get("epochs", 0), seconds, values)
