"""Batches fetched ahead, in order, by threads or by processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any

from pipeline.errors import DataError

Fetch = Callable[[int], Any]
"""Returns the batch of a number."""
_fetch: Fetch
"""The function that a worker process fetches with, passed when the process started."""


@dataclass(frozen=True)
class Workers:
    """Workers that fetch batches ahead, in the terms of `keras.utils.PyDataset`.

    Attributes:
        count: Number of threads or processes.
        processes: Whether they are processes.
        ahead: Most batches that are fetched but not yet drawn.
    """

    count: int
    processes: bool
    ahead: int

    def fetched(self, fetch: Fetch, numbers: Iterable[int], name: str) -> Iterator[Any]:
        """Yields the batches of `numbers` in order.

        Args:
            fetch: Fetches one; processes copy it when the first batch is drawn.
            numbers: Their numbers.
            name: The name of batches in errors.

        Raises:
            DataError: A process ended before it fetched its batch.
        """
        waiting: deque[tuple[int, Future[Any]]] = deque()
        executor = self._executor(fetch)
        submitted = _in_process if self.processes else fetch
        try:
            for number in numbers:
                with _errors_named(name, number):
                    waiting.append((number, executor.submit(submitted, number)))
                if len(waiting) >= self.ahead:
                    yield _result(name, *waiting.popleft())
            while waiting:
                yield _result(name, *waiting.popleft())
        finally:
            executor.shutdown(cancel_futures=True)

    def _executor(self, fetch: Fetch) -> Executor:
        if self.processes:
            return ProcessPoolExecutor(self.count, initializer=_begin_process, initargs=(fetch,))
        return ThreadPoolExecutor(self.count)


def _result(name: str, number: int, future: Future[Any]) -> Any:
    with _errors_named(name, number):
        return future.result()


@contextmanager
def _errors_named(name: str, number: int) -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise DataError(
            f"{name}: a worker process ended while batch {number} was fetched; if the machine ran out of memory, use "
            "fewer workers"
        ) from error


def _begin_process(fetch: Fetch) -> None:
    global _fetch  # noqa: PLW0603
    _fetch = fetch
    # Ctrl-C reaches every process of the terminal; the training process ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
    os._exit(1)


def _in_process(number: int) -> Any:
    return _fetch(number)
