"""Text of strangers on the terminal and in logs: control characters are shown there, and have no effect.

A column, a class or a file may be named so that a terminal which prints the name is told to change its title, to move
its cursor or to turn the direction of the text around, or so that one line looks like two.
"""

from __future__ import annotations

import io
import logging
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import TracebackType
from typing import TypeAlias

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, separators of lines and paragraphs, overrides of the direction, and bytes that are no text."""
OF_KERAS = "absl"
"""The logger of what Keras tells, of which the summary of a model is a table."""


def printable(text: str) -> str:
    r"""Returns a text as one line without control characters, each of which is shown as `\x1b` and the like."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def printable_lines(text: str) -> str:
    """Does so with each line of a text that has several by itself, such as a traceback."""
    return "\n".join(printable(line) for line in text.split("\n"))


SHORT = "short"
"""What a record of a log may have besides its message: a shorter one for the console."""


class PrintableFormatter(logging.Formatter):
    """Formats a record of a log as one line without control characters; the lines of a traceback stay apart."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Returns the line."""
        # Keras and Hydra begin some with an empty line or a tabulator.
        message = record.message.strip("\n\t")
        if record.name == OF_KERAS:
            # Indented, no line of a table looks like one of another record.
            record.message = "\n  ".join(printable_lines(message).split("\n"))
            return super().formatMessage(record)
        record.message = message
        return printable(super().formatMessage(record))

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        """Returns the lines of a traceback."""
        return printable_lines(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        """Returns the lines of a stack."""
        return printable_lines(super().formatStack(stack_info))


class ConsoleFormatter(PrintableFormatter):
    """Does so for a console, where a record's short message counts."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Returns the line."""
        message, record.message = record.message, getattr(record, SHORT, record.message)
        try:
            return super().formatMessage(record)
        finally:
            record.message = message


@contextmanager
def printable_warnings() -> Iterator[None]:
    """Has Python's warnings shown without control characters, their message on one line."""
    before = warnings.formatwarning

    def formatwarning(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
    ) -> str:
        return printable_lines(before(printable(str(message)), category, filename, lineno, line))

    warnings.formatwarning = formatwarning
    try:
        yield
    finally:
        warnings.formatwarning = before


@contextmanager
def printable_output() -> Iterator[None]:
    """Prints what is written to the standard output within it at its end, its lines without control characters."""
    shown = io.StringIO()
    try:
        with redirect_stdout(shown):
            yield
    finally:
        sys.stdout.write(printable_lines(shown.getvalue()))
