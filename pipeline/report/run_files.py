"""The files of a run folder, read for its report: whatever of them there is."""

from __future__ import annotations

import csv
import json
import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from pipeline.errors import ConfigError, one_line

DATA_FILE, ARRAYS_FILE = "report_data.json", "report_data.npz"
History = dict[str, list[float | None]]
FACTS: dict[str, Any] = dict.fromkeys(
    ("status", "error", "command", "started", "ended", "git_commit", "seed", "parameters", "xla", "platform")
) | {"versions": {}, "spec": {}, "data": {}, "validations": [], "durations_seconds": {}}
"""What `run.json` may lack."""
COLLECTED: dict[str, Any] = dict.fromkeys(
    (
        "split",
        "config_differences",
        "samples_per_epoch",
        "steps_per_epoch",
        "trainable",
        "peak_memory_bytes",
        "processors",
    )
) | {"notes": [], "outputs": [], "splits": {}, "shown": {}, "layers": [], "edges": [], "devices": []}
"""What there is where no report's data was collected."""


@dataclass(frozen=True)
class RunFiles:
    """What a run folder holds; empty for a file that there is not.

    Attributes:
        folder: The folder.
        facts: `run.json`, or what was known of it when the report's data was collected.
        metrics: `metrics.json`.
        history: `history.csv`, values by column; None for what an epoch lacks.
        config: `.hydra/config.yaml`.
        overrides: `.hydra/overrides.yaml`.
        collected: `report_data.json`.
        arrays: `report_data.npz`.
    """

    folder: Path
    facts: dict[str, Any] = field(default_factory=lambda: dict(FACTS))
    metrics: dict[str, Any] = field(default_factory=dict)
    history: History = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    collected: dict[str, Any] = field(default_factory=lambda: dict(COLLECTED))
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """The command line that repeats the run."""
        first, *arguments = self.facts["command"] or ["pipeline"]
        if "-m" in arguments or "--multirun" in arguments:
            # Of a sweep, that is what made this job of it.
            arguments = self.overrides
        program = "python -m pipeline" if first in ("__main__.py", "pipeline") else f"python {shlex.quote(first)}"
        return " ".join([program, *map(shlex.quote, arguments)])

    @property
    def durations(self) -> dict[str, float]:
        """Seconds by stage."""
        return dict(self.facts["durations_seconds"])

    @property
    def epochs(self) -> int:
        """Number of epochs that were trained."""
        return len(self.history.get("epoch", []))

    @property
    def samples_per_second(self) -> int | None:
        """Training examples by seconds of training, in which compiling and validation are; None if not known."""
        examples, seconds = self.collected["samples_per_epoch"], self.durations.get("training")
        return round(examples * self.epochs / seconds) if examples and seconds and self.epochs else None


def read_run(folder: Path) -> RunFiles:
    """Reads a run folder.

    Raises:
        ConfigError: It is no run's, or a file in it cannot be read.
    """
    if not folder.is_dir():
        raise ConfigError(f"run: '{folder}' is not a folder; give the folder that a finished training printed")
    if not any((folder / name).is_file() for name in ("run.json", "history.csv", DATA_FILE)):
        raise ConfigError(f"run: '{folder}' is not a run's: it has neither run.json nor history.csv")
    collected = _read(folder / DATA_FILE, json.loads) or {}
    return RunFiles(
        folder,
        {**FACTS, **collected.get("facts", {}), **(_read(folder / "run.json", json.loads) or {})},
        _read(folder / "metrics.json", json.loads) or {},
        _read(folder / "history.csv", _history) or {},
        written_config(folder),
        _read(folder / ".hydra" / "overrides.yaml", yaml.safe_load) or [],
        {**COLLECTED, **collected},
        _arrays(folder / ARRAYS_FILE),
    )


def written_config(folder: Path) -> dict[str, Any]:
    """Returns the config of a run with its interpolations as they are written: some may stand for secrets.

    Empty where Hydra was told to write none.
    """
    return _read(folder / ".hydra" / "config.yaml", yaml.safe_load) or {}


def _read(path: Path, parse: Any) -> Any:
    if not path.is_file():
        return None
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"run: '{path}' cannot be read: {one_line(error)}") from error


def _history(text: str) -> History:
    header, *rows = list(csv.reader(text.splitlines())) or [[]]
    return {name: [_number(row[i]) for row in rows] for i, name in enumerate(header)}


def _number(text: str) -> float | None:
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else None


def _arrays(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        return {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except Exception as error:
        raise ConfigError(f"run: '{path}' cannot be read: {one_line(error)}") from error
