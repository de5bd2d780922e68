"""The epoch log: one line per epoch, on the console and in the run's log."""

from __future__ import annotations

import logging
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pipeline.callbacks.callback import Callback
from pipeline.callbacks.shown_values import GAP, by_importance, fitted
from pipeline.security.plain_types import Seconds
from pipeline.security.terminal import SHORT

log = logging.getLogger(__name__)
COLUMNS = 100
"""Line width without a terminal: room for the loss and one metric on both splits."""


class EpochLog(Callback):
    """Logs the number, duration and values of each epoch. On the console, the line is cut to the available width.

    Args:
        monitors: Metrics to show before the others.
    """

    state_types: ClassVar = {"seconds": Seconds}

    def __init__(self, monitors: Sequence[str] = ()) -> None:
        super().__init__()
        self._monitors = monitors
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Starts the clock."""
        self._started = time.perf_counter()

    def get_state(self) -> dict[str, Any]:
        """Returns the seconds spent in this epoch so far."""
        return {"seconds": time.perf_counter() - self._started}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restores the seconds spent in this epoch so far. The time between the two runs does not count."""
        self._started = time.perf_counter() - state["seconds"]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the line."""
        seconds = time.perf_counter() - self._started
        self._log(f"epoch {epoch + 1}/{self.params.get('epochs', 0)}  {seconds:.1f} s", logs or {})

    def on_validation_end(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        """Logs a line for a validation within an epoch."""
        self._log(f"epoch {epoch + 1}, step {step}", logs)

    def _log(self, what: str, logs: Mapping[str, Any]) -> None:
        values = {name: float(logs[name]) for name in by_importance(logs, self._monitors)}
        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else COLUMNS
        short = f"{what}{GAP}{fitted(values, {}, columns - len(what) - len(GAP))}"
        log.info("%s%s%s", what, GAP, fitted(values), extra={SHORT: short})
