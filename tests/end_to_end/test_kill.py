"""The real command, killed at random moments and resumed each time, ends with the very same bytes as undisturbed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.training.snapshots.snapshot import Snapshot, read_snapshot

ENDS: dict[int, int] = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: 143, signal.SIGINT: 130}
BEGUN = ("XLA ", "resuming ", "no snapshot to resume")
"""What the command says when it begins to train."""


@dataclass
class Experiment:
    """Arguments of the command, and seconds from the begin of training within which it is killed."""

    arguments: list[str]
    within: float


EXPERIMENTS = {
    # More than 3000 steps, so that XLA is chosen, and an epoch's metrics depend on the order of its steps.
    "dense": Experiment(
        [
            "+experiment=quickstart",
            "loader.batch_size=8",
            "model.dropout=0.3",
            "weighting=class_weight",
            "weighting.weights={5:2.0}",
            "weighting.others=1",
            "callbacks=[early_stopping,checkpoints,plateau]",
            "callbacks.early_stopping.patience=50",
            "trainer.epochs=24",
            "trainer.validation_interval=50",
        ],
        2.0,
    ),
    "several": Experiment(
        [
            "+experiment=multi_io/class_weight",
            "loader.batch_size=8",
            "trainer.epochs=8",
            "trainer.validation_interval=7",
        ],
        2.0,
    ),
}


def begun(process: subprocess.Popen[str]) -> str:
    """Waits until training begins, and returns what was said until then."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith(BEGUN):
            break
    return said


def run(folder: Path, arguments: list[str], kill_after: float | None, number: int = signal.SIGKILL) -> int:
    """Runs the command, and sends it a signal so many seconds after training begins, unless it ends before."""
    command = [sys.executable, "-m", "pipeline", *arguments, "report=false", "resume=auto"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        out = ""
        if kill_after is not None:
            out = begun(process)
            try:
                process.wait(kill_after)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, number)
                asked = time.monotonic()
        out += process.communicate()[0]
    assert process.returncode in (0, ENDS[number]), out
    if process.returncode:
        # Within 5, and a moment for a machine with other work to end the process.
        assert time.monotonic() - asked < 6
    return process.returncode


def ended(folder: Path) -> tuple[Snapshot, dict[str, bytes]]:
    """Returns the state at the end of the only run in a folder, and the files that must be the same."""
    (run_folder,) = folder.glob("outputs/*/*")
    assert not list(run_folder.rglob(".*.snapshot"))
    last = max(run_folder.glob("snapshots/*.snapshot"))
    files = ("history.csv", "metrics.json", "checkpoints/checkpoints.json")
    return read_snapshot(last.read_bytes()), {
        name: (run_folder / name).read_bytes() for name in files if (run_folder / name).is_file()
    }


def assert_same(folder: Path, other: Path) -> None:
    (here, files), (there, other_files) = ended(folder), ended(other)
    assert here.position == there.position
    assert files == other_files
    for one, two in zip(here.variables, there.variables, strict=True):
        np.testing.assert_array_equal(one, two)
    for name in ("values", "validations", "compilation"):
        assert here.state[name] == there.state[name]


def kill_and_compare(tmp_path: Path, experiment: Experiment, numbers: list[int], *snapshots: str) -> None:
    """Trains in one go, and again with a signal for each of these numbers, and compares."""
    arguments = [*experiment.arguments, *snapshots]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    assert run(whole, arguments, None) == 0
    generator = random.Random(0)
    deaths = 0
    for number in numbers:
        if run(killed, arguments, generator.uniform(0, experiment.within), number) == 0:
            break
        deaths += 1
    (run_folder,) = killed.glob("outputs/*/*")
    if json.loads((run_folder / "run.json").read_text())["status"] != "finished":
        assert run(killed, arguments, None) == 0
    assert deaths >= len(numbers) / 2
    assert_same(whole, killed)


@pytest.mark.slow
def test_a_command_killed_at_any_moment_ends_as_one_that_is_not(tmp_path: Path) -> None:
    kill_and_compare(tmp_path, EXPERIMENTS["dense"], [signal.SIGKILL] * 2, "snapshots.every_steps=1")


LONGER = Experiment([*EXPERIMENTS["dense"].arguments, "loader.batch_size=2", "trainer.epochs=12"], 1.0)
OTHERS: dict[str, Any] = {
    "several inputs and outputs": (EXPERIMENTS["several"], [signal.SIGKILL] * 2, "snapshots.every_steps=3"),
    # With a snapshot of its own, as no other is taken.
    "signals": (
        LONGER, [signal.SIGTERM, signal.SIGINT], "snapshots.every_epochs=null", "snapshots.every_seconds=null",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", OTHERS)
def test_other_models_and_signals_end_the_same_too(name: str, tmp_path: Path) -> None:
    kill_and_compare(tmp_path, *OTHERS[name])
