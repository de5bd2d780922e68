"""The files that a path names: one file, all files of a folder, or those that match a pattern."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.errors import DataError, nearest

PATTERN = frozenset("*?[")


def files_of(path: str, key: str) -> list[Path]:
    """Returns the files that a path names, sorted by name with numbers in names by value.

    In a folder, files whose names begin with a dot or an underscore are left out; Spark's such files hold no rows.

    Args:
        path: A file, a folder, or a pattern such as `part-*.csv`.
        key: The config key, for messages.

    Raises:
        DataError: There is no such file.
    """
    given = Path(path).expanduser()
    if given.is_file():
        return [given]
    if given.is_dir():
        found = _in_folder(given)
        if not found:
            raise DataError(f"{key}: the folder '{path}' has no files")
        return found
    if not PATTERN.isdisjoint(path):
        base = Path(given.anchor or ".")
        matching = sorted(base.glob(str(given.relative_to(given.anchor))), key=_by_number)
        found = [file for match in matching for file in ([match] if match.is_file() else _in_folder(match))]
        if not found:
            raise DataError(f"{key}: no file matches '{path}'")
        return found
    parent = given.parent
    beside = [other.name for other in parent.iterdir()] if parent.is_dir() else []
    close = nearest(given.name, beside)
    raise DataError(f"{key}: no file '{path}'{close if 'did you mean' in close else ''}")


def partition(file: Path, path: str) -> dict[str, str]:
    """Returns the values that the folders between a path and a file give all of its rows, such as `year=2024`."""
    given = Path(path).expanduser()
    if not given.is_dir():
        return {}
    parts = (name.partition("=") for name in file.relative_to(given).parent.parts)
    return {key: value for key, equals, value in parts if equals and key}


def _in_folder(folder: Path) -> list[Path]:
    found = (
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(name.startswith((".", "_")) for name in file.relative_to(folder).parts)
    )
    return sorted(found, key=_by_number)


def _by_number(file: Path) -> list[tuple[str, int]]:
    """Returns a sort key that puts `part-2` before `part-10`."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", str(file))]
