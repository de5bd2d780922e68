"""The run folder: everything about one run, and nothing about a run anywhere else."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from pipeline.run.atomic_files import remove_unfinished, write_json, write_text
from pipeline.run.contents import listed
from pipeline.run.names import CONFIG_FOLDER, FACTS_FILE, OF_START, RUNNING
from pipeline.run.read_back import facts_of_run

PACKAGES = ("tensorflow", "keras", "hydra-core", "numpy", "pandas", "tensorflow-datasets")


@dataclass
class Run:
    """One run, and its folder.

    Attributes:
        folder: The folder of its files.
        facts: The contents of `run.json` except the durations.
        durations: Seconds by stage.
        other_data: Whether the command works on a run, but with other data than that run's own.
    """

    folder: Path
    facts: dict[str, Any] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    other_data: bool = False

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measures the time that a stage takes, even if it fails."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.durations[name] = round(time.perf_counter() - start, 3)

    def record(self, **facts: Any) -> None:
        """Adds facts to `run.json`, which is written when the run starts and when it ends."""
        self.facts.update(facts)

    def begin(self) -> None:
        """Writes a `run.json` that shows if the run was killed: its status is `running`, but its process is gone."""
        status = {"status": RUNNING, "pid": os.getpid(), "host": socket.gethostname()}
        write_json(self.folder / FACTS_FILE, status | self.facts)

    def finish(self, status: str, exit_code: int, error: str | None = None) -> None:
        """Writes `run.json`."""
        write_json(self.folder / FACTS_FILE, self.outcome(status, exit_code, error))

    def outcome(self, status: str, exit_code: int, error: str | None = None) -> dict[str, Any]:
        """Returns the contents of `run.json` for a run that ends now."""
        return {
            "status": status,
            "exit_code": exit_code,
            "error": error,
            **self.facts,
            "ended": _now(),
            "durations_seconds": self.durations,
        }

    def contents(self) -> list[str]:
        """Returns one line per declared file that exists in the folder: its name and what it holds."""
        return listed(self.folder)


def start_run(folder: Path, command: Sequence[str], *, resumes: bool = False) -> Run:
    """Starts the record of a run in an existing folder, whose lock the caller holds.

    Args:
        folder: The run folder.
        command: The command line.
        resumes: Whether the command continues the run in the folder. Its start time stays, and `resumed` lists the
            times at which it continued.

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
    """Removes a run that failed before it trained or wrote a result. The caller holds the folder's lock.

    Args:
        run: The run. Its folder stays as it is if it contains anything else.
        is_new: Whether the folder was created for this run by date and time. Then it is removed too, with empty
            folders above it. A folder that the user named stays.
    """
    if not {path.name for path in run.folder.iterdir()} <= OF_START:
        return
    for path in run.folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    with suppress(OSError):
        for folder in (run.folder, *run.folder.parents[:2]) if is_new else ():
            folder.rmdir()


def remove_leftovers(folder: Path) -> None:
    """Removes unfinished files of a killed process from a run folder. The caller holds the folder's lock."""
    if (folder / CONFIG_FOLDER).is_dir():
        for place in (folder, *folder.iterdir()):
            # A link leads to what is not of this run.
            if place == folder or (place.is_dir() and not place.is_symlink()):
                remove_unfinished(place)


def write_config(folder: Path, config: DictConfig, hydra_config: DictConfig) -> None:
    """Writes the config files into `.hydra`, with the same names and contents as Hydra itself.

    Hydra would write them before it is known whether another run works in the folder.

    Raises:
        OSError: The folder cannot be written.
    """
    files = {"config": config, "hydra": hydra_config, "overrides": hydra_config.hydra.overrides.task}
    (folder / CONFIG_FOLDER).mkdir(exist_ok=True)
    for name, part in files.items():
        write_text(folder / CONFIG_FOLDER / f"{name}.yaml", OmegaConf.to_yaml(part))


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
