"""Keys that files bring: those that no config has are told with their file, and for others it is remembered."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf

from pipeline.config.composition.keys import ROOTS
from pipeline.config.composition.own_targets import Place
from pipeline.config.conf_folder import conf_folder
from pipeline.config.schema import PipelineConfig

_files: dict[str, str] = {}


def remember(layers: list[tuple[str | None, DictConfig]]) -> None:
    """Remembers of which file of the user's each value is, for `with_file`.

    Args:
        layers: The user's files, None for one of ours, and what they say, in the order in which they are merged.
    """
    _files.clear()
    for file, layer in layers:
        for key in _keys(OmegaConf.to_container(layer, resolve=False)):
            if file is not None:
                _files[key] = file
            else:
                _files.pop(key, None)


def forget(key: str) -> None:
    """Forgets of which file a value is, as another one is typed."""
    for known in [known for known in _files if known == key or known.startswith(f"{key}.")]:
        del _files[known]


def with_file(line: str) -> str:
    """Returns a line on a mistake with the user's file in which it is."""
    key = re.split(r"[:\[]", line, maxsplit=1)[0]
    return f"{line} (in '{_files[key]}')" if key in _files else line


def file_of(loaded: ConfigResult, config_path: str) -> str | None:
    """Returns the path of a config file of the user's, as seen from here; None for one of ours.

    Args:
        loaded: What Hydra has read.
        config_path: The name that Hydra has for it, such as `model/mlp`.
    """
    scheme, _, folder = loaded.path.partition("://")
    if scheme != "file" or Path(folder) == conf_folder():
        return None
    path = Path(folder) / (config_path if config_path.endswith((".yaml", ".yml")) else f"{config_path}.yaml")
    here = Path.cwd()
    return os.fspath(path.relative_to(here) if path.is_relative_to(here) else path)


def unknown_keys(layer: DictConfig) -> list[Place]:
    """Returns the places of what a file says that the schema has no keys for."""
    plain: Any = OmegaConf.to_container(layer, resolve=False)
    if not isinstance(plain, dict):
        return []
    found: list[Place] = [(str(name),) for name in plain if name not in ROOTS and name != "hydra"]
    for field in fields(PipelineConfig):
        node = plain.get(field.name)
        schema = field.default_factory if is_dataclass(field.default_factory) else None
        if schema is not None and isinstance(node, dict):
            known = {inner.name for inner in fields(schema)}
            found += [(field.name, str(name)) for name in node if name not in known]
    return found


def references(node: Any) -> Iterator[str]:
    """Gives the texts of a config that refer to other values."""
    if isinstance(node, dict):
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
    elif isinstance(node, str) and "${" in node:
        yield node


def is_referred_to(name: object, texts: str) -> bool:
    """Whether texts that refer to other values have a name in them."""
    return re.search(rf"\b{re.escape(str(name))}\b", texts) is not None


def _keys(node: Any, place: str = "") -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            key = f"{place}.{name}" if place else str(name)
            yield key
            yield from _keys(value, key)
