"""Files that are either complete or absent: written to a temporary file, fsynced, renamed."""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError
from pipeline.run.file_errors import os_error

UNFINISHED = ".unfinished-"
"""The prefix of the names of unfinished files."""
OF_BEFORE = re.compile(r"\.(?=[a-z0-9_]{0,7}[0-9_])[a-z0-9_]{8}\.(csv|html|json|keras|npz|parquet|snapshot|yaml)")
"""Their names in folders of earlier versions."""


def write_atomically(path: Path, write: Callable[[Path], Any]) -> None:
    """Calls `write` on a temporary file next to `path`, then moves it to `path`.

    The temporary file keeps the suffix of `path`, which some writers (`.keras`, `.npz`) require.

    Raises:
        OSError: The folder is not writable or the disk is full. The error names `path`, which is unchanged, even if
            `write` raised an error of another kind.
    """
    with _errors_name(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED, suffix="".join(path.suffixes[-2:]))
        os.close(handle)
        beside = Path(name)
        try:
            write(beside)
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
            beside.chmod(0o644)
            beside.replace(path)
            _sync_folder(path.parent)
        finally:
            beside.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Removes unfinished files of a killed process from a folder.

    The caller must be the only one who writes there, for example by holding its lock.

    Raises:
        OSError: A file cannot be removed.
    """
    for path in folder.glob(".*"):
        left = path.name.startswith(UNFINISHED) or OF_BEFORE.fullmatch(path.name)
        if left and path.is_file() and not path.is_symlink():
            path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes `text` to `path` atomically, as UTF-8."""
    write_atomically(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Writes `value` to `path` atomically, as indented JSON. NaN and infinity become null, as JSON has neither."""
    write_text(path, json.dumps(_finite(value), indent=2, default=str, allow_nan=False) + "\n")


def check_is_text(path: Path, key: str) -> None:
    """Refuses a folder that TensorFlow's event writers cannot handle.

    Args:
        path: The folder.
        key: The config key of what would write there, for the message.

    Raises:
        ConfigError: Its name is not UTF-8 text.
    """
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"{key}: TensorBoard's files cannot be written to '{path}', whose name is not valid UTF-8; use "
            "another folder with hydra.run.dir=DIR"
        ) from error


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@contextmanager
def _errors_name(path: Path) -> Iterator[None]:
    """Makes errors name the intended file instead of the temporary one, or the folder if that is gone."""
    try:
        yield
    except Exception as error:
        found = os_error(error)
        if found is None:
            raise
        named = found.filename
        if named is None or Path(os.fsdecode(named)).parent == path.parent:
            named = str(path if path.parent.is_dir() else path.parent)
        raise OSError(found.errno, found.strerror, named) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
