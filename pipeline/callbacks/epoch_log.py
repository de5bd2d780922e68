"""The epoch log: a line an epoch, on the console and in the run's log."""

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
"""Columns of a line where there is no terminal; the losses and a metric, on both splits, fit in."""


class EpochLog(Callback):
    """Logs number, duration and values of each epoch; on the console no more of them than a line has room for.

    Args:
        monitors: Metrics that come before others.
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
        """Returns the seconds of this epoch so far."""
        return {"seconds": time.perf_counter() - self._started}

    def set_state(self, state: dict[str, Any]) -> None:
        """Starts the clock with the seconds of this epoch so far, without the time between."""
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
