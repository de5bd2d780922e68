"""Reads untrusted files completely: regular files, with a size and a number of values that fit into memory."""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from pipeline.errors import ConfigError, one_line
from pipeline.security.plain_yaml import LARGEST, parse_yaml

MOST_BYTES_OF_YAML = 10_000_000
MOST_BYTES_OF_JSON = 128 * 2**20
"""Enough for the names of a million classes."""
MOST_VALUES = 5_000_000
"""The most values of a JSON file. An empty list has two bytes in the file, and thirty times as much in memory."""
DEEPEST = 100
"""The deepest nesting of lists and mappings."""
ABSENT = (FileNotFoundError, NotADirectoryError)
"""Errors that mean that a file does not exist."""


def open_regular(path: Path, key: str, most: int) -> BinaryIO:
    """Opens a file for reading.

    Args:
        path: The file.
        key: The config key that led to it, for messages.
        most: How many bytes it may have.

    Raises:
        FileNotFoundError: It does not exist.
        NotADirectoryError: A part of its path is a file.
        ConfigError: It cannot be read, is a link, a pipe, a folder or the like, or is too large.
    """
    try:
        # Opening a pipe would wait, and only an open file can be examined.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except ABSENT:
        raise
    except OSError as error:
        reason = "is a symbolic link; expected the file itself" if path.is_symlink() else _unread(error)
        raise ConfigError(f"{key}: '{path}' {reason}") from error
    status = os.fstat(descriptor)
    mistake = None
    if not stat.S_ISREG(status.st_mode):
        mistake = "is not a regular file"
    elif status.st_size > most:
        mistake = f"has {status.st_size:,} bytes; expected at most {most:,}"
    if mistake is not None:
        os.close(descriptor)
        raise ConfigError(f"{key}: '{path}' {mistake}")
    return os.fdopen(descriptor, "rb")


def read_text(path: Path, key: str, most: int) -> str:
    """Returns the text of a file.

    Args:
        path: The file.
        key: The config key that led to it, for messages.
        most: How many bytes it may have.

    Raises:
        FileNotFoundError: It is not there.
        NotADirectoryError: What should be its folder is a file.
        ConfigError: It cannot be read, see `open_regular`, or is not text.
    """
    with open_regular(path, key, most) as file:
        try:
            return file.read(most).decode("utf-8")
        except OSError as error:
            raise ConfigError(f"{key}: '{path}' {_unread(error)}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{key}: '{path}' cannot be read: byte {error.start} is no UTF-8 text") from error


def read_json(path: Path, key: str) -> Any:
    """Returns what a JSON file says, all numbers in it finite and of at most 64 bits.

    Args:
        path: The file.
        key: The config key that led to it, for messages.

    Raises:
        FileNotFoundError: It is not there.
        NotADirectoryError: What should be its folder is a file.
        ConfigError: It cannot be read, is no JSON, or says too much.
    """
    text = read_text(path, key, MOST_BYTES_OF_JSON)
    try:
        if sum(map(text.count, ",[{")) > MOST_VALUES:
            raise ValueError(f"it says more than {MOST_VALUES:,} values")
        value = json.loads(text, parse_int=_whole_number, parse_float=_number, parse_constant=_no_number)
        _check_depth(value)
    except RecursionError as error:
        raise ConfigError(f"{key}: '{path}' cannot be read: it is nested deeper than {DEEPEST} levels") from error
    except ValueError as error:
        raise ConfigError(f"{key}: '{path}' cannot be read: {one_line(error)}") from error
    return value


def read_yaml(path: Path, key: str) -> Any:
    """Returns the plain values of a YAML file, see `parse_yaml`.

    Args:
        path: The file.
        key: The config key that led to it, for messages.

    Raises:
        FileNotFoundError: It is not there.
        NotADirectoryError: What should be its folder is a file.
        ConfigError: It cannot be read, is no YAML, says more than plain values, or too much.
    """
    text = read_text(path, key, MOST_BYTES_OF_YAML)
    try:
        return parse_yaml(text, str(path))
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}") from error


def _unread(error: OSError) -> str:
    return f"cannot be read: {error.strerror or one_line(error)}"


def _whole_number(digits: str) -> int:
    if len(digits) <= len(str(-LARGEST)):
        number = int(digits)
        if -LARGEST < number < LARGEST:
            return number
    raise ValueError(f"a whole number has {len(digits)} digits; expected at most 64 bits")


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large; expected at most 64 bits")
    return number


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number; expected null")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [item for one in level for item in _items(one) if isinstance(item, (dict, list))]
    if level:
        raise RecursionError


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
