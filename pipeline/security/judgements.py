"""What an argument of a part can reach outside of the process, and what a config file may give for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from pipeline.security import trust

REMOTE = re.compile(r"://|^[a-z][a-z0-9+.-]+:/|^[\\/]{2}", re.IGNORECASE)
WEIGHTS_BY_NAME = ("imagenet",)
"""Weights that Keras downloads. Any other text is a file."""


class Kind(Enum):
    """What an argument is.

    Attributes:
        WRITES: A place to write to, which `pipeline.security.destinations` keeps in the run folder.
        RUN_FILES: Files of the run folder by their paths in it, which `pipeline.security.destinations` keeps there.
        READS: A file to read, or a list of what would be in it.
        DATA: A file or folder of examples to read, which any config may name if it is on this machine.
        WEIGHTS: A file to read, or the name of weights that are downloaded.
        SENDS: Whom to send to, or what.
        ADDRESS: Whom to send to, which `pipeline.security.destinations` takes from the environment too.
        QUERY: What to ask a database, at which `pipeline.security.databases` looks.
        HARMLESS: None of these, though its name or its description sounds like one.
    """

    WRITES = auto()
    RUN_FILES = auto()
    READS = auto()
    DATA = auto()
    WEIGHTS = auto()
    SENDS = auto()
    ADDRESS = auto()
    QUERY = auto()
    HARMLESS = auto()


ELSEWHERE = (Kind.WRITES, Kind.RUN_FILES, Kind.ADDRESS, Kind.QUERY)
"""Kinds that other modules look at, as they say above."""
PLACE = re.compile(r"path|file|folder|(^|_)dir(s|ector|_|$)")
"""What the name of an argument has if it sounds like a place on a disk."""
NETWORK = re.compile(r"(^|_)ur[il]s?(_|$)|host|server|address")
"""What the name of an argument has if it sounds like an address."""


@dataclass(frozen=True)
class Argument:
    """A judgement of an argument.

    Attributes:
        kind: What it is.
        default: The value that counts where a config gives none, if that reaches beyond the process.
    """

    kind: Kind
    default: str | None = None


def unjudged(name: object) -> Argument | None:
    """Returns what an argument that nobody has judged is treated as, by its name; None if it sounds harmless.

    Args:
        name: Its name. In a config file, a key may also be a number.
    """
    if PLACE.search(str(name)):
        return Argument(Kind.WRITES)
    return Argument(Kind.ADDRESS) if NETWORK.search(str(name)) else None


def is_remote(path: Any) -> bool:
    """Whether a path is on another machine, or would be for a library that opens addresses."""
    return REMOTE.search(str(path)) is not None


def vouched(target: str) -> bool:
    """Whether the user named a part by `trust`. A typed `_target_` says nothing about its arguments."""
    return any(trust.is_within(target, trust.as_keras(name)) for name in trust.current().named)


def is_typed(place: str, value: Any) -> bool:
    """Whether the user typed a value, or everything in a mapping."""
    if isinstance(value, Mapping) and value:
        return trust.typed(place) or all(is_typed(f"{place}.{name}", item) for name, item in value.items())
    return trust.typed(place)


def mistake(place: str, argument: Argument, value: Any) -> str | None:
    """Returns why a value that the user did not type is refused; None if it is not.

    Args:
        place: Its config key.
        argument: What the argument is.
        value: The value, all interpolations resolved.
    """
    kind, words = argument.kind, trust.current().words
    if value is None or kind in (Kind.HARMLESS, *ELSEWHERE) or _is_of_the_user(value):
        return None
    if kind is Kind.DATA:
        is_local = isinstance(value, Mapping | list) or not is_remote(value)
        return None if is_local or "network" in words else _by_network(place, value)
    if kind is Kind.SENDS:
        refused = value and "network" not in words
        return (
            f"{place}: a config file says whom to send to, or what; {way_to_allow('network', place)}"
            if refused
            else None
        )
    if kind is Kind.READS and isinstance(value, list):
        return None
    if is_remote(value) or (kind is Kind.WEIGHTS and value in WEIGHTS_BY_NAME):
        return None if "network" in words else _by_network(place, value)
    return None if "files" in words else f"{place}: a config file has {value!r} read; {way_to_allow('files', place)}"


def way_to_allow(word: str, place: str) -> str:
    """Says how the user can allow something: by a word of `trust`, or by typing a value."""
    key = place.replace("[", ".").replace("]", "")
    return f"use trust=[{word}] or {key}=… on the command line"


def _by_network(place: str, value: Any) -> str:
    return f"{place}: a config file has {value!r} taken from the network; {way_to_allow('network', place)}"


def _is_of_the_user(value: Any) -> bool:
    """Whether code that the user trusts makes a value."""
    target = str(value.get("_target_")) if isinstance(value, Mapping) else ""
    return target.partition(".")[0] not in trust.NOT_THE_USERS and trust.current().covers(target)
