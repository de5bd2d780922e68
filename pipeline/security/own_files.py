"""A run folder contains only its own files: none leads elsewhere, where something would be read, cut or written."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection
from pathlib import Path

from pipeline.errors import ConfigError

CHECKPOINT = re.compile(r"(best|last|epoch-.*)\.keras")
"""Files of which some are one and the same; none of them is written into, but replaced as a whole."""


def refuse_links(folder: Path, names: Collection[str] | None = None) -> None:
    """Refuses a folder that contains anything but files and folders, such as a symbolic link, a pipe or a device.

    A link to the folder itself, or in the path to it, is the user's own and allowed.

    Args:
        folder: A run folder, or that of a sweep. It may be missing.
        names: The entries to check, with everything below them; None for all.

    Raises:
        ConfigError: There is such an entry; the message has its path.
    """
    top = os.fspath(folder)
    waiting = [top] if folder.is_dir() else []
    while waiting:
        place = waiting.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                if place is top and names is not None and entry.name not in names:
                    continue
                status = entry.stat(follow_symlinks=False)
                mode = status.st_mode
                if stat.S_ISDIR(mode):
                    waiting.append(entry.path)
                elif not stat.S_ISREG(mode):
                    kind = "a symbolic link" if stat.S_ISLNK(mode) else "no file but a pipe, a socket or a device"
                    raise ConfigError(f"'{entry.path}' is {kind}; a run folder may hold only files of its own")
                elif status.st_nlink > 1 and not CHECKPOINT.fullmatch(entry.name):
                    raise ConfigError(f"'{entry.path}' is also a file elsewhere, by a hard link; make a copy of it")
