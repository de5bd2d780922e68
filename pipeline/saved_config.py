"""The config of a command that works on a run: that of the run, changed by what the command says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from pipeline.errors import ConfigError
from pipeline.runs import config_of_run

OF_THE_COMMAND = ("task", "run", "debug")
"""Root keys that are never taken from the run."""


def config_of_command(config: DictConfig, overrides: list[str], choices: Mapping[str, Any]) -> DictConfig:
    """Returns the config to work with.

    Args:
        config: As composed from this command alone.
        overrides: What the command overrides.
        choices: The config groups of the command.

    Returns:
        `config` itself if it names no run; else the run's own config, in which each group that the command chooses is
        the command's, and each value that it sets too.

    Raises:
        ConfigError: `run` is not the folder of a run.
    """
    if config.run is None:
        return config
    merged = config.copy()
    OmegaConf.set_struct(merged, False)
    for key, value in config_of_run(Path(config.run)).items():
        if key not in OF_THE_COMMAND:
            _replace(merged, str(key), value)
    for override in OverridesParser.create().parse_overrides(overrides):
        key = override.key_or_group.lstrip("+~")
        root = key.split(".")[0].split("@")[0].split("/")[0]
        if root in (*OF_THE_COMMAND, "hydra"):
            continue
        if root == "experiment":
            raise ConfigError("experiment: the run has a config of its own; single groups and values can be changed")
        if key in choices:
            _replace(merged, root, config[root])
        else:
            OmegaConf.update(merged, key, OmegaConf.select(config, key), merge=False, force_add=True)
        merged.new_data = merged.new_data or root == "data"
    return merged


def _replace(config: DictConfig, key: str, value: Any) -> None:
    """Puts a value in place of an open node; a node that has a schema keeps it."""
    typed = OmegaConf.get_type(config, key) not in (dict, list, None) and OmegaConf.is_config(config[key])
    OmegaConf.update(config, key, value, merge=typed)
