"""Environment variables that a config reads: their values may be secrets, which reach addresses and no file or message.

A variable is read by `${oc.env:NAME}`. A config file may have it only where a secret belongs, in an address to send to:
as the name of a metric or of a file it would be in the files of the run, and whoever wrote the config file could choose
any variable.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from omegaconf import OmegaConf
from omegaconf.resolvers import oc

from pipeline.security import trust

SHORTEST = 4
"""Characters of a value below which it is no secret, and might be part of any word."""
SEPARATORS = re.compile(r"[\s/:@?&=,#+;'\"{}\[\]()]+")
"""Characters at which a resolver might take a value apart."""
_names: dict[str, str] = {}


def register() -> None:
    """Lets OmegaConf's `oc.env` remember what it has read."""
    OmegaConf.register_new_resolver("oc.env", _env, replace=True)


def without_values(text: str) -> str:
    """Returns a message with variables as a config names them, `${oc.env:NOTIFY_URL}`, in place of their values."""
    for value in sorted(_names, key=len, reverse=True):
        text = text.replace(value, f"${{oc.env:{_names[value]}}}")
    return text


def variable_mistakes(resolved: Any, written: Any, is_address: Callable[[str], bool]) -> list[str]:
    """Returns a line for each value of a config into which a file, and not the user, puts an environment variable.

    Args:
        resolved: The config as it is going to be used, plain dicts, lists and values.
        written: The same, its interpolations as they are written.
        is_address: Whether a place in it, such as `callbacks.mine.urls[0]`, is one of an address.
    """
    if "environment" in trust.current().words:
        return []
    return [
        f"{place}: a config file reads an environment variable into it, which the files of the run would keep; an "
        "address to send to may be one, and any value on the command line (trust=[environment] lets files do it)"
        for place, value, text in _leaves("", resolved, written)
        if "${" in text and _holds_variable(str(value), text) and not is_address(place) and not trust.typed(place)
    ]


def _holds_variable(value: str, written: str) -> bool:
    """Whether a value is read from a variable: as it is written, or by way of another value."""
    parts = {part for secret in _names for part in SEPARATORS.split(secret) if len(part) >= SHORTEST}
    return "oc.env" in written or any(part in value for part in parts)


def _leaves(place: str, resolved: Any, written: Any) -> Iterator[tuple[str, Any, str]]:
    """Gives each value of a config and each key, with its place and the text that it is written as."""
    if isinstance(resolved, Mapping):
        for name, item in resolved.items():
            below = f"{place}.{name}" if place else str(name)
            if isinstance(written, str):
                yield below, name, written
            yield from _leaves(below, item, written.get(name) if isinstance(written, Mapping) else written)
    elif isinstance(resolved, list):
        for index, item in enumerate(resolved):
            there = isinstance(written, list) and index < len(written)
            yield from _leaves(f"{place}[{index}]", item, written[index] if there else written)
    elif isinstance(written, str):
        yield place, resolved, written


def _env(name: str, *default: Any) -> Any:
    value = os.environ.get(name, "").strip()
    if len(value) >= SHORTEST:
        _names[value] = name
    return oc.env(name, *default)
