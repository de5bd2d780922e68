"""Keys from files: unknown ones are reported with their file, and the file of every other value is remembered."""

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
    """Remembers which of the user's files each value comes from, for `with_file`.

    Args:
        layers: The user's files (None for a built-in one) and their content, in the order in which they are merged.
    """
    _files.clear()
    for file, layer in layers:
        for key in _keys(OmegaConf.to_container(layer, resolve=False)):
            if file is not None:
                _files[key] = file
            else:
                _files.pop(key, None)


def forget(key: str) -> None:
    """Forgets the file of a value that the command line replaces."""
    for known in [known for known in _files if known == key or known.startswith(f"{key}.")]:
        del _files[known]


def with_file(line: str) -> str:
    """Returns the line of a mistake with the user's file that contains it."""
    key = re.split(r"[:\[]", line, maxsplit=1)[0]
    return f"{line} (in '{_files[key]}')" if key in _files else line


def file_of(loaded: ConfigResult, config_path: str) -> str | None:
    """Returns the path of a user's config file relative to the working folder; None for a built-in file.

    Args:
        loaded: The file as Hydra has read it.
        config_path: Hydra's name for it, such as `model/mlp`.
    """
    scheme, _, folder = loaded.path.partition("://")
    if scheme != "file" or Path(folder) == conf_folder():
        return None
    path = Path(folder) / (config_path if config_path.endswith((".yaml", ".yml")) else f"{config_path}.yaml")
    here = Path.cwd()
    return os.fspath(path.relative_to(here) if path.is_relative_to(here) else path)


def unknown_keys(layer: DictConfig) -> list[Place]:
    """Returns the places in a file's content that the schema has no keys for."""
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
    """Yields the texts of a config that contain interpolations."""
    if isinstance(node, dict):
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
    elif isinstance(node, str) and "${" in node:
        yield node


def is_referred_to(name: object, texts: str) -> bool:
    """Whether texts with interpolations contain a name."""
    return re.search(rf"\b{re.escape(str(name))}\b", texts) is not None


def _keys(node: Any, place: str = "") -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            key = f"{place}.{name}" if place else str(name)
            yield key
            yield from _keys(value, key)
