"""Reads the files of a run folder for its report, as far as they exist."""

from __future__ import annotations

import csv
import io
import math
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ConfigError, one_line, shown
from pipeline.report import run_shapes
from pipeline.run.contents import holds
from pipeline.run.names import CONFIG, CONFIG_FOLDER, FACTS_FILE, HISTORY, METRICS, RESOURCES
from pipeline.run.resume import MOST_BYTES_OF_HISTORY
from pipeline.security.numpy_archives import read_arrays
from pipeline.security.reading import ABSENT, read_json, read_text, read_yaml
from pipeline.security.shapes import checked

DATA_FILE, ARRAYS_FILE = holds("report_data.json", None), holds("report_data.npz", None)
KEY = "run"
"""The config key that errors in files are reported under."""
MOST_COLUMNS, MOST_VALUES = 1000, 2_000_000
History = dict[str, list[float | None]]
FACTS: dict[str, Any] = dict.fromkeys(
    (
        "status",
        "error",
        "command",
        "started",
        "ended",
        "git_commit",
        "seed",
        "parameters",
        "xla",
        "platform",
        "final_weights",
    )
) | {"versions": {}, "spec": {}, "data": {}, "validations": [], "baseline_notes": [], "durations_seconds": {}}
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
) | {"notes": [], "outputs": [], "importance": {}, "splits": {}, "shown": {}, "layers": [], "edges": [], "devices": []}
"""What there is where no report's data was collected."""


@dataclass(frozen=True)
class RunFiles:
    """What a run folder holds; empty for a missing file.

    Attributes:
        folder: The folder.
        facts: `run.json`, or what was known of it when the report's data was collected.
        metrics: `metrics.json`.
        history: `history.csv`, values by column; None for what an epoch lacks.
        config: `.hydra/config.yaml`.
        overrides: `.hydra/overrides.yaml`.
        choices: The chosen file of each config group, from `.hydra/hydra.yaml`.
        collected: `report_data.json`.
        arrays: `report_data.npz`.
        resources: `resources.csv`, values by column.
    """

    folder: Path
    facts: dict[str, Any] = field(default_factory=lambda: dict(FACTS))
    metrics: dict[str, Any] = field(default_factory=dict)
    history: History = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    choices: Mapping[str, str] = field(default_factory=dict)
    collected: dict[str, Any] = field(default_factory=lambda: dict(COLLECTED))
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    resources: History = field(default_factory=dict)

    @property
    def command(self) -> str:
        """The command line that repeats the run."""
        first, *arguments = self.facts["command"] or ["pipeline"]
        if "-m" in arguments or "--multirun" in arguments:
            # For a sweep, these are the values that made this job.
            arguments = self.overrides
        program = "python -m pipeline" if first in ("__main__.py", "pipeline") else f"python {shlex.quote(first)}"
        return " ".join([program, *map(shlex.quote, arguments)])

    @property
    def durations(self) -> dict[str, float]:
        """Seconds by stage."""
        return dict(self.facts["durations_seconds"])

    @property
    def epochs(self) -> int:
        """The number of trained epochs."""
        return len(self.history.get("epoch", []))

    @property
    def evaluated_epoch(self) -> int | None:
        """The epoch, counted from 1, whose weights the evaluated model has; None if unknown."""
        final, epochs = self.facts["final_weights"], self.history.get("epoch")
        if not final or not epochs:
            return None
        return int(final["restored_epoch"] or (epochs[-1] or 0) + 1)

    @property
    def samples_per_second(self) -> int | None:
        """Training examples per second of training, which includes compiling and validation; None if unknown."""
        examples, seconds = self.collected["samples_per_epoch"], self.durations.get("training")
        return round(examples * self.epochs / seconds) if examples and seconds and self.epochs else None


