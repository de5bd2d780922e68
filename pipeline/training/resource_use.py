"""Memory and processor use of the process during training: one row of `resources.csv` about every second."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from pipeline.errors import PipelineError, one_line
from pipeline.run.atomic_files import write_text
from pipeline.run.names import RESOURCES
from pipeline.security.reading import ABSENT, read_text

log = logging.getLogger(__name__)

HEADER = "seconds,cpu_percent,memory_bytes\n"
"""Seconds of training so far; processor use, where 100 % is one core; resident memory."""
FILE = RESOURCES
INTERVAL = 1.0
SHARE = 0.001
"""The pause between two rows as a share of the training time, so that ten days give about 7,000 rows."""
SHORTEST = 0.05
"""The shortest time over which processor use can be measured, in seconds."""
MOST_BYTES = 16 * 2**20


@contextmanager
def sampled(path: Path) -> Iterator[None]:
    """Samples inside the context on a thread that otherwise sleeps. If the file cannot be written, training continues.

    When a training is resumed, the existing rows stay and time continues from them.

    Args:
        path: The file. It is written row by row, so that the rows survive if the process is killed.
    """
    try:
        sampler = _Sampler(path)
    except (OSError, PipelineError) as error:
        log.warning("%s: not written: %s", path.name, one_line(error))
        yield
        return
    try:
        yield
    finally:
        sampler.close()


def wait_after(seconds: float) -> float:
    """Returns the seconds until the next row, given the seconds of training so far."""
    return max(INTERVAL, SHARE * seconds)


class _Sampler:
    def __init__(self, path: Path) -> None:
        kept, self._before = _kept(path)
        # The file is replaced by renaming, so that it does not write through a link.
        write_text(path, kept)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._process = psutil.Process()
        self._started = self._last = time.monotonic()
        self._used = self._processor_seconds()
        self._rows = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="resources", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Writes the last row."""
        self._ended.set()
        self._thread.join()
        try:
            if not self._rows or time.monotonic() - self._last >= SHORTEST:
                self._sample()
        finally:
            os.close(self._descriptor)

    def _run(self) -> None:
        while not self._ended.wait(wait_after(self._before + self._last - self._started)):
            self._sample()

    def _sample(self) -> None:
        now, used = time.monotonic(), self._processor_seconds()
        percent = 100 * (used - self._used) / max(now - self._last, 1e-3)
        memory = self._process.memory_info().rss
        self._last, self._used, self._rows = now, used, self._rows + 1
        row = f"{self._before + now - self._started:.2f},{percent:.1f},{memory}\n"
        # A full disk is reported by code that writes something important.
        with suppress(OSError):
            os.write(self._descriptor, row.encode())

    def _processor_seconds(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system


def _kept(path: Path) -> tuple[str, float]:
    """Returns the existing part of the file: its complete rows, and the seconds of the last one."""
    try:
        text = read_text(path, "run", MOST_BYTES)
    except ABSENT:
        return HEADER, 0.0
    rows = text[: text.rfind("\n") + 1]
    if not rows.startswith(HEADER):
        return HEADER, 0.0
    try:
        return rows, float(rows.removeprefix(HEADER).splitlines()[-1].split(",")[0])
    except (IndexError, ValueError):
        return HEADER, 0.0
