"""The live progress of a training in a terminal: epoch and step bars, speed, time left, current and best metrics."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, TextIO

import keras

from pipeline.callbacks.callback import Callback
from pipeline.callbacks.direction import direction
from pipeline.callbacks.epoch_log import EpochLog
from pipeline.callbacks.progress_rows import Row, Rows
from pipeline.callbacks.shown_values import LAST, by_importance, monitors_of
from pipeline.errors import ConfigError
from pipeline.security.plain_types import Number

REFRESHES = 8
"""Refreshes per second."""


def progress_callbacks(
    verbosity: int, others: Sequence[keras.callbacks.Callback] = ()
) -> list[keras.callbacks.Callback]:
    """Returns the callbacks that show the progress of a training, following `verbose` of `keras.Model.fit`.

    Args:
        verbosity: 0 for nothing, 1 for live bars and one line per epoch, 2 for the lines only.
        others: The callbacks of the config. If one is Keras' own progress bar, it takes the place of ours.
    """
    if verbosity == 0:
        return []
    monitors = monitors_of(others)
    if verbosity == 1 and any(isinstance(other, keras.callbacks.ProgbarLogger) for other in others):
        # In the log, each state of the bar would be a line.
        keras.config.enable_interactive_logging()
        return [EpochLog(monitors)]
    return [EpochLog(monitors), Progress(monitors)] if verbosity == 1 else [EpochLog(monitors)]


class Progress(Callback):
    """Shows bars for epochs and steps below the log lines until training ends.

    Args:
        monitors: Metrics to show first when there is no room for all.
    """

    every_batch = False
    # A training that began in a terminal may continue without one, and vice versa.
    may_be_missing = True
    state_types: ClassVar = {"best": dict[str, Number]}

    def __init__(self, monitors: Sequence[str] = ()) -> None:
        super().__init__()
        self._monitors = monitors
        self._best: dict[str, float] = {}
        self._live: Any = None
        self._handlers: Any = None
        self._epochs, self._steps = Row("epoch"), Row("step")
        self._begun = False

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Starts the display."""
        from rich.live import Live

        self._epochs, self._steps, self._begun = Row("epoch", self.params.get("epochs")), Row("step"), False
        self._live = Live(Rows((self._epochs, self._steps)), refresh_per_second=REFRESHES, transient=True)
        terminal = sys.stdout
        self._live.start()
        # A process that is killed could not restore a hidden cursor.
        self._live.console.show_cursor(True)
        # The log's handlers write to the terminal itself. Sent through the display, their lines appear above it.
        self._handlers = _lines_above(terminal)
        self._handlers.__enter__()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Restarts the bar of steps."""
        if self._begun:
            self._epochs.move(epoch)
        else:
            self._epochs.start(epoch)
        self._steps.total = self.params.get("steps")
        self._steps.start(0)
        self._steps.said = "" if self._begun else "compiling the step"

    def on_resume(self, epoch: int, step: int) -> None:
        """Starts the bars at the position where training resumes."""
        self.on_epoch_begin(epoch)
        self._steps.start(step)

    def get_state(self) -> dict[str, Any]:
        """Returns the best value of each metric."""
        return {"best": self._best}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restores the best values."""
        self._best = state["best"]

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Advances the bar of steps. Called once per block of steps."""
        if not self._begun:
            # The time spent compiling says nothing about the following steps.
            self._begun, self._steps.first = True, batch + 1
            self._steps.begun = self._epochs.begun = time.perf_counter()
        self._steps.move(batch + 1)
        total = self._steps.total
        self._steps.said = "validating" if self.params.get("validates") and batch + 1 == total else ""
        self._show(self._steps, logs)
        if total:
            self._epochs.move(int(self._epochs.done) + (batch + 1) / total if batch + 1 < total else self._epochs.done)

    def on_validation_end(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:  # noqa: ARG002
        """Shows the results of a validation within an epoch."""
        self._keep_best(logs)
        self._show(self._epochs, logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Advances the bar of epochs, and remembers the best values."""
        self._keep_best(logs or {})
        self._epochs.move(epoch + 1)
        self._show(self._epochs, logs)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Removes the display."""
        self._stop()

    def on_train_failure(self, error: BaseException) -> None:  # noqa: ARG002
        """Removes the display."""
        self._stop()

    def _stop(self) -> None:
        if self._live is not None:
            self._handlers.__exit__(None, None, None)
            self._live.stop()
            self._live = None

    def _keep_best(self, logs: Mapping[str, Any]) -> None:
        for name, value in logs.items():
            # Without a known direction there is no best value.
            with suppress(ConfigError):
                better = min if direction(name) == "min" else max
                self._best[name] = better(float(value), self._best.get(name, float(value)))

    def _show(self, row: Row, logs: Mapping[str, Any] | None) -> None:
        names = [name for name in by_importance(logs or {}, self._monitors) if name not in LAST]
        row.values = {name: float((logs or {})[name]) for name in names}
        row.best = {name: self._best[name] for name in names if name in self._best}


@contextmanager
def _lines_above(terminal: TextIO) -> Iterator[None]:
    """Redirects what log handlers write to the terminal through the standard output, as the live display does."""
    handlers = [
        handler
        for logger in (logging.getLogger(), logging.getLogger("pipeline"))
        for handler in logger.handlers
        if type(handler) is logging.StreamHandler and handler.stream is terminal
    ]
    for handler in handlers:
        handler.setStream(sys.stdout)
    try:
        yield
    finally:
        for handler in handlers:
            handler.setStream(terminal)
