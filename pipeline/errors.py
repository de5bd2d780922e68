"""Errors that a user can mend, each one line: where, what was found, what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PipelineError(Exception):
    """Something in the config or the data that the user can mend; the command exits with code 2."""


class ConfigError(PipelineError):
    """A mistake in the config."""


class DataError(PipelineError):
    """A mistake in the data."""


class FileError(PipelineError):
    """A file or a folder that cannot be read or written."""


class ConfigMistakes(ConfigError):
    """All mistakes found in one config, a line each."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


def nearest(name: str, valid: Iterable[str]) -> str:
    """Returns `"; did you mean 'x'?"` for the valid name closest to a typo, or the valid names if none is close."""
    names = sorted({str(v) for v in valid})
    by_lower = {n.lower(): n for n in names}
    close = difflib.get_close_matches(str(name).lower(), by_lower, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{by_lower[close[0]]}'?"
    if not names:
        return ""
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"; valid: {listed}"


def one_line(message: object) -> str:
    """Returns the first non-empty line of a message, its white space folded."""
    for line in str(message).splitlines():
        if line.strip():
            return " ".join(line.split())
    return type(message).__name__
