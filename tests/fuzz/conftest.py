"""What fuzzing takes: whole commands with a limit of time, and what has to hold after every one of them."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import keras
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

SECONDS = 60
"""The longest that a command may take, on a slow machine that does other work too."""
MANY = "FUZZ_EXAMPLES" in os.environ
"""Whether many cases are asked for, as by `FUZZ_EXAMPLES=1000`: others in each run, and what fails is made small, which
takes minutes. Without it, the same few cases come each time."""


class Hung(BaseException):
    """A command that takes too long; not an `Exception`, as the command would catch that."""


@pytest.fixture
def fuzzed(drawn: random.Random) -> Callable[[int, SearchStrategy[Any], Callable[[Any], None]], None]:
    """Runs a check on so many cases of a strategy."""

    def fuzz(count: int, cases: SearchStrategy[Any], check: Callable[[Any], None]) -> None:
        chosen = settings(
            max_examples=int(os.environ.get("FUZZ_EXAMPLES", count)),
            derandomize=not MANY,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink) if MANY else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
        )
        test = chosen(given(cases)(check))
        (seed(drawn.getrandbits(32))(test) if MANY else test)()

    # Each command collects garbage; all that was imported before is none.
    gc.collect()
    gc.freeze()
    return fuzz


@pytest.fixture
def judged(command: Callable[..., Any]) -> Callable[..., Any]:
    """Runs a command, checks what has to hold for any, and removes its run folder; gives what `judge` does."""

    def run(*arguments: str) -> str | None:
        with _limit_of_time(arguments):
            done = command(*arguments)
        return _judge(done, arguments)

    return run


@pytest.fixture
def judge() -> Callable[[Any, Any], str | None]:
    """Checks what has to hold after any command, removes its run folder, and gives its `metrics.json` if it has one."""
    return _judge


@pytest.fixture
def limit_of_time() -> Callable[[Any], contextlib.AbstractContextManager[None]]:
    """Ends a command that hangs."""
    return _limit_of_time


def _judge(done: Any, case: Any) -> str | None:
    told = f"{case!r} ended with {done.code}\n{done.err[-3000:]}"
    assert done.code in (0, 2), told
    assert "Traceback" not in done.out + done.err, told
    assert bool(done.errors) == (done.code == 2), told
    assert all(line.strip() for line in done.errors), told
    if done.folder is None:
        return None
    _check_folder(done, told)
    metrics = done.folder / "metrics.json"
    text: str | None = metrics.read_text() if metrics.exists() else None
    shutil.rmtree(done.folder)
    return text


def _check_folder(done: Any, told: str) -> None:
    facts = done.json("run.json")
    assert facts["exit_code"] == done.code, told
    assert facts["status"] == ("finished" if done.code == 0 else "failed"), told
    hidden = [path.name for path in done.folder.rglob("*") if path.name.startswith(".") or path.suffix == ".tmp"]
    assert set(hidden) <= {".hydra", ".lock"}, f"{hidden} is left of {told}"
    if (done.folder / "metrics.json").exists():
        assert isinstance(done.json("metrics.json"), dict), told
    if (done.folder / "history.csv").exists():
        assert done.code == 2 or done.history(), told
    if (done.folder / "model.keras").exists():
        keras.saving.load_model(done.folder / "model.keras", compile=False)
    elif done.code == 0:
        assert any((done.folder / name).exists() for name in ("metrics.json", "predictions.parquet", "predictions.npz"))


@contextlib.contextmanager
def _limit_of_time(case: Any) -> Iterator[None]:
    """Ends a command that hangs: in Python by an exception, elsewhere by the end of the process, after its stacks."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    faulthandler.dump_traceback_later(2 * SECONDS, exit=True, file=sys.__stderr__)
    try:
        yield
    except Hung as hung:
        raise AssertionError(f"{case!r} took more than {SECONDS} seconds") from hung
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)
