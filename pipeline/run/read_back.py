"""Reads a run folder: its config, `run.json`, its folds, and its model."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, shown
from pipeline.run.names import CONFIG, FACTS_FILE, MODEL, TRAIN, TRAINS, WEIGHTS
from pipeline.security.reading import ABSENT, read_json, read_yaml
from pipeline.security.shapes import checked


def config_of_run(folder: Path, key: str = "run") -> dict[str, Any]:
    """Reads the config that made a run from its folder, with its interpolations as they are written.

    Args:
        folder: The folder.
        key: The config key that names it, for messages.

    Raises:
        ConfigError: The folder does not exist, is not that of a run, or its config is not a mapping of plain values.
    """
    path = folder / CONFIG
    try:
        config = read_yaml(path, key)
    except ABSENT as error:
        expected = "expected the folder that a finished training printed"
        raise ConfigError(f"{key}: '{folder}' {why_no_run(folder)}; {expected}") from error
    if not isinstance(config, dict):
        raise ConfigError(f"{key}: '{path}': expected a mapping, got {shown(config)}")
    for name in config:
        if not isinstance(name, str):
            raise ConfigError(f"{key}: '{path}': expected a text as key, got {shown(name)}")
    return config


def why_no_run(folder: Path) -> str:
    """Says why a folder without a config is not that of a run, to follow the folder's name in a message."""
    return f"is not a run's: it has no {CONFIG}" if folder.is_dir() else "is not a folder"


def facts_of_run(folder: Path) -> dict[str, Any]:
    """Returns when a run was started and how it ended, from `run.json`; empty if that cannot be read."""
    path = folder / FACTS_FILE
    try:
        facts: dict[str, Any] = checked(_started_shape(), read_json(path, "run"), f"run: '{path}'")
    except (*ABSENT, ConfigError):
        return {}
    return facts


@cache
def _started_shape() -> Any:
    # Imported here, because most commands do not need it and it takes longer to import than anything else.
    from pydantic import BaseModel, TypeAdapter

    class Started(BaseModel):
        status: str = ""
        started: str = ""
        resumed: list[str] = []

    return TypeAdapter(Started)


def names_of_data(folder: Path) -> tuple[list[str], list[str]]:
    """Returns the names of the inputs and targets of a training; empty if its `run.json` cannot be read."""
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
    """Returns the folders of the folds that a cross-validation has begun, in order; empty for another run."""
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
    return trains(task)


def trains(task: Any) -> bool:
    """Whether a task trains, by its node: that of the package, or one that says so. Only its runs can be resumed."""
    return isinstance(task, dict) and (task.get("_target_") == TRAIN or task.get(TRAINS) is True)


def model_file(folder: Path) -> Path:
    """Returns the file of a run's model, or of its weights if the model cannot be saved or loaded.

    Raises:
        ConfigError: The run left no model.
    """
    if not has_model(folder) and (folds := fold_folders(folder)):
        raise ConfigError(
            f"run: '{folder}' is of {len(folds)} folds, each with a model; use one of them, such as run={folds[0]}"
        )
    if not has_model(folder):
        raise ConfigError(f"run: '{folder}' has no model.keras; its training did not finish")
    return folder / (WEIGHTS if (folder / WEIGHTS).is_file() else MODEL)
