"""Environment variables that a config reads: their values may be secrets, which no message repeats."""

from __future__ import annotations

import os
from typing import Any

from omegaconf import OmegaConf
from omegaconf.resolvers import oc

SHORTEST = 4
"""Characters of a value below which it is no secret, and might be part of any word."""
_names: dict[str, str] = {}


def register() -> None:
    """Lets OmegaConf's `oc.env` remember what it has read."""
    OmegaConf.register_new_resolver("oc.env", _env, replace=True)


def without_values(text: str) -> str:
    """Returns a message with variables as a config names them, `${oc.env:NOTIFY_URL}`, in place of their values."""
    for value in sorted(_names, key=len, reverse=True):
        text = text.replace(value, f"${{oc.env:{_names[value]}}}")
    return text


def _env(name: str, *default: Any) -> Any:
    value = os.environ.get(name, "").strip()
    if len(value) >= SHORTEST:
        _names[value] = name
    return oc.env(name, *default)
