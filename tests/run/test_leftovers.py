"""What a process that was killed was writing: the next command that holds the lock of the folder removes it."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
SHORT = ("+experiment=quickstart", "report=false", "loader.batch_size=128")
NAMES = ("model.keras", "report.html", "history.csv", "checkpoints/best.keras", "snapshots/000000000001.snapshot")
KILLED = """
import os, sys
from pathlib import Path
from pipeline.run.atomic_files import write_atomically

def write(beside):
    beside.write_text("half")
    os.kill(os.getpid(), 9)

write_atomically(Path(sys.argv[1]), write)
"""


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob(".*") if path.name not in (".hydra", ".lock"))


@pytest.fixture
def left(command: Command) -> Path:
    """The folder of a run in which a process was killed in the middle of each of several writes."""
    done = command(*SHORT, "trainer.epochs=1", "callbacks=[default]", "split.validation=0.1")
    assert done.code == 0, done.err
    for name in NAMES:
        killed = subprocess.run([sys.executable, "-c", KILLED, str(done.folder / name)], check=False)
        assert killed.returncode == -signal.SIGKILL
    folder: Path = done.folder
    # As an earlier version has named them, and what is no such file.
    for name in (".abcd_123.keras", ".1234wxyz.html", ".notebook.json", ".env"):
        (folder / name).write_text("x")
    assert len(hidden(folder)) == len(NAMES) + 4
    return folder


def test_next_command_in_the_folder_removes_them(left: Path, command: Command) -> None:
    done = command(f"resume={left}", "trainer.epochs=2")
    assert done.code == 0, done.err
    assert hidden(left) == [".env", ".notebook.json"]


def test_they_are_no_files_of_the_run(left: Path, command: Command) -> None:
    done = command("task=evaluate", f"run={left}")
    assert done.code == 0, done.err
    assert "unfinished" not in done.out
    assert len(hidden(left)) == len(NAMES) + 4


def test_folder_that_is_no_runs_keeps_its_files(tmp_path: Path, command: Command) -> None:
    (tmp_path / ".abcd_123.json").write_text("mine")
    (tmp_path / ".unfinished-thoughts.html").write_text("mine")
    done = command(*SHORT, "trainer.epochs=1", "hydra.run.dir=.")
    assert done.code == 0, done.err
    assert hidden(tmp_path) == [".abcd_123.json", ".unfinished-thoughts.html"]


def test_process_that_still_writes_keeps_its_files(left: Path, command: Command) -> None:
    code = (
        "import sys; from pathlib import Path; from pipeline.run import lock\n"
        "with lock.held(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(left)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        done = command(f"resume={left}", "trainer.epochs=2")
        assert done.code == 2
        assert "is in use by process" in done.errors[0]
        assert len(hidden(left)) == len(NAMES) + 4
        holder.stdin.close()
    shutil.rmtree(left)
