"""Progress is live in a terminal, and plain lines without control codes elsewhere; `trainer.verbose` decides."""

import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.callbacks.epoch_log import EpochLog
from pipeline.callbacks.progress import Progress, progress_callbacks
from pipeline.config.schema import TrainerConfig

ARGUMENTS = ["+experiment=quickstart", "trainer.epochs=4", "report=false"]
CONTROL = re.compile(r"\x1b\[")


def in_terminal(folder: Path, *arguments: str) -> str:
    """Returns what a command writes to a terminal of its own."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "pipeline", *arguments]
    wide = {**os.environ, "COLUMNS": "160"}
    process = subprocess.Popen(command, cwd=folder, stdin=its, stdout=its, stderr=its, close_fds=True, env=wide)
    os.close(its)
    written = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        written += chunk
    os.close(ours)
    assert process.wait(60) == 0, written.decode()
    return written.decode()


def test_terminal_shows_bars_with_speed_and_metrics_against_the_best(tmp_path: Path) -> None:
    written = in_terminal(tmp_path, *ARGUMENTS)
    assert CONTROL.search(written)
    assert "steps/s" in written
    assert "importing TensorFlow…\r\x1b[2K" in written
    assert re.search(r"val_loss [\d.]+ \(best [\d.]+\)", written)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    assert all(f"epoch {number}/4" in plain for number in range(1, 5))


def test_elsewhere_there_is_a_plain_line_an_epoch_and_the_first_line_comes_before_tensorflow(tmp_path: Path) -> None:
    start = time.monotonic()
    command = [sys.executable, "-m", "pipeline", *ARGUMENTS]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdout is not None
    first, seconds = process.stdout.readline(), time.monotonic() - start
    out, err = process.communicate(timeout=120)
    whole = time.monotonic() - start
    assert process.returncode == 0, err
    assert first.startswith("train quickstart in outputs/")
    assert seconds < whole / 2
    assert not CONTROL.search(first + out + err)
    assert "\r" not in out
    assert err == ""
    assert len(re.findall(r"^epoch \d/4 ", out, re.MULTILINE)) == 4


@pytest.mark.parametrize(
    ("verbose", "kinds"), [(0, []), (2, [EpochLog]), (1, [EpochLog, Progress]), ("auto", [EpochLog])]
)
def test_verbose_is_as_in_keras(verbose: Any, kinds: list[type]) -> None:
    assert [type(callback) for callback in progress_callbacks(TrainerConfig(verbose=verbose).verbosity)] == kinds


def test_nothing_is_shown_if_verbose_is_0(command: Callable[..., Any]) -> None:
    done = command("+experiment=quickstart", "report=false", "trainer.epochs=2", "trainer.verbose=0")
    assert "epoch 1/2" not in done.out


def test_live_display_ends_with_a_training_that_fails(command: Callable[..., Any]) -> None:
    done = command("+experiment=quickstart", "trainer.epochs=2", "trainer.verbose=1", "optimized_metric=nothing")
    assert done.code == 2
    again = command("+experiment=quickstart", "report=false", "trainer.epochs=1", "trainer.verbose=1")
    assert again.code == 0, again.errors


def test_validation_within_an_epoch_is_a_line_too(command: Callable[..., Any]) -> None:
    done = command("+experiment=quickstart", "report=false", "trainer.epochs=1", "callbacks=[validation]")
    assert done.code == 0, done.errors
    assert len(re.findall(r"^epoch 1, step \d+  val_loss", done.out, re.MULTILINE)) == 3
    assert [v["step"] for v in done.json("run.json")["validations"]] == [5, 10, 15]
