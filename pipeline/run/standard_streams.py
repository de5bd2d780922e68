"""The standard streams: where one is closed or its reader goes away, what is written is lost, and all else goes on.

A process may be started with its standard output closed (`>&-`). The next file that it opens, perhaps a snapshot, would
then have the number of that stream, and what TensorFlow's C++ logs would be written into the file.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO


def keep() -> None:
    """Has the streams of the process take whatever is written, to its end; to be called before any file is opened."""
    for number in (0, 1, 2):
        _occupy(number)
    sys.stdin = sys.stdin or _nothing("r")
    sys.stdout = _lasting(sys.stdout)
    sys.stderr = _lasting(sys.stderr)


def _occupy(number: int) -> None:
    """Opens the null device as a descriptor that is closed; those below it are open."""
    try:
        os.fstat(number)
    except OSError:
        # The lowest number that is free is what a file gets.
        opened = os.open(os.devnull, os.O_RDWR)
        assert opened == number
        # Child processes get it too.
        os.set_inheritable(number, True)


def _nothing(mode: str) -> TextIO:
    # Not the descriptor of its number: where Python found that closed, it may have become a file of somebody's since.
    stream: Any = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115
    return stream


def _lasting(stream: TextIO | None) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):
        return _nothing("w") if stream is None else stream
    stream.flush()
    file = _Lasting(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        file if stream.write_through else io.BufferedWriter(file),
        encoding=stream.encoding,
        # A character that the terminal does not have is no reason to end.
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


class _Lasting(io.FileIO):
    """A file of which the far end may go away: a pipe without a reader, a terminal that is closed, a full disk."""

    def write(self, data: Any) -> int:
        """Writes; says so also where that cannot be done."""
        try:
            return super().write(data)
        except OSError:
            return len(data)