def read_run(folder: Path) -> RunFiles:
    """Reads a run folder.

    Raises:
        ConfigError: It is not the folder of a run, or a file in it cannot be read or is not what a run writes.
    """
    if not folder.is_dir():
        raise ConfigError(f"run: '{folder}' is not a folder; give the folder that a finished training printed")
    if not any((folder / name).is_file() for name in (FACTS_FILE, HISTORY, DATA_FILE)):
        raise ConfigError(f"run: '{folder}' is not a run's: it has neither run.json nor history.csv")
    collected = _read(folder / DATA_FILE, read_json, run_shapes.COLLECTED) or {}
    return RunFiles(
        folder,
        {**FACTS, **collected.get("facts", {}), **(_read(folder / FACTS_FILE, read_json, run_shapes.RUN) or {})},
        _read(folder / METRICS, read_json, run_shapes.METRICS) or {},
        _read(folder / HISTORY, _read_history) or {},
        written_config(folder),
        written_overrides(folder),
        chosen_groups(folder),
        {**COLLECTED, **collected},
        _read(folder / ARRAYS_FILE, read_arrays) or {},
        _read(folder / RESOURCES, _read_resources) or {},
    )


def written_config(folder: Path) -> dict[str, Any]:
    """Returns the config of a run with interpolations as they are written, since some may stand for secrets.

    Empty if Hydra was told to write none.
    """
    return _read(folder / CONFIG, read_yaml, run_shapes.CONFIG) or {}


def written_overrides(folder: Path) -> list[str]:
    """Returns the overrides of a run's command."""
    return _read(folder / CONFIG_FOLDER / "overrides.yaml", read_yaml, run_shapes.OVERRIDES) or []


def chosen_groups(folder: Path) -> dict[str, str]:
    """Returns the chosen file of each of our config groups, without lists of files."""
    found = _read(folder / CONFIG_FOLDER / "hydra.yaml", read_yaml, run_shapes.HYDRA) or {}
    choices = found.get("hydra", {}).get("runtime", {}).get("choices", {})
    return {
        group: choice for group, choice in choices.items() if isinstance(choice, str) and not group.startswith("hydra/")
    }


def _read(path: Path, read: Callable[[Path, str], Any], shape: Any = None) -> Any:
    """Returns the contents of a file; None if it does not exist."""
    try:
        value = read(path, KEY)
    except ABSENT:
        return None
    return value if shape is None else checked(shape, value, f"{KEY}: '{path}'")


def _read_history(path: Path, key: str) -> History:
    return _table(read_text(path, key, MOST_BYTES_OF_HISTORY), path, key, "epoch")


def _read_resources(path: Path, key: str) -> History:
    text = read_text(path, key, MOST_BYTES_OF_HISTORY)
    # A killed process may have left an incomplete row.
    return _table(text[: text.rfind("\n") + 1], path, key, "seconds")


def _table(text: str, path: Path, key: str, first: str) -> History:
    try:
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(rows, [])
        if header and (header[0] != first or len(set(header)) < len(header)):
            raise ValueError(f"its columns are not {first} and others, each once")
        if len(header) > MOST_COLUMNS:
            raise ValueError(f"expected up to {MOST_COLUMNS:,} columns, got {len(header):,}")
        columns = _columns(rows, len(header))
    except (ValueError, csv.Error) as error:
        raise ConfigError(f"{key}: '{path}' cannot be read: {one_line(error)}") from error
    return dict(zip(header, columns, strict=True))


def _columns(rows: Iterator[list[str]], count: int) -> list[list[float | None]]:
    columns: list[list[float | None]] = [[] for _ in range(count)]
    for number, row in enumerate(rows, 1):
        if len(row) != count:
            raise ValueError(f"row {number}: expected {count:,} values, got {len(row):,}")
        if number * count > MOST_VALUES:
            raise ValueError(f"it has more than {MOST_VALUES:,} values")
        for column, text in zip(columns, row, strict=True):
            column.append(_number(text))
    return columns


def _number(text: str) -> float | None:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        raise ValueError(f"expected a number, got {shown(text)}") from None
    return value if math.isfinite(value) else None
