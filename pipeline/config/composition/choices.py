"""The choices of config groups, those of the user's own folders of config files too."""

from __future__ import annotations

from contextlib import suppress
from types import MappingProxyType
from typing import Any

from hydra.core.object_type import ObjectType
from hydra.errors import HydraException
from omegaconf import OmegaConf
from yaml import YAMLError

from pipeline.errors import ConfigError, nearest

EXPERIMENT = "experiment"
"""The group that is added to the defaults."""
FOUND_ELSEWHERE = MappingProxyType(
    {"loader/pandas": "a DataFrame is data and no loader; data=frame data.train._target_=my_module.my_frame feeds one"}
)
"""Choices that people expect in a group, and where to find what they want."""


def choices(repository: Any, group: str) -> list[str]:
    """Returns the names of all choices of a group, those in folders below it too.

    Args:
        repository: Hydra's files of a config.
        group: The name of a group.
    """
    names = list(repository.get_group_options(group, ObjectType.CONFIG))
    for folder in repository.get_group_options(group, ObjectType.GROUP):
        names += [f"{folder}/{name}" for name in choices(repository, f"{group}/{folder}")]
    return names


def unknown_choice(repository: Any, name: str) -> str:
    """Says that there is no such choice, and which is near.

    Args:
        repository: Hydra's files of a config.
        name: The group and the choice, such as `model/cnn`.
    """
    group = next((g for g in _parents(name) if repository.group_exists(g)), "")
    # A folder of experiments is a group of its own for Hydra, and none for users.
    group = group.partition("/")[0] if group.startswith(f"{EXPERIMENT}/") else group
    if name in FOUND_ELSEWHERE:
        return f"{group}: {FOUND_ELSEWHERE[name]}"
    choice = name.removeprefix(f"{group}/")
    return f"{group or name}: there is no '{choice}'{nearest(choice, choices(repository, group) if group else ())}"


def choices_with(repository: Any, group: str, key: str) -> list[str]:
    """Returns the choices of a group whose file has a key."""
    found = []
    for choice in choices(repository, group):
        # A file that cannot be read is told where it is chosen.
        with suppress(ConfigError, HydraException, YAMLError):
            loaded = repository.load_config(f"{group}/{choice}")
            is_of_group = loaded.header.get("package") in (None, group)
            if is_of_group and OmegaConf.is_dict(loaded.config) and key in loaded.config:
                found.append(choice)
    return found


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
