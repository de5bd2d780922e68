"""Differences between configs: of a run from the defaults, and of several runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import OmegaConf

NOT_THERE, MISSING = "—", "???"
BESIDE_THE_POINT = ("task", "run", "runs", "debug")
"""Root keys that do not affect what was trained."""
REFERENCE = re.compile(r"\$\{([\w.]+)\}")
CHOICE = re.compile(r"\w+(/\w+)*")
MOST_REFERENCES = 10
"""The depth of a value that refers to another one that refers to another one, and so on."""


def flattened(node: Any, key: str = "") -> dict[str, Any]:
    """Returns the values of a config by dotted key; lists and empty mappings are values."""
    if not isinstance(node, Mapping) or not node:
        return {} if not key or node == {} else {key: node}
    values: dict[str, Any] = {}
    for name, item in node.items():
        values |= flattened(item, f"{key}.{name}" if key else str(name))
    return values


def differences(configs: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Returns one row per key in which configs differ: the key, then the value of each config as text.

    A key that is null in one config and absent in another does not count as a difference. Neither do values that refer
    to the same value. Differing values are shown as what they refer to.
    """
    flat = [flattened(config) for config in configs]
    there = dict.fromkeys(key for values in flat for key in values)
    order = {root: number for number, root in enumerate(dict.fromkeys(key.split(".")[0] for key in there))}
    keys = sorted(there, key=lambda key: order[key.split(".")[0]])
    rows = []
    for key in keys:
        found = [values.get(key) for values in flat]
        if key.split(".")[0] not in BESIDE_THE_POINT and any(value != found[0] for value in found):
            rows.append([key, *(as_text(resolved(value, config)) if key in values else NOT_THERE
                                for value, values, config in zip(found, flat, configs, strict=True))])  # fmt: skip
    return rows


def resolved(value: Any, config: Mapping[str, Any]) -> Any:
    """Returns what a value such as `${seed}` refers to. References to environment variables stay as written."""
    for _ in range(MOST_REFERENCES):
        match = REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return value
        node: Any = config
        for name in match[1].split("."):
            if not isinstance(node, Mapping) or name not in node:
                return value
            node = node[name]
        value = node
    return value


def from_defaults(
    config: Mapping[str, Any], choices: Mapping[str, str] | None = None, overrides: Sequence[str] = ()
) -> list[list[str]]:
    """Returns one row per group and key that a run's command and experiment set: the key, its value, the default.

    Values that come with a chosen group do not count as set: the defaults of its keys are those of its file.

    Args:
        config: The run's config.
        choices: The chosen file of each group.
        overrides: The overrides of its command.
    """
    usual = default_choices()
    chosen = {
        group: choice
        for group, choice in (choices or {}).items()
        if choice != usual.get(group, choice) and group not in BESIDE_THE_POINT
    }
    callbacks = _callback_files(config.get("callbacks"), overrides)
    ours = [f"{group}={choice}" for group, choice in chosen.items() if _is_ours(group, choice)]
    base = default_config([*ours, f"callbacks=[{','.join(callbacks)}]"])
    rows = [[group, choice, str(usual[group])] for group, choice in chosen.items()]
    rows += [["callbacks", as_text(callbacks), "[]"]] if callbacks else []
    roots = list(dict.fromkeys([*config, *base]))
    found = differences([config, base])
    # A value that became a mapping is shown by the mapping's keys. Mandatory values have no default.
    parents = {key.rsplit(".", depth)[0] for key, *_ in found for depth in range(1, key.count(".") + 1)}
    rows += [
        [key, value, NOT_THERE if default == MISSING else default]
        for key, value, default in found
        if value != NOT_THERE or key not in parents
    ]
    return sorted(rows, key=lambda row: roots.index(root) if (root := row[0].split(".")[0]) in roots else -1)


def default_choices() -> dict[str, str | None]:
    """Returns the file of each config group that a command without arguments has."""
    return {str(group): choice for group, choice in _composed([], whole=True).hydra.runtime.choices.items()}


def default_config(overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Composes the config of a command without other arguments, its interpolations as they are written."""
    # As written, since values from the environment may be secrets.
    composed = OmegaConf.to_container(_composed(overrides))
    assert isinstance(composed, dict)
    return {str(key): value for key, value in composed.items()}


def _composed(overrides: Sequence[str], *, whole: bool = False) -> Any:
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    from pipeline.config.conf_folder import conf_folder
    from pipeline.config.schema import register

    register()
    running = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf_folder()), version_base="1.3"):
            return compose("config", overrides=list(overrides), return_hydra_config=whole)
    finally:
        GlobalHydra.instance().hydra = running


def _callback_files(callbacks: Any, overrides: Sequence[str]) -> list[str]:
    """Returns the files of callbacks: those that the command names, or otherwise those with their names."""
    typed = [override.partition("=")[2] for override in overrides if override.startswith("callbacks=")]
    named = [name.strip() for name in typed[-1].strip("[]").split(",")] if typed else []
    if named and all(_is_ours("callbacks", name) for name in named):
        return named
    return [name for name in callbacks if _is_ours("callbacks", str(name))] if isinstance(callbacks, Mapping) else []


def _is_ours(group: str, choice: str) -> bool:
    from pipeline.config.conf_folder import conf_folder

    named = CHOICE.fullmatch(group) and CHOICE.fullmatch(choice)
    return bool(named) and (conf_folder() / group / f"{choice}.yaml").is_file()


def as_text(value: Any) -> str:
    """Returns a config value as a user would type it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(as_text(item) or "''" for item in value) + "]"
    return str(value)
