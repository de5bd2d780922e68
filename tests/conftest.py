"""What tests of several packages share: whole commands, a part of a user that fails, and the real MNIST where it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import absl.logging
import numpy as np
import pytest

from pipeline.tensorflow_import import import_tensorflow

import_tensorflow()
# Hydra closes every logging handler when it configures its own, and absl's would close the stream that pytest captures.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

# A shell has what it runs in the background ignore SIGINT, which the commands of tests would inherit.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# So has `nohup` with SIGHUP.
if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

pytest_plugins = ["tests.drawn_cases"]

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass
class Done:
    """A command that ended.

    Attributes:
        code: Its exit code.
        out: Its standard output.
        err: Its standard error.
        errors: The lines of its standard error that tell of mistakes.
        folder: The run folder that it made; None if it made none.
    """

    code: int
    out: str
    err: str
    errors: list[str]
    folder: Path | None

    def json(self, name: str) -> Any:
        assert self.folder is not None
        return json.loads((self.folder / name).read_text())

    def history(self) -> dict[str, list[float]]:
        assert self.folder is not None
        header, *rows = (self.folder / "history.csv").read_text().splitlines()
        values = np.array([[float(v) for v in row.split(",")] for row in rows])
        return {name: list(values[:, i]) for i, name in enumerate(header.split(","))}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs `python -m pipeline …` in a folder of the test's own, in this process to import TensorFlow but once."""
    from pipeline.cli import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        before = set(tmp_path.glob("outputs/*/*"))
        monkeypatch.setattr(sys, "argv", ["pipeline", *arguments])
        capsys.readouterr()
        code = main()
        out, err = capsys.readouterr()
        new = sorted(set(tmp_path.glob("outputs/*/*")) - before)
        errors = [line for line in err.splitlines() if line.startswith("error: ")]
        return Done(code, out, err, [line.removeprefix("error: ") for line in errors], new[-1] if new else None)

    return run


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `python -m pipeline …` in a folder of the test's own; what it says can be read line by line."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pipeline", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, cwd=tmp_path, **(pipes | options))
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def broken_part(tmp_path: Path) -> None:
    """Writes a module of a user, whose callback `broken_part.Broken` raises after an epoch, into the test's folder."""
    (tmp_path / "broken_part.py").write_text(
        "import keras\n\n\nclass Broken(keras.callbacks.Callback):\n"
        "    def on_epoch_end(self, epoch, logs=None):\n        raise ValueError('broken')\n"
    )


@pytest.fixture
def mnist() -> Path:
    """The folder of `mnist.npz`; skips where there is none, as tests download nothing."""
    for folder in (os.environ.get("PIPELINE_DATA_DIR"), REPOSITORY.parent / "shared" / "data", "~/.keras/datasets"):
        if folder and (Path(folder).expanduser() / "mnist.npz").is_file():
            return Path(folder).expanduser()
    pytest.skip("no mnist.npz: set PIPELINE_DATA_DIR to its folder")
