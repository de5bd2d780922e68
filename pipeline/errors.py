"""Errors that a user can fix. Each is one line: where, what was found, and what was expected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipeline.security.terminal import printable
from pipeline.spelling import meant_name

LONGEST = 1000
"""The longest message in characters, since it may quote a file of gigabytes."""
LONGEST_VALUE = 60
MOST_MISTAKES = 50


class PipelineError(Exception):
    """A mistake in the config, the data or a file that the user can fix. The command exits with code 2."""

    def __init__(self, message: object = "") -> None:
        super().__init__("\n".join(map(shortened, str(message).split("\n", MOST_MISTAKES))))


class ConfigError(PipelineError):
    """A mistake in the config."""


class DataError(PipelineError):
    """A mistake in the data."""


class FileError(PipelineError):
    """A file or folder that cannot be read or written."""


class ConfigMistakes(ConfigError):
    """All mistakes found in one config, one line each."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        found = tuple(mistakes)
        self.mistakes = tuple(map(shortened, found[:MOST_MISTAKES]))
        if len(found) > MOST_MISTAKES:
            self.mistakes += (f"{len(found) - MOST_MISTAKES:,} more mistakes",)
        super().__init__("\n".join(self.mistakes))


def nearest(name: str, valid: Iterable[str]) -> str:
    """Returns `"; did you mean 'x'?"` for the valid name closest to a typo, or the valid names if none is close."""
    names = sorted({str(v) for v in valid})
    suggestion = did_you_mean(name, names)
    if suggestion:
        return suggestion
    if not names:
        return ""
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"; valid: {listed}"


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """Returns the same for a name that is close, else nothing: for messages that list the valid names themselves."""
    meant = meant_name(str(name), valid)
    return "" if meant is None else f"; did you mean '{meant}'?"


def one_line(message: object) -> str:
    """Returns the first non-empty line of a message, with its white space folded."""
    for line in str(message).splitlines():
        if line.strip():
            return " ".join(line.split())
    return type(message).__name__


def shortened(message: str) -> str:
    """Returns a message, without its middle part if it is too long to read."""
    if len(message) <= LONGEST:
        return message
    return f"{message[: LONGEST * 2 // 3]}…{message[-LONGEST // 3 :]}"


def with_article(value: Any) -> str:
    """Returns the name of a value's type for a message: "an int", "a list"."""
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def shown(value: Any) -> str:
    """Returns a value of a file as messages show it: short and on one line; a list or mapping only by its type."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    text = escaped(str(value))
    return f"'{text}'" if isinstance(value, str) else text


def escaped(text: str, longest: int = LONGEST_VALUE) -> str:
    r"""Returns the beginning of a text, with control characters shown as `\x1b` and the like."""
    return printable(text if len(text) <= longest else f"{text[: longest - 1]}…")
