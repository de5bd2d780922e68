"""Batches that are fetched ahead come in order, whoever fetches them, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.data.workers import Workers
from pipeline.errors import DataError


def drawn(fetch: Callable[[int], Any], numbers: range, *, processes: bool, ahead: int = 3) -> list[Any]:
    return list(Workers(2, processes, ahead).fetched(fetch, numbers, "data.train: Images"))


def killed_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("processes", [False, True])
def test_batches_come_in_order(processes: bool) -> None:
    assert drawn(lambda number: number * 2, range(7, 0, -1), processes=processes) == [14, 12, 10, 8, 6, 4, 2]
    assert drawn(lambda number: number, range(0), processes=processes) == []


def test_processes_fetch_in_processes_of_their_own_and_threads_in_threads() -> None:
    assert os.getpid() not in drawn(lambda _: os.getpid(), range(4), processes=True)
    assert threading.current_thread() not in drawn(lambda _: threading.current_thread(), range(4), processes=False)


def test_no_more_is_fetched_ahead_than_asked_for() -> None:
    fetched: list[int] = []
    batches = Workers(1, False, 3).fetched(lambda number: fetched.append(number) or number, range(100), "data")  # type: ignore[func-returns-value]
    assert [next(batches) for _ in range(2)] == [0, 1]
    batches.close()  # type: ignore[attr-defined]
    assert fetched == list(range(len(fetched)))
    assert len(fetched) <= 4


def test_a_killed_worker_process_is_told_in_a_line() -> None:
    with pytest.raises(DataError, match=r"data\.train: Images: a worker process ended while batch \d was fetched"):
        drawn(killed_at_three, range(9), processes=True)


def test_worker_processes_end_with_a_killed_parent() -> None:
    code = """
import os, signal, sys
from pipeline.data.workers import Workers
batches = Workers(2, True, 4).fetched(lambda number: os.getpid(), range(100), "data")
print(*{next(batches) for _ in range(9)}, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    # The output ends only when no process has it any more.
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split()
