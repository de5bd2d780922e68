"""Untrusted text on the terminal and in logs: control characters are shown instead of taking effect.

A column, a class or a file may have a name that makes a terminal change its title, move its cursor, turn the direction
of the text around, or show one line as two.
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
"""Control characters, line and paragraph separators, direction overrides, and bytes that are not text."""
OF_KERAS = "absl"
"""The logger for Keras' output, such as the summary of a model, which is a table."""


def printable(text: str) -> str:
    r"""Returns a text as one line, with each control character shown as `\x1b` and the like."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def printable_lines(text: str) -> str:
    """Does the same with each line of a text that has several, such as a traceback."""
    return "\n".join(printable(line) for line in text.split("\n"))


SHORT = "short"
"""The attribute of a log record with a shorter message for the console."""


class PrintableFormatter(logging.Formatter):
    """Formats a log record as one line without control characters. The lines of a traceback stay separate."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Returns the line."""
        # Keras and Hydra begin some with an empty line or a tab.
        message = record.message.strip("\n\t")
        if record.name == OF_KERAS:
            # Indented, so that no line of a table looks like another record.
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
    """Does the same for a console, using a record's short message."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Returns the line."""
        message, record.message = record.message, getattr(record, SHORT, record.message)
        try:
            return super().formatMessage(record)
        finally:
            record.message = message


@contextmanager
def printable_warnings() -> Iterator[None]:
    """Shows Python's warnings without control characters, with their message on one line."""
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
    """Prints what is written to the standard output inside the context at its end, without control characters."""
    shown = io.StringIO()
    try:
        with redirect_stdout(shown):
            yield
    finally:
        sys.stdout.write(printable_lines(shown.getvalue()))
