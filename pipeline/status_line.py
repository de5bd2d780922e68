"""A line in the terminal that says what takes a few seconds, and then disappears."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

ERASED = "\r\x1b[2K"


@contextmanager
def status_line(text: str) -> Iterator[None]:
    """Shows a text in the terminal while the context runs. Without a terminal it shows nothing.

    Nothing inside the context may write to the terminal.
    """
    if not sys.stdout.isatty():
        yield
        return
    sys.stdout.write(text)
    sys.stdout.flush()
    try:
        yield
    finally:
        sys.stdout.write(ERASED)
        sys.stdout.flush()
