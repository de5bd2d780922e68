"""Lets contenders train in turns, one epoch at a time, so that other load on the machine affects all of them alike."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from pipeline.errors import PipelineError, one_line
from pipeline.timing.contenders import Contender

MEMORY_RESET = Path("/proc/self/clear_refs")
MEMORY_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Timing:
    """The timing of a contender.

    Attributes:
        name: The contender.
        epochs: Seconds of each epoch after the first, which compiles.
        first_step: Seconds from the call of `fit` to the end of the first step or, for ours, of the first steps.
        memory: The peak memory of the first epoch in bytes, beyond that before it; None if unknown.
        error: Why it could not train, in which case the other values mean nothing.
    """

    name: str
    epochs: Sequence[float]
    first_step: float
    memory: int | None
    error: str | None = None

    @property
    def median(self) -> float:
        """Median seconds of an epoch."""
        return statistics.median(self.epochs)


def timed_in_turns(contenders: Sequence[Contender], rounds: int) -> list[Timing]:
    """Lets each contender train its first epoch alone, then all of them in turns, one epoch each, `rounds` times.

    Raises:
        PipelineError: The config or the data has a mistake, as raised by the first contender that meets it.
        Exception: The first contender, the reference, could not train.
    """
    runners = [_Runner(contender, rounds) for contender in contenders]
    for _ in range(rounds + 1):
        for runner in runners:
            if runner.error is None:
                runner.run_epoch()
            if isinstance(runner.error, PipelineError) or (runner is runners[0] and runner.error is not None):
                raise runner.error
    return [runner.timing() for runner in runners]


class _Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Waits for its turn before each epoch, and measures it."""

    every_batch = False

    def __init__(self) -> None:
        super().__init__()
        self.turn, self.done = threading.Semaphore(0), threading.Semaphore(0)
        self.epochs: list[float] = []
        self.first_step: float | None = None
        self.called = 0.0
        self._start = 0.0

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        self.called = self.called or time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        if epoch:
            self.turn.acquire()
        self._start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        if self.first_step is None:
            self.first_step = time.perf_counter() - self.called

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.epochs.append(time.perf_counter() - self._start)
        self.done.release()


class _Runner:
    """A contender in its own thread."""

    def __init__(self, contender: Contender, rounds: int) -> None:
        self.contender = contender
        self.clock = _Clock()
        self.memory: int | None = None
        self.error: BaseException | None = None
        self._rounds = rounds
        self.thread = threading.Thread(target=self._train, daemon=True)

    def run_epoch(self) -> None:
        """Lets it train one epoch, and waits for it to end."""
        if not self.thread.is_alive() and not self.clock.epochs:
            before = _memory_now()
            self.thread.start()
            self.clock.done.acquire()
            self.memory = None if before is None else max(0, (_memory_most() or 0) - before)
        else:
            self.clock.turn.release()
            self.clock.done.acquire()

    def timing(self) -> Timing:
        """Returns its timing, once it has trained."""
        self.thread.join()
        error = None if self.error is None else one_line(self.error)
        return Timing(self.contender.name, self.clock.epochs[1:], self.clock.first_step or 0.0, self.memory, error)

    def _train(self) -> None:
        try:
            self.clock.called = time.perf_counter()
            self.contender.train(self._rounds + 1, [self.clock])
        except BaseException as error:  # noqa: BLE001
            self.error = error
        self.clock.done.release()


def _memory_now() -> int | None:
    """Returns the memory in use in bytes, and resets the recorded peak; None outside of Linux."""
    try:
        MEMORY_RESET.write_text("5")
    except OSError:
        return None
    return _status("VmRSS")


def _memory_most() -> int | None:
    return _status("VmHWM")


def _status(key: str) -> int | None:
    for line in MEMORY_STATUS.read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    return None
