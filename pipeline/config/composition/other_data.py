"""The data of a command that works on a run: what it says about other data, and the rest as in training.

Where other data is, the command alone says: by the values of the `data` that it chooses, and by those that it types.
Only what says how to read columns comes from the training. An argument of a user's own source may be a place, so it is
never taken from there.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from pipeline.run.read_back import names_of_data

TARGET = "_target_"
AS_TRAINED = frozenset(
    {
        "read", "targets", "inputs", "categories", "kinds", "day_first", "missing", "missing_target", "classes",
        "columns", "scale", "varying", "image_size", "color_mode",
    }
)  # fmt: skip
"""Keys of sources that say how to read the data, wherever it is."""
OF_A_KIND = frozenset({"read", "inputs", "targets"})
"""Keys whose meaning differs for another kind of data."""
CARRIED = "columns"
"""The key that asks for more columns of the same data."""
log = logging.getLogger(__name__)


def names_other_data(typed: Collection[str]) -> bool:
    """Whether keys on the command line name other data than the run's own.

    Args:
        typed: Keys and groups.
    """
    return any(key == "data" or (key.startswith(("data.", "data@")) and _key(key) != CARRIED) for key in typed)


def take_from_training(data: DictConfig, trained: Any, typed: Collection[str], folder: Path) -> None:
    """Completes a choice of `data` with a training config's settings: inputs, targets, missing values.

    Args:
        data: The choice with the command line applied; changed in place.
        trained: The `data` of the training config.
        typed: Keys on the command line.
        folder: The run folder of the training.
    """
    own = {_key(key) for key in typed if key.startswith("data.")}
    given = trained if isinstance(trained, Mapping) else {}
    is_alike = data.get(TARGET) == given.get(TARGET)
    for key in [str(key) for key in data if key in AS_TRAINED and key in given]:
        if key not in own and (is_alike or key not in OF_A_KIND):
            OmegaConf.update(data, key, given[key], merge=False, force_add=True)
    if is_alike and not str(data.get(TARGET)).startswith("pipeline."):
        _say_what_differs(data, given, own)
    for key, other in (("query", "table"), ("table", "query")):
        # For a database, one replaces the other.
        if f"data.{key}" in typed and f"data.{other}" not in typed and other in data:
            OmegaConf.update(data, other, None)
    inputs, targets = names_of_data(folder)
    for key, names in (("inputs", inputs), ("targets", targets)):
        # A missing mandatory value is not `in` the config.
        lacks = key in list(data) and (OmegaConf.is_missing(data, key) or data[key] is None)
        if lacks and names and key not in own:
            OmegaConf.update(data, key, [_without_interpolation(name) for name in names], force_add=True)


def _say_what_differs(data: DictConfig, trained: Mapping[str, Any], typed: Collection[str]) -> None:
    """Logs which arguments of a user's own source are not those of the training, as some may say how to read it.

    Their values may be secret.
    """
    here: Any = OmegaConf.to_container(data, resolve=False)
    differs = [key for key in here if key in trained and key not in typed and here[key] not in (trained[key], "???")]
    for key in differs:
        log.info("data.%s: as the chosen data says, and not as in the training", key)


def _key(override: str) -> str:
    return re.split(r"[.@\[]", override)[1] if "." in override else ""


def _without_interpolation(name: str) -> str:
    """Returns a column name escaped so that OmegaConf does not read it as an interpolation."""
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", name)
