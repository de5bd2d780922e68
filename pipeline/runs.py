"""The run folder: everything about one run, and nothing about a run anywhere else."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from pipeline.errors import ConfigError
from pipeline.files import write_json

PACKAGES = ("tensorflow", "keras", "hydra-core", "numpy", "pandas", "tensorflow-datasets")
CONTENTS = {
    "model.keras": "the trained model",
    "metrics.json": "each split, each output",
    "history.csv": "a row an epoch",
    "predictions.parquet": "a row an example",
    "predictions.npz": "a row an example",
    "report.html": "the report, for a browser",
    "checkpoints": "the best models and the last one",
    "tensorboard": "logs for TensorBoard",
    "lr_find.html": "the loss over the learning rate",
    "lr_find.csv": "a row a step",
    "benchmark.json": "seconds of each epoch",
    "run.json": "versions, seed, command, data, durations, status",
    "pipeline.log": "the log",
    ".hydra": "the config",
}


@dataclass
class Run:
    """One run, and its folder.

    Attributes:
        folder: Where its files are.
        facts: What `run.json` will say beside the durations.
        durations: Seconds by stage.
        other_data: Whether the command works on a run, but on other data than that run's own.
    """

    folder: Path
    facts: dict[str, Any] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    other_data: bool = False

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measures the time a stage takes, also when it fails."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.durations[name] = round(time.perf_counter() - start, 3)

    def record(self, **facts: Any) -> None:
        """Adds facts to `run.json`, which is written when the run ends."""
        self.facts.update(facts)

    def finish(self, status: str, exit_code: int, error: str | None = None) -> None:
        """Writes `run.json`."""
        write_json(
            self.folder / "run.json",
            {
                "status": status,
                "exit_code": exit_code,
                "error": error,
                **self.facts,
                "ended": _now(),
                "durations_seconds": self.durations,
            },
        )

    def contents(self) -> list[str]:
        """Returns a line for each file of the folder: its name and what it holds."""
        return [f"{name:<20} {text}" for name, text in CONTENTS.items() if (self.folder / name).exists()]


def start_run(folder: Path, command: Sequence[str]) -> Run:
    """Starts the record of a run in an existing folder."""
    run = Run(folder)
    run.record(
        command=[Path(command[0]).name, *command[1:]],
        started=_now(),
        git_commit=_git_commit(),
        versions={"python": platform.python_version(), **_versions()},
        platform=platform.platform(),
    )
    return run


def config_of_run(folder: Path) -> DictConfig:
    """Reads the config that made a run back from its folder.

    Raises:
        ConfigError: There is no such folder, or it is not one of a run.
    """
    path = folder / ".hydra" / "config.yaml"
    if not path.is_file():
        found = "is not a folder" if not folder.is_dir() else "is not a run's: it has no .hydra/config.yaml"
        raise ConfigError(f"run: '{folder}' {found}; give the folder that a finished training printed")
    config = OmegaConf.load(path)
    assert isinstance(config, DictConfig)
    return config


def model_file(folder: Path) -> Path:
    """Returns the model file of a run's folder.

    Raises:
        ConfigError: The run left no model.
    """
    path = folder / "model.keras"
    if not path.is_file():
        raise ConfigError(f"run: '{folder}' has no model.keras; its training did not finish")
    return path


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _versions() -> Mapping[str, str]:
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _git_commit() -> str | None:
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
