"""One run at a time works in a folder; what killed it does not matter to the next one."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.run import lock
from pipeline.run.names import LOCK
from tests.run.conftest import QUICK, Process, wait_for


def test_second_run_in_a_folder_is_refused_until_the_first_is_dead(
    start: Callable[..., Process], command: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    first = start(*QUICK, f"hydra.run.dir={folder}", "trainer.epochs=100000")
    wait_for(first, "epoch 1/")
    facts = json.loads((folder / "run.json").read_text())
    assert (facts["status"], facts["pid"]) == ("running", first.pid)
    config = (folder / ".hydra" / "config.yaml").read_bytes()

    refused = command(*QUICK, f"hydra.run.dir={folder}", "trainer.epochs=1")
    assert refused.code == 2
    assert len(refused.errors) == 1
    assert f"'{folder}' is in use by process {first.pid} on {facts['host']} since 2" in refused.errors[0]
    assert (folder / ".hydra" / "config.yaml").read_bytes() == config
    assert json.loads((folder / "run.json").read_text()) == facts

    first.kill()
    first.wait()
    assert command(*QUICK, f"hydra.run.dir={folder}", "trainer.epochs=1").code == 0
    assert json.loads((folder / "run.json").read_text())["status"] == "finished"
    assert command(*QUICK, f"hydra.run.dir={folder}", "trainer.epochs=1").code == 0


def test_of_two_runs_that_start_at_once_one_is_refused(start: Callable[..., Process], tmp_path: Path) -> None:
    both = [start(*QUICK, f"hydra.run.dir={tmp_path / 'run'}", "trainer.epochs=1") for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 2]
    assert sorted(text.count("is in use by") for text in said) == [0, 1]


def test_lock_that_nobody_holds_is_no_hindrance(tmp_path: Path) -> None:
    for _ in range(2):
        with lock.held(tmp_path):
            text = "is in use by process"
            with pytest.raises(ConfigError, match=text), lock.held(tmp_path):
                pass
    (tmp_path / LOCK).write_text("no holder")
    with lock.held(tmp_path):
        pass


def test_worker_that_outlives_a_killed_run_does_not_hold_the_lock(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from pipeline.run import lock

with lock.held(Path.cwd()):
    worker = os.fork()
    if not worker:
        print(os.getpid(), flush=True)
        signal.pause()
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    run = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert run.stdin is not None
    assert run.stdout is not None
    worker = int(run.stdout.readline())
    with pytest.raises(ConfigError, match=f"in use by process {run.pid}"), lock.held(tmp_path):
        pass
    run.stdin.write("go\n")
    run.stdin.flush()
    assert run.wait() == -signal.SIGKILL
    with lock.held(tmp_path):
        os.kill(worker, signal.SIGTERM)


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL])
def test_file_system_without_locks_costs_a_warning(
    number: int, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    done = command(*QUICK, "trainer.epochs=1")
    assert done.code == 0, done.err
    assert "has no locks" in done.out
    wrong = command(*QUICK, "trainer.epochs=1", "optimizer.learning_rate=x")
    assert wrong.errors
    assert "locks" not in wrong.err


def test_lock_that_fails_otherwise_is_told_with_its_file(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(fcntl, "flock", flock)
    done = command(*QUICK, "trainer.epochs=1")
    assert done.code == 2
    assert ".lock': its disk fails" in done.errors[0]
