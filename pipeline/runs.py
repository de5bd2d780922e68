"""The run folder: everything about one run, and nothing about a run anywhere else."""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from pipeline.errors import ConfigError, shown
from pipeline.files import remove_unfinished, write_json, write_text
from pipeline.security.reading import ABSENT, read_json, read_yaml
from pipeline.security.shapes import checked

PACKAGES = ("tensorflow", "keras", "hydra-core", "numpy", "pandas", "tensorflow-datasets")
MODEL, WEIGHTS = "model.keras", "model.weights.h5"
CONTENTS = {
    MODEL: "the trained model",
    WEIGHTS: "its weights alone, as it cannot be saved and loaded",
    "metrics.json": "each split, each output",
    "history.csv": "a row an epoch",
    "resources.csv": "memory and processor use",
    "predictions.parquet": "a row an example",
    "predictions.csv": "a row an example",
    "predictions.npz": "a row an example",
    "report.html": "the report, for a browser",
    "checkpoints": "the best models and the last one",
    "snapshots": "the state of the training, for resume",
    "tensorboard": "logs for TensorBoard",
    "lr_find.html": "the loss over the learning rate",
    "lr_find.csv": "a row a step",
    "benchmark.json": "seconds of each epoch",
    "inspect.html": "the look at the data, for a browser",
    "inspect.json": "the same as values",
    "run.json": "versions, seed, command, data, durations, status",
    "pipeline.log": "the log",
    ".hydra": "the config",
    "fold_1": "the run of the first fold, as the others are",
}
PARTS = frozenset(CONTENTS) | {".lock", "report_data.json", "report_data.npz"}
"""All files and folders of ours in a run folder."""

OF_START = frozenset({".hydra", ".lock", "pipeline.log", "run.json"})
"""Those that are there before a task begins."""
PARENTS = ("outputs", "multirun")
"""Folders in which runs and sweeps get folders of their own."""
TRAIN = "pipeline.tasks.train.train"
"""The task that trains."""
INSPECT = "pipeline.tasks.inspect.inspect"
"""The task that looks at data, which needs nothing of Keras."""

FACTS_FILE = "run.json"
RUNNING = "running"
"""The status of a run that has not ended, or was killed."""


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
        """Adds facts to `run.json`, which is written when the run starts and when it ends."""
        self.facts.update(facts)

    def begin(self) -> None:
        """Writes a `run.json` by which a run that was killed can be told: it says `running`, and no such process is."""
        status = {"status": RUNNING, "pid": os.getpid(), "host": socket.gethostname()}
        write_json(self.folder / "run.json", status | self.facts)

    def finish(self, status: str, exit_code: int, error: str | None = None) -> None:
        """Writes `run.json`."""
        write_json(self.folder / "run.json", self.outcome(status, exit_code, error))

    def outcome(self, status: str, exit_code: int, error: str | None = None) -> dict[str, Any]:
        """Returns what `run.json` says of a run that ends now."""
        return {
            "status": status,
            "exit_code": exit_code,
            "error": error,
            **self.facts,
            "ended": _now(),
            "durations_seconds": self.durations,
        }

    def contents(self) -> list[str]:
        """Returns a line for each file of the folder: its name and what it holds."""
        return [f"{name:<20} {text}" for name, text in CONTENTS.items() if (self.folder / name).exists()]


def start_run(folder: Path, command: Sequence[str], *, resumes: bool = False) -> Run:
    """Starts the record of a run in an existing folder, whose lock the caller holds.

    Args:
        folder: The run folder.
        command: The command line.
        resumes: Whether the command goes on with the run that is in the folder: the start of that stays its start, and
            `resumed` lists the times at which it went on.

    Raises:
        OSError: The folder cannot be written.
    """
    run, now = Run(folder), _now()
    before = facts_of_run(folder) if resumes else {}
    run.record(
        command=[Path(command[0]).name, *command[1:]],
        started=before.get("started", now),
        git_commit=_git_commit(),
        versions={"python": platform.python_version(), **_versions()},
        platform=platform.platform(),
    )
    if "started" in before:
        run.record(resumed=[*before.get("resumed", []), now])
    run.begin()
    return run


def discard_unless_begun(run: Run, *, is_new: bool) -> None:
    """Leaves nothing of a run that failed before it trained or wrote a result; the caller holds the folder's lock.

    Args:
        run: The run, whose folder is left as it is if there is anything else in it.
        is_new: Whether the folder was made for this run by its date and time; then it goes too, with folders above it
            that are empty. One that the user named stays.
    """
    if not {path.name for path in run.folder.iterdir()} <= OF_START:
        return
    for path in run.folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    with suppress(OSError):
        for folder in (run.folder, *run.folder.parents[:2]) if is_new else ():
            folder.rmdir()


