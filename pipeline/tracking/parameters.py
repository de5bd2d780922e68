"""The parameters of a run: its config as flat text, by which tools compare runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.run.names import CONFIG
from pipeline.run.read_back import config_of_run

NO_PARAMETERS = ("tracking", "debug")
"""Root keys that affect how a run is watched, not what it does."""


def parameters_of(run_folder: Path) -> dict[str, str]:
    """Returns the config of a run as text by dotted key, such as `model.units`; empty if its folder has no config.

    Interpolations stay as they are written, so a secret from `${oc.env:…}` is not among the values.
    """
    if not (run_folder / CONFIG).is_file():
        return {}
    values = flattened(config_of_run(run_folder))
    return {name: as_text(value) for name, value in values.items() if name.split(".")[0] not in NO_PARAMETERS}


def flattened(nested: Any, separator: str = ".") -> dict[str, Any]:
    """Returns the leaves of nested mappings by their joined keys.

    A list of plain values is a leaf. The items of a list with mappings have their number as the key.
    """
    leaves: dict[str, Any] = {}
    for key, value in _items(nested):
        if _items(value):
            leaves |= {f"{key}{separator}{below}": leaf for below, leaf in flattened(value, separator).items()}
        else:
            leaves[str(key)] = value
    return leaves


def as_text(value: Any) -> str:
    """Returns a config value as YAML on one line, and a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return list(enumerate(value))
    return []
