"""The choices of config groups, including those in the user's own config folders."""

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
"""The group whose choices are added to the defaults."""
FOUND_ELSEWHERE = MappingProxyType(
    {
        "loader/pandas": "a DataFrame is data, not a loader; use data=frame data.train._target_=my_module.my_frame",
        "tracking/csv": "every training writes history.csv, with one row per epoch; use tracking=none for nothing else",
    }
)
"""Choices that people expect in a group, and where to find what they want."""


def is_shared(choice: str) -> bool:
    """Whether a file of a group is not a choice, but holds defaults that several choices share."""
    return choice.rpartition("/")[2].startswith("_")


def choices(repository: Any, group: str) -> list[str]:
    """Returns the names of all choices of a group, including those in subfolders.

    Args:
        repository: Hydra's config files.
        group: The name of the group.
    """
    names = [name for name in repository.get_group_options(group, ObjectType.CONFIG) if not is_shared(name)]
    for folder in repository.get_group_options(group, ObjectType.GROUP):
        names += [f"{folder}/{name}" for name in choices(repository, f"{group}/{folder}")]
    return names


def unknown_choice(repository: Any, name: str) -> str:
    """Returns the line for an unknown choice, with the nearest one.

    Args:
        repository: Hydra's config files.
        name: The group and the choice, such as `model/cnn`.
    """
    group = next((g for g in _parents(name) if repository.group_exists(g)), "")
    # To Hydra a folder of experiments is a separate group; to users it is not.
    group = group.partition("/")[0] if group.startswith(f"{EXPERIMENT}/") else group
    if name in FOUND_ELSEWHERE:
        return f"{group}: {FOUND_ELSEWHERE[name]}"
    choice = name.removeprefix(f"{group}/")
    return f"{group or name}: there is no '{choice}'{nearest(choice, choices(repository, group) if group else ())}"


def choices_with(repository: Any, group: str, key: str) -> list[str]:
    """Returns the choices of a group whose files have a key."""
    found = []
    for choice in choices(repository, group):
        # A file that cannot be read is reported where it is chosen.
        with suppress(ConfigError, HydraException, YAMLError):
            if key in _keys(repository, group, choice):
                found.append(choice)
    return found


def _keys(repository: Any, group: str, choice: str) -> set[str]:
    """Returns the keys of a file of a group, including those from shared files."""
    loaded = repository.load_config(f"{group}/{choice}")
    if loaded.header.get("package") not in (None, group) or not OmegaConf.is_dict(loaded.config):
        return set()
    named = [str(getattr(default, "path", None)) for default in loaded.defaults_list or ()]
    shared = [name for name in named if is_shared(name) and name != "_self_"]
    return {str(key) for key in loaded.config}.union(*(_keys(repository, group, name) for name in shared))


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
