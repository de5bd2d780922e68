"""Environment variables that a config reads: their values may be secrets, which reach addresses and no file or message.

A variable is read by `${oc.env:NAME}`. A config file may have it only where a secret belongs, in an address to send to:
as the name of a metric or of a file it would be in the files of the run, and whoever wrote the config file could choose
any variable.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from omegaconf import Container, DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from omegaconf.resolvers import oc

from pipeline.security import trust

SHORTEST = 4
"""Characters of a value below which it is no secret, and might be part of any word."""
_read: set[str] = set()
_others = False
_names: dict[str, str] = {}


def register() -> None:
    """Lets OmegaConf's `oc.env` remember what it has read."""
    OmegaConf.register_new_resolver("oc.env", _env, replace=True)


def without_values(text: str) -> str:
    """Returns a message with variables as a config names them, `${oc.env:NOTIFY_URL}`, in place of their values."""
    # Those who repeat a value may have left out all but one of its lines.
    lines = {line: name for value, name in _names.items() for line in (value, *value.splitlines())}
    for value in sorted(lines, key=len, reverse=True):
        if len(value) >= SHORTEST:
            text = text.replace(value, f"${{oc.env:{lines[value]}}}")
    return text


def variable_mistakes(config: DictConfig, is_address: Callable[[str], bool]) -> list[str]:
    """Returns a line for each value of a config into which a file, and not the user, puts an environment variable.

    It is found out by reading all variables once more as if they were others: what differs then is made of them, in
    whatever way.

    Args:
        config: The config, its interpolations as they are written.
        is_address: Whether a place in it, such as `callbacks.mine.urls[0]`, is one of an address.
    """
    if "environment" in trust.current().words:
        return []
    plain = OmegaConf.create(OmegaConf.to_container(config, resolve=False))
    OmegaConf.copy_cache(config, plain)
    _read.clear()
    before = dict(_values(plain, ""))
    # By whatever name: a resolver's own may be put together.
    if not _read:
        return []
    with _other_variables():
        after = dict(_values(plain, ""))
    differing = [place for place in {**before, **after} if before.get(place) != after.get(place)]
    return [
        f"{place}: a config file reads an environment variable into it, which the files of the run would keep; an "
        "address to send to may be one, and any value on the command line (trust=[environment] lets files do it)"
        for place in differing
        if not is_address(place) and not trust.typed(place)
    ]


def _values(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Gives each value of a config, resolved, with its place; what is missing or cannot be resolved is None."""
    keys = range(len(node)) if isinstance(node, ListConfig) else list(node.keys())
    for key in keys:
        below = f"{place}[{key}]" if isinstance(node, ListConfig) else f"{place}.{key}" if place else str(key)
        try:
            value = node[key]
        except OmegaConfBaseException:
            value = None
        if isinstance(value, Container):
            yield from _values(value, below)
        else:
            # As texts, of which NaN equals itself.
            yield below, repr(value)


@contextmanager
def _other_variables() -> Iterator[None]:
    global _others  # noqa: PLW0603
    _others = True
    try:
        yield
    finally:
        _others = False


def _env(name: str, *default: Any) -> Any:
    _read.add(name)
    value = os.environ.get(name, "").strip()
    if len(value) >= SHORTEST:
        _names[value] = name
    found = oc.env(name, *default)
    # A number stays one, for what reads it as such.
    return f"1{found}" if _others else found
