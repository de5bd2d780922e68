"""The standard streams: if one is closed or its reader is gone, its output is lost, but everything else continues.

A process may be started with its standard output closed (`>&-`). The next file that it opens, perhaps a snapshot, would
then get the number of that stream, and TensorFlow's C++ log would be written into the file.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO


def keep() -> None:
    """Makes the process's streams accept all output until it ends. Must be called before any file is opened."""
    for number in (0, 1, 2):
        _occupy(number)
    sys.stdin = sys.stdin or _nothing("r")
    sys.stdout = _lasting(sys.stdout)
    sys.stderr = _lasting(sys.stderr)


def _occupy(number: int) -> None:
    """Opens the null device under this descriptor's number if the descriptor is closed.

    The descriptors below it must be open.
    """
    try:
        os.fstat(number)
    except OSError:
        # A file gets the lowest free number.
        opened = os.open(os.devnull, os.O_RDWR)
        assert opened == number
        # Child processes inherit it.
        os.set_inheritable(number, True)


def _nothing(mode: str) -> TextIO:
    # Not the descriptor of its number: if Python found that closed, it may since belong to someone's file.
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
        # A character that the terminal cannot show is no reason to end.
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


class _Lasting(io.FileIO):
    """A file whose other end may disappear: a pipe without a reader, a closed terminal, a full disk."""

    def write(self, data: Any) -> int:
        """Writes, and claims success even if that is impossible."""
        try:
            return super().write(data)
        except OSError:
            return len(data)