def remove_leftovers(folder: Path) -> None:
    """Removes what a process that was killed was writing into a run folder, whose lock the caller holds."""
    if (folder / ".hydra").is_dir():
        for place in (folder, *(folder / name for name in PARTS)):
            if place.is_dir():
                remove_unfinished(place)


def write_config(folder: Path, config: DictConfig, hydra_config: DictConfig) -> None:
    """Writes the files of the config into `.hydra`, named and written as Hydra itself does where it is asked to.

    Hydra would write them before anybody can tell whether another run works in the folder.

    Raises:
        OSError: The folder cannot be written.
    """
    files = {"config": config, "hydra": hydra_config, "overrides": hydra_config.hydra.overrides.task}
    (folder / ".hydra").mkdir(exist_ok=True)
    for name, part in files.items():
        write_text(folder / ".hydra" / f"{name}.yaml", OmegaConf.to_yaml(part))


def config_of_run(folder: Path, key: str = "run") -> dict[str, Any]:
    """Reads the config that made a run back from its folder, its interpolations as they are written.

    Args:
        folder: The folder.
        key: The config key that names it, for messages.

    Raises:
        ConfigError: There is no such folder, it is not one of a run, or its config is no mapping of plain values.
    """
    path = folder / ".hydra" / "config.yaml"
    try:
        config = read_yaml(path, key)
    except ABSENT as error:
        found = "is not a folder" if not folder.is_dir() else "is not a run's: it has no .hydra/config.yaml"
        raise ConfigError(f"{key}: '{folder}' {found}; the folder that a finished training printed is right") from error
    if not isinstance(config, dict):
        raise ConfigError(f"{key}: '{path}': expected a mapping, got {shown(config)}")
    for name in config:
        if not isinstance(name, str):
            raise ConfigError(f"{key}: '{path}': expected a text as key, got {shown(name)}")
    return config


def facts_of_run(folder: Path) -> dict[str, Any]:
    """Returns what `run.json` says of when a run was started and how it ended; nothing where it cannot be read."""
    path = folder / FACTS_FILE
    try:
        facts: dict[str, Any] = checked(_started_shape(), read_json(path, "run"), f"run: '{path}'")
    except (*ABSENT, ConfigError):
        return {}
    return facts


@cache
def _started_shape() -> Any:
    # Most commands have no use for it, and it takes longer to import than anything else here.
    from pydantic import BaseModel, TypeAdapter

    class Started(BaseModel):
        status: str = ""
        started: str = ""
        resumed: list[str] = []

    return TypeAdapter(Started)


def names_of_data(folder: Path) -> tuple[list[str], list[str]]:
    """Returns the names of the inputs and targets of a training; none where its `run.json` cannot be read."""
    path = folder / FACTS_FILE
    try:
        facts = checked(_names_shape(), read_json(path, "run"), f"run: '{path}'")
    except (*ABSENT, ConfigError):
        return [], []
    return list(facts["spec"]["inputs"]), list(facts["spec"]["targets"])


@cache
def _names_shape() -> Any:
    from pydantic import BaseModel, TypeAdapter

    class Spec(BaseModel):
        inputs: dict[str, Any]
        targets: dict[str, Any]

    class Trained(BaseModel):
        spec: Spec

    return TypeAdapter(Trained)


def fold_folder(folder: Path, number: int) -> Path:
    """Returns the folder of a fold, counted from 1, of a cross-validation."""
    return folder / f"fold_{number}"


def fold_folders(folder: Path) -> list[Path]:
    """Returns the folders of the folds that a cross-validation has begun, in order; none where it is another run."""
    found = {
        int(path.name[5:]): path for path in folder.glob("fold_*") if re.fullmatch(r"fold_[1-9]\d{0,8}", path.name)
    }
    return [found[number] for number in sorted(found) if found[number].is_dir()]


def has_model(folder: Path) -> bool:
    """Whether the training of a run finished with a model, or with its weights."""
    return any((folder / name).is_file() for name in (MODEL, WEIGHTS))


def is_training(folder: Path) -> bool:
    """Whether the run of a folder is a training, by its config."""
    try:
        task = config_of_run(folder).get("task")
    except ConfigError:
        return False
    return isinstance(task, dict) and task.get("_target_") == TRAIN


def model_file(folder: Path) -> Path:
    """Returns the file of a run's model: its weights where the whole cannot be saved, or not be loaded.

    Raises:
        ConfigError: The run left no model.
    """
    if not has_model(folder) and (folds := fold_folders(folder)):
        raise ConfigError(f"run: '{folder}' is of {len(folds)} folds, each with a model; run={folds[0]} is right")
    if not has_model(folder):
        raise ConfigError(f"run: '{folder}' has no model.keras; its training did not finish")
    return folder / (WEIGHTS if (folder / WEIGHTS).is_file() else MODEL)


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
