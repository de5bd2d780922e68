"""Refuses secrets written in a config, which the run folder would keep; they belong in the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.errors import ConfigError
from pipeline.security.trust import typed_values

PASSWORD = re.compile(r"\w[\w+.-]*://[^\s/:@]*:[^\s/@]+@")
TOKEN = re.compile(r"[?&](access_token|api_?key|key|passw(or)?d|pwd|secret|sig|signature|token)=[^\s&]", re.IGNORECASE)
INTERPOLATION = re.compile(r"\$\{[^{}]*\}")
NAMES = {"access_token", "api_key", "apikey", "passwd", "password", "secret", "token"}
"""Keys whose values are secrets."""
OPEN_SERVICES = {"form", "forms", "json", "jsons", "mailto", "mailtos", "syslog", "xml", "xmls"}
"""Services of `urls` whose addresses are not secret, as long as they contain no password."""


def refuse_typed_secrets(arguments: Sequence[str]) -> None:
    """Refuses a command line that contains a secret, before anything is written.

    Raises:
        ConfigError: It contains one. The message does not repeat it.
    """
    for key, value in typed_values(arguments):
        refuse_secrets(value, key)


def refuse_secrets(value: Any, key: str = "") -> None:
    """Refuses a config that contains a secret.

    Args:
        value: Plain dicts, lists and values, with interpolations as they are written.
        key: Its config key.

    Raises:
        ConfigError: It contains one. The message does not repeat it.
    """
    for place, text in _texts(key, value):
        if _is_secret(place, INTERPOLATION.sub("", text)):
            raise ConfigError(
                f"{place}: holds a password or token, which the run folder would keep; use an environment "
                "variable such as '${oc.env:NOTIFY_URL}'"
            )


def _is_secret(place: str, text: str) -> bool:
    keys = re.split(r"[.\[\]]+", place.rstrip("]"))
    if keys[-1].lower() in NAMES:
        return bool(text)
    if PASSWORD.search(text) or TOKEN.search(text):
        return True
    scheme, separator, _ = text.partition("://")
    return "urls" in keys and bool(separator) and scheme.lower() not in OPEN_SERVICES


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(f"{key}.{name}" if key else str(name), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(f"{key}[{index}]", item)
