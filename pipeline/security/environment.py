"""Environment variables that a config reads. Their values may be secrets, so they reach addresses but no files.

A variable is read with `${oc.env:NAME}`. A config file may use it only where a secret belongs: in an address to send
to. In the name of a metric or a file, it would end up in the files of the run, and the author of the config file could
choose any variable. Messages never show the values either.
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
"""Values shorter than this are not treated as secrets, since they may be part of any word."""
_read: set[str] = set()
_others = False
_names: dict[str, str] = {}


def register() -> None:
    """Makes OmegaConf's `oc.env` remember what it has read."""
    OmegaConf.register_new_resolver("oc.env", _env, replace=True)


def without_values(text: str) -> str:
    """Returns a message with the values of variables replaced by their names, such as `${oc.env:NOTIFY_URL}`."""
    # A message may repeat only one line of a value.
    lines = {line: name for value, name in _names.items() for line in (value, *value.splitlines())}
    for value in sorted(lines, key=len, reverse=True):
        if len(value) >= SHORTEST:
            text = text.replace(value, f"${{oc.env:{lines[value]}}}")
    return text


def variable_mistakes(config: DictConfig, is_address: Callable[[str], bool]) -> list[str]:
    """Returns one line per config value into which a file, not the user, puts an environment variable.

    This is found by reading all variables again with other values: whatever changes depends on them in some way.

    Args:
        config: The config, with its interpolations as they are written.
        is_address: Whether a place in it, such as `callbacks.mine.urls[0]`, holds an address.
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
    """Yields each value of a config, resolved, with its place. Missing or unresolvable values are None."""
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
    # A number stays a number for code that expects one.
    return f"1{found}" if _others else found
