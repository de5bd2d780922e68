"""The live progress of a training in a terminal: epoch and step bars, speed, time left, metrics against the best."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, TextIO

import keras

from pipeline.callbacks.direction import direction
from pipeline.callbacks.epoch_log import EpochLog
from pipeline.errors import ConfigError
from pipeline.security.plain_types import Number
from pipeline.security.terminal import printable

REFRESHES = 8
"""Refreshes a second."""
SHOWN = 4
"""Most metrics shown."""


def progress_callbacks(
    verbosity: int, others: Sequence[keras.callbacks.Callback] = ()
) -> list[keras.callbacks.Callback]:
    """Returns what shows the progress of a training, as `verbose` of `keras.Model.fit` says.

    Args:
        verbosity: 0 for nothing, 1 for live bars and a line an epoch, 2 for the line only.
        others: The callbacks of the config, one of which may be Keras' own bar, in place of ours.
    """
    if verbosity == 0:
        return []
    if verbosity == 1 and any(isinstance(other, keras.callbacks.ProgbarLogger) for other in others):
        # In the log each of its states would be a line.
        keras.config.enable_interactive_logging()
        return [EpochLog()]
    return [EpochLog(), Progress()] if verbosity == 1 else [EpochLog()]


class Progress(keras.callbacks.Callback):  # type: ignore[misc]
    """Shows bars for epochs and steps below the lines of the log, until training ends."""

    every_batch = False
    # A training that began in a terminal may go on without one, and the other way round.
    may_be_missing = True
    state_types: ClassVar = {"best": dict[str, Number]}

    def __init__(self) -> None:
        super().__init__()
        self._best: dict[str, float] = {}
        self._live: Any = None
        self._handlers: Any = None
        self._seen = 0
        self._resumed = 0
        self._started = 0.0

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Starts the display."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}", style="bold"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            # A name in brackets is no markup.
            TextColumn("{task.fields[said]}", markup=False),
        )
        self._live = Progress(*columns, refresh_per_second=REFRESHES, transient=True)
        terminal = sys.stdout
        self._live.start()
        # The log's handlers hold the terminal itself; through the display their lines come above it.
        self._handlers = _lines_above(terminal)
        self._handlers.__enter__()
        self._epochs = self._live.add_task("epoch", total=self.params.get("epochs"), said="")
        self._steps = self._live.add_task("step", total=self.params.get("steps"), said="")

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Starts the bar of steps anew."""
        self._live.update(self._epochs, completed=epoch)
        self._live.reset(self._steps, total=self.params.get("steps"), said="")
        self._seen, self._resumed, self._started = 0, 0, time.perf_counter()

    def on_resume(self, epoch: int, step: int) -> None:
        """Starts the bars where training goes on."""
        self.on_epoch_begin(epoch)
        self._live.update(self._steps, completed=step)
        self._seen = self._resumed = step

    def get_state(self) -> dict[str, Any]:
        """Returns the best value of each metric."""
        return {"best": self._best}

    def set_state(self, state: dict[str, Any]) -> None:
        """Puts the best values back."""
        self._best = state["best"]

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Moves the bar of steps; called once a block of steps."""
        self._seen = batch + 1
        speed = (self._seen - self._resumed) / max(time.perf_counter() - self._started, 1e-9)
        total = self.params.get("steps")
        left = f", validation in {total - self._seen}" if total and self._seen < total else ""
        self._live.update(
            self._steps, completed=self._seen, said=f"{speed:,.0f} steps/s{left}  {self._against_best(logs or {})}"
        )

    def on_validation_end(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:  # noqa: ARG002
        """Shows what a validation within an epoch measured."""
        self._keep_best(logs)
        self._live.update(self._epochs, said=self._against_best(logs))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Moves the bar of epochs, and remembers the best values."""
        self._keep_best(logs or {})
        self._live.update(self._epochs, completed=epoch + 1, said=self._against_best(logs or {}))

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
            # Of a metric whose name does not tell which is better, nobody knows the best.
            with suppress(ConfigError):
                better = min if direction(name) == "min" else max
                self._best[name] = better(float(value), self._best.get(name, float(value)))

    def _against_best(self, logs: Mapping[str, Any]) -> str:
        names = [name for name in logs if name != "learning_rate"]
        chosen = sorted(names, key=lambda name: (not name.startswith("val_"), "loss" not in name, name))[:SHOWN]
        shown = []
        for name in chosen:
            best = f" (best {self._best[name]:.4g})" if name in self._best else ""
            shown.append(f"{printable(name)} {float(logs[name]):.4g}{best}")
        return "  ".join(shown)


@contextmanager
def _lines_above(terminal: TextIO) -> Iterator[None]:
    """Sends what log handlers write to the terminal through the standard output as the live display redirects it."""
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
