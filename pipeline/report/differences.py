"""Differences between configs: of a run from the defaults, and of runs from each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import OmegaConf

NOT_THERE = "—"
BESIDE_THE_POINT = ("task", "run", "runs", "debug")
"""Root keys that say nothing about what was trained."""


def flattened(node: Any, key: str = "") -> dict[str, Any]:
    """Returns the values of a config by dotted key; lists and empty mappings are values."""
    if not isinstance(node, Mapping) or not node:
        return {} if not key or node == {} else {key: node}
    values: dict[str, Any] = {}
    for name, item in node.items():
        values |= flattened(item, f"{key}.{name}" if key else str(name))
    return values


def differences(configs: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Returns a row for each key in which configs differ: the key, then the value of each as text.

    A key that is null in one config and absent in another does not differ.
    """
    flat = [flattened(config) for config in configs]
    there = dict.fromkeys(key for values in flat for key in values)
    order = {root: number for number, root in enumerate(dict.fromkeys(key.split(".")[0] for key in there))}
    keys = sorted(there, key=lambda key: order[key.split(".")[0]])
    rows = []
    for key in keys:
        found = [values.get(key) for values in flat]
        if key.split(".")[0] not in BESIDE_THE_POINT and any(value != found[0] for value in found):
            rows.append([key, *(as_text(value) if key in values else NOT_THERE
                                for value, values in zip(found, flat, strict=True))])  # fmt: skip
    return rows


def from_defaults(config: Mapping[str, Any]) -> list[list[str]]:
    """Returns a row for each key in which a config differs from the defaults: key, its value, the default."""
    return differences([config, default_config()])


def default_config() -> dict[str, Any]:
    """Composes the config of a command without arguments, its interpolations as they are written."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    from pipeline.config import register
    from pipeline.folders import conf_folder

    register()
    running = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf_folder()), version_base="1.3"):
            # As written: what is read from the environment may be a secret.
            composed = OmegaConf.to_container(compose("config"))
    finally:
        GlobalHydra.instance().hydra = running
    assert isinstance(composed, dict)
    return {str(key): value for key, value in composed.items()}


def as_text(value: Any) -> str:
    """Returns a config value as one would type it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(as_text(item) or "''" for item in value) + "]"
    return str(value)
