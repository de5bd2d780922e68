"""A training goes on to its end where its standard streams are closed, or whoever reads them goes away."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.run.conftest import QUICK, Process, wait_for

RUN = (*QUICK, "hydra.run.dir=run")
WRITING = """
import os
from contextlib import suppress
import keras

class Writing(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print("by Python")
        # As TensorFlow's C++ does, while a file is open.
        with open("open.txt", "w"):
            for number in (1, 2):
                with suppress(OSError):
                    os.write(number, b"by C++")
"""
FILES = [
    ".hydra", ".lock", "history.csv", "metrics.json", "model.keras", "pipeline.log", "resources.csv", "run.json",
    "snapshots",
]  # fmt: skip


@pytest.fixture
def writing(tmp_path: Path) -> str:
    """An argument by which a training writes to its standard streams in all ways."""
    (tmp_path / "writing_part.py").write_text(WRITING)
    return "+callbacks.writing._target_=writing_part.Writing"


@pytest.mark.exhaustive
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_stream_changes_nothing(closed: str, writing: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline", *RUN, "trainer.epochs=2", writing]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *command], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == FILES
    assert not (tmp_path / "open.txt").read_text()
    assert not [path for path in (tmp_path / "run").rglob("*") if path.is_file() and b"by C++" in path.read_bytes()]


def test_closed_streams_are_the_null_device_also_for_child_processes() -> None:
    code = (
        "import subprocess, sys; from pipeline.run import standard_streams;"
        "standard_streams.keep(); print(1); print(2, file=sys.stderr);"
        "same = 'for n in 0 1 2; do test /proc/$$/fd/$n -ef /dev/null || exit 1; done';"
        "sys.exit(subprocess.run(['sh', '-c', same]).returncode or len(sys.stdin.read()))"
    )
    command = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code]
    assert subprocess.run(command, check=False).returncode == 0


@pytest.mark.parametrize("options", [[], ["-u"]])
def test_open_streams_are_written_as_before(options: list[str]) -> None:
    code = (
        "import sys; from pipeline.run import standard_streams; standard_streams.keep();"
        "print('out \\udcff', end=''); print('err', file=sys.stderr); sys.stdout.flush()"
    )
    done = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (rb"out \udcff", b"err\n")


def test_reader_of_a_pipe_may_go_away(writing: str, start: Callable[..., Process]) -> None:
    run = start(*RUN, "trainer.epochs=60", writing, stderr=subprocess.STDOUT)
    wait_for(run, "epoch 2/")
    assert run.stdout is not None
    run.stdout.close()
    run.stdout = None
    assert run.wait() == 0


def test_terminal_may_go_away(writing: str, tmp_path: Path) -> None:
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "pipeline", *RUN, "trainer.epochs=60", writing]
    run = subprocess.Popen(command, cwd=tmp_path, stdin=its, stdout=its, stderr=its)
    os.close(its)
    said = b""
    while b"epoch 2/" not in said:
        said += os.read(ours, 65536)
    os.close(ours)
    assert run.wait() == 0
