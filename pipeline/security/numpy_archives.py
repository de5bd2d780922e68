"""Untrusted NumPy archives: their unpacked size is known before anything is unpacked."""

from __future__ import annotations

import math
import os
import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pipeline.errors import ConfigError, one_line, shown
from pipeline.security.reading import open_regular

MOST_BYTES = 2 * 2**30
"""The most bytes of all arrays, unpacked."""
MOST_BYTES_OF_NAMES = 2**20
"""The most bytes of an archive's table of contents."""
MOST_NUMBERS = 20_000_000
"""Of an array of several rows."""
END = struct.Struct("<4s8xI4xH")
"""The end of an archive: its mark, the sizes of the table of contents, and the length of a comment."""
LOCATOR, OF_LOCATOR = b"PK\x06\x07", 20
"""What may be before that where another end counts, of an archive of gigabytes."""


def read_arrays(path: Path, key: str) -> dict[str, np.ndarray]:
    """Returns the arrays of numbers that `np.savez_compressed` has written.

    Args:
        path: The archive.
        key: The config key that led to it, for messages.

    Raises:
        FileNotFoundError: It is not there.
        NotADirectoryError: What should be its folder is a file.
        ConfigError: It cannot be read, contains anything but arrays of numbers with one or two dimensions, or is too
            large when unpacked.
    """
    with open_regular(path, key, MOST_BYTES) as file:
        try:
            _check_end(file)
            with zipfile.ZipFile(file) as archive:
                _check_sizes(archive)
                return {member.filename.removesuffix(".npy"): _array(archive, member) for member in archive.infolist()}
        except MemoryError:
            raise
        except Exception as error:
            raise ConfigError(f"{key}: '{path}' cannot be read: {one_line(error)}") from error


def _check_end(file: BinaryIO) -> None:
    """Checks the end of the file: Python reads the whole table of contents before it can be examined."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END.size - OF_LOCATOR))
    before, end = (tail := file.read())[: -END.size], tail[-END.size :]
    mark, listed, comment = END.unpack(end) if len(end) == END.size else (b"", 0, 0)
    if mark != b"PK\x05\x06" or comment:
        raise ValueError("it is no archive of NumPy")
    if listed > MOST_BYTES_OF_NAMES or before.startswith(LOCATOR):
        raise ValueError("it has too many arrays")


def _check_sizes(archive: zipfile.ZipFile) -> None:
    size = sum(member.file_size for member in archive.infolist())
    if size > MOST_BYTES:
        raise ValueError(f"its arrays have {size:,} bytes; expected at most {MOST_BYTES:,}")


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """Returns an array whose header agrees with its size."""
    with archive.open(member) as file:
        # Of the first version the header has at most 64 kB; NumPy writes later ones for fields with names.
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(f"{shown(member.filename)} is no plain array")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        size = member.file_size - file.tell()
    if dtype.kind not in "fiub" or len(shape) not in (1, 2) or min(shape) < 0:
        raise ValueError(f"{shown(member.filename)} is no table of numbers")
    count = math.prod(shape)
    if count * dtype.itemsize != size:
        raise ValueError(f"{shown(member.filename)} has {size:,} bytes, and others by its shape")
    if count > MOST_NUMBERS and shape[0] > 1:
        raise ValueError(f"{shown(member.filename)} has {count:,} numbers; expected at most {MOST_NUMBERS:,}")
    with archive.open(member) as file:
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
