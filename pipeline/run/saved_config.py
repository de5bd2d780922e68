"""The config of a command that works on a run: the run's config with the changes of the command."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from pipeline.config.composition.ignored_keys import reads_data
from pipeline.config.composition.other_data import names_other_data, take_from_training
from pipeline.config.composition.own_targets import make_room
from pipeline.config.conf_folder import conf_folder
from pipeline.errors import ConfigError, ConfigMistakes, nearest
from pipeline.run.read_back import config_of_run
from pipeline.run.resume import AUTO

OF_THE_COMMAND = ("task", "run", "runs", "resume", "debug", "hydra", "callbacks", "tracking", "trust")
"""Root keys that are never taken from the run."""


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Divides a command line into what Hydra composes and what changes values of the run that it names.

    Without `run=DIR` or `resume=DIR`, everything is Hydra's. With one of them, Hydra gets options, the keys of the
    command itself, and newly chosen groups together with their values. Other values exist only in the run's config. A
    command with `resume=DIR` that chooses groups is the complete command of the run again, so all of it is Hydra's too.
    """
    resumes = any(argument.startswith("resume=") and argument != "resume=auto" for argument in arguments)
    groups = any(_root(argument) and _is_group(argument) for argument in arguments)
    if not any(argument.startswith("run=") for argument in arguments) and (groups or not resumes):
        return list(arguments), []
    chosen = {root for argument in arguments if (root := _root(argument)) and _is_group(argument)}
    # A resumed run has its own callbacks and trackers, which replace those that Hydra composes.
    composed = {*OF_THE_COMMAND} - ({"callbacks", "tracking"} if resumes else set())
    ours = [a for a in arguments if "=" in a and not a.startswith("-") and _root(a) not in {*chosen, *composed}]
    return [a for a in arguments if a not in ours], ours


def config_of_command(
    config: DictConfig, choices: Mapping[str, Any], changes: Sequence[str], typed: Collection[str]
) -> DictConfig:
    """Returns the config to work with.

    Args:
        config: The config composed from this command alone.
        choices: The config groups that the command itself chooses.
        changes: Overrides of values of the run's config.
        typed: Keys and groups that are typed.

    Returns:
        `config` itself if it names no run; otherwise the run's config with the changes.

    Raises:
        ConfigError: `run` is not the folder of a run, or its config is not plain YAML.
        ConfigMistakes: Changes of keys that the run's config does not have.
    """
    # A task that reads only the files of runs needs none of their config: the data may be gone.
    if OmegaConf.is_dict(config.task) and not reads_data(OmegaConf.to_container(config.task)):
        return config
    if config.run is None:
        resumes = config.resume not in (None, AUTO) and not choices
        return _config_to_resume(config, changes) if resumes else config
    merged = _with_config_of_run(config, Path(config.run), "run", {*OF_THE_COMMAND, *choices})
    if "experiment" in choices:
        raise ConfigError("experiment: the run has its own config; change single groups and values instead")
    _change_all(merged, changes)
    if names_other_data(typed) and "data" not in choices:
        # The run's validation and test data do not belong to the data that the command names.
        for split in ("validation", "test"):
            place = f"data.{split}"
            if split in merged.data and not any(key == place or key.startswith(f"{place}.") for key in typed):
                merged.data[split] = None
    if OmegaConf.is_dict(merged.data):
        folder = Path(config.run)
        take_from_training(merged.data, config_of_run(folder).get("data"), typed, folder)
    return merged


def _config_to_resume(config: DictConfig, changes: Sequence[str]) -> DictConfig:
    """Returns the config of the run that `resume` names, with the changes."""
    merged = _with_config_of_run(config, Path(config.resume), "resume", {"resume", "debug", "trust"})
    _change_all(merged, changes)
    return merged


def named_runs(config: DictConfig) -> list[Path]:
    """Returns the folders of the runs that a command works on."""
    return [Path(folder) for folder in (config.run, *(config.runs or ())) if folder is not None]


def typed_keys(overrides: Sequence[str]) -> frozenset[str]:
    """Returns the keys and groups of overrides."""
    return frozenset(override.partition("=")[0].lstrip("+~") for override in overrides)


def _with_config_of_run(config: DictConfig, folder: Path, key: str, left: set[str]) -> DictConfig:
    """Returns a config with the values of a run's config, except for the root keys in `left`.

    A file may have keys that no config has. Nothing reads them.
    """
    merged = config.copy()
    OmegaConf.set_struct(merged, False)
    for name, value in config_of_run(folder, key).items():
        if name in merged.keys() - left:
            _replace(merged, name, value)
    return merged


def _change_all(config: DictConfig, changes: Sequence[str]) -> None:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    overrides = OverridesParser.create().parse_overrides(list(changes))
    OmegaConf.set_struct(config, True)
    make_room(config, overrides)
    mistakes = [line for override in overrides if (line := _change(config, override))]
    OmegaConf.set_struct(config, False)
    if mistakes:
        raise ConfigMistakes(mistakes)


def _change(config: DictConfig, override: Override) -> str | None:
    key = override.key_or_group
    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    is_open = OmegaConf.is_dict(node) and not OmegaConf.is_struct(node)
    may_add = override.is_add() and parent and OmegaConf.is_dict(node) and OmegaConf.get_type(node) in (dict, None)
    if not may_add and not is_open and (not OmegaConf.is_dict(node) or name not in node):
        if key == "data.path":
            return "data.path: the run's data is not in a file; add data=csv, or another choice of data"
        valid = [str(k) for k in node] if OmegaConf.is_dict(node) else []
        return f"{key}: the run's config has no '{name}'{nearest(name, valid)}"
    OmegaConf.update(config, key, override.value(), merge=False, force_add=True)
    return None


def _replace(config: DictConfig, key: str, value: Any) -> None:
    """Replaces an open node by a value. A node with a schema keeps it."""
    typed = OmegaConf.get_type(config, key) not in (dict, list, None) and OmegaConf.is_config(config[key])
    OmegaConf.update(config, key, value, merge=typed)


def _root(argument: str) -> str:
    key, separator, _ = argument.partition("=")
    return re.split("[./@]", key.lstrip("+~"))[0] if separator else ""


def _is_group(argument: str) -> bool:
    key = re.split("[=@]", argument.lstrip("+~"))[0]
    return "." not in key and key.split("/")[0] != "hydra" and (conf_folder() / key).is_dir()
