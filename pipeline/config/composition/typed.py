"""Mistakes in single overrides: unknown choices, unknown keys, several values where one is expected."""

from __future__ import annotations

import copy
import re
from typing import Any

from hydra.core.override_parser.types import ChoiceSweep, Override, QuotedString
from omegaconf import BooleanNode, DictConfig, FloatNode, IntegerNode, ListConfig, OmegaConf
from omegaconf.errors import ValidationError

from pipeline.config.composition.choices import EXPERIMENT, choices, is_shared, unknown_choice
from pipeline.config.composition.errors import reason
from pipeline.config.composition.files import is_referred_to
from pipeline.config.composition.keys import ROOTS, Keys
from pipeline.errors import nearest


def choice_mistakes(override: Override, repository: Any) -> list[str]:
    """Returns what is wrong with an override that chooses from a group; nothing if it does not choose from a group.

    Args:
        override: The override from the command line.
        repository: Hydra's config files.
    """
    group, values = override.key_or_group, _values(override)
    is_part = any(isinstance(value, dict) for value in values)
    if override.is_delete() or override.package is not None or is_part or not repository.group_exists(group):
        return []
    written = _written(override)
    if group.partition("/")[0] == EXPERIMENT:
        correct = f"+experiment={'/'.join([*group.split('/')[1:], written])}"
        if group != EXPERIMENT or not (override.is_add() or override.is_force_add()):
            return [f"{group}: an experiment is added to the defaults; use {correct}"]
    elif group in ROOTS and (override.is_add() or override.is_force_add()):
        return [f"{group}: the defaults already have it; use {group}={written}, without +"]
    lines = []
    for value in values:
        if not isinstance(value, str):
            found = "null" if value is None else value
            lines.append(f"{group}: no choice {found}{nearest(str(found), choices(repository, group))}")
        elif is_shared(value) or not repository.config_exists(f"{group}/{value}"):
            lines.append(unknown_choice(repository, f"{group}/{value}"))
    return lines


def key_mistake(override: Override, keys: Keys, texts: str) -> str | None:
    """Returns what is wrong with the key of an override that does not choose from a group; None if nothing is.

    Args:
        override: The override from the command line.
        keys: The existing keys.
        texts: All texts with interpolations; a key that they name may be the user's own.
    """
    key, written = override.key_or_group, _written(override)
    root = key.partition(".")[0]
    if root == "hydra":
        return None
    # Hydra has packages only for groups.
    key_there = "" if override.package is not None else key
    parent_key, _, name = key.rpartition(".")
    parent = OmegaConf.select(keys.config, parent_key, throw_on_missing=False) if parent_key else keys.config
    if isinstance(parent, ListConfig) and key_there:
        return None
    there = isinstance(parent, DictConfig) and name in list(parent) and bool(key_there)
    if override.is_delete():
        return None if there or override.is_force_add() else keys.unknown(key)
    if override.is_add():
        value = override.value()
        taken = there and OmegaConf.select(keys.config, key, throw_on_missing=False) is not None
        if taken and not isinstance(value, (dict, list)) and not override.is_sweep_override():
            return f"{key}: the config already has this key; use {key}={written}, without +"
    if override.is_add() or override.is_force_add():
        if root not in keys.config and not is_referred_to(root, texts):
            return keys.unknown(key)
        has_schema = isinstance(parent, DictConfig) and parent_key and OmegaConf.get_type(parent) is not dict
        return keys.unknown(key) if has_schema and not there else None
    is_open = isinstance(parent, DictConfig) and not OmegaConf.is_struct(parent)
    return None if there or (is_open and parent_key) else keys.unknown(key, written)


def value_mistake(override: Override, config: DictConfig) -> str | None:
    """Returns what is wrong with a value that is not of its key's type; None if it is, or if the key takes any value.

    Hydra would stop at the first one.

    Args:
        override: The override from the command line.
        config: The config without the overrides.
    """
    if override.is_delete() or override.is_sweep_override() or override.package is not None:
        return None
    parent_key, _, name = override.key_or_group.rpartition(".")
    parent = OmegaConf.select(config, parent_key, throw_on_missing=False) if parent_key else config
    if not isinstance(parent, DictConfig) or name not in parent:
        return None
    node, value = copy.deepcopy(parent._get_node(name)), override.value()
    if not isinstance(node, IntegerNode | FloatNode | BooleanNode):
        return None
    try:
        node._set_value(value)
    except ValidationError as error:
        text = str(error).replace("$VALUE_TYPE", type(value).__name__).replace("$VALUE", str(value))
        return f"{override.key_or_group}: {reason(text)}"
    return None


def sweep_mistake(override: Override) -> str:
    """Says that several values need one run each, or how to write them as one value."""
    written = _written(override)
    if re.fullmatch(r"-?(0,\d+|\d+,0\d*)", written):
        number = written.replace(",", ".")
        return (
            f"{override.key_or_group}: got '{written}'; use {override.get_key_element()}={number} for the number, with "
            "a decimal point, or -m for one run per value"
        )
    line = f"{override.key_or_group}: got several values {written}; use -m for one run per value"
    if not override.is_choice_sweep() or written.startswith("choice("):
        return line
    as_list = f"{line}, or {override.get_key_element()}=[{written}] for one list"
    if not any(isinstance(value, (str, QuotedString)) for value in override.value().list):
        return as_list
    return f"""{as_list}, or {override.get_key_element()}='"{written}"' for one text"""


def _values(override: Override) -> list[Any]:
    if override.is_sweep_override():
        sweep: Any = override.value()
        found = sweep.list if isinstance(sweep, ChoiceSweep) else []
        return [value.text if isinstance(value, QuotedString) else value for value in found]
    value = override.value()
    return list(value) if isinstance(value, list) else [value]


def _written(override: Override) -> str:
    return (override.input_line or "").partition("=")[2]
