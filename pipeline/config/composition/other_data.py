"""The data of a command that works on a run: what it says of other data, the rest as in the training."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from pipeline.run.read_back import names_of_data

TARGET = "_target_"
PLACES = frozenset(
    {TARGET, "path", "train", "validation", "test", "query", "url", "table", "name", "steps", "length", "endless"}
)
"""Keys of sources that say where the data is, which other data has of its own."""
OF_A_KIND = frozenset({"read", "inputs", "targets"})
"""Keys that mean another thing of another kind of data."""
CARRIED = "columns"
"""The key that asks for more of the same data."""


def names_other_data(typed: Collection[str]) -> bool:
    """Whether keys that are typed name other data than a run's own.

    Args:
        typed: Keys and groups.
    """
    return any(key == "data" or (key.startswith(("data.", "data@")) and _key(key) != CARRIED) for key in typed)


def take_from_training(data: DictConfig, trained: Any, typed: Collection[str], folder: Path) -> None:
    """Has a choice of `data` take from a training what it does not say itself: inputs, targets, what is missing.

    Args:
        data: The choice, with what is typed, which is changed.
        trained: The `data` of the training's config.
        typed: Keys that are typed.
        folder: The folder of the training.
    """
    own = {_key(key) for key in typed if key.startswith("data.")} | PLACES
    given = trained if isinstance(trained, Mapping) else {}
    is_alike = data.get(TARGET) == given.get(TARGET)
    for key in [str(key) for key in data if key in given]:
        if key not in own and (is_alike or key not in OF_A_KIND):
            OmegaConf.update(data, key, given[key], merge=False, force_add=True)
    for key, other in (("query", "table"), ("table", "query")):
        # Of a database, one in place of the other.
        if f"data.{key}" in typed and f"data.{other}" not in typed and other in data:
            OmegaConf.update(data, other, None)
    inputs, targets = names_of_data(folder)
    for key, names in (("inputs", inputs), ("targets", targets)):
        # A mandatory value that is missing is not `in` the config.
        lacks = key in list(data) and (OmegaConf.is_missing(data, key) or data[key] is None)
        if lacks and names and key not in own:
            OmegaConf.update(data, key, [_without_interpolation(name) for name in names], force_add=True)


def _key(override: str) -> str:
    return re.split(r"[.@\[]", override)[1] if "." in override else ""


def _without_interpolation(name: str) -> str:
    """Returns the name of a column that OmegaConf does not take for a reference to another value."""
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", name)
