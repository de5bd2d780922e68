"""The log file of a run, which must be inside the run folder and not lead elsewhere."""

from __future__ import annotations

import errno
import logging
import os
import stat
from io import TextIOWrapper
from pathlib import Path

from pipeline.errors import FileError

EXPECTED = "expected a file of the run folder's own; delete it, or use another folder with hydra.run.dir=DIR"


class RunLog(logging.FileHandler):
    """Appends records to a log file that is not a link to another place.

    Args:
        filename: The file.

    Raises:
        FileError: The path is something else: a symbolic link, a pipe, a device.
        OSError: The file cannot be written.
    """

    def __init__(self, filename: str) -> None:
        super().__init__(filename, encoding="utf-8", errors="backslashreplace")

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        try:
            # Does not wait for a reader of a pipe.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
            descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise FileError(f"'{path}': a symbolic link; {EXPECTED}") from error
            if error.errno == errno.ENXIO:
                raise FileError(f"'{path}': not a regular file; {EXPECTED}") from error
            raise
        file = os.fdopen(descriptor, "a", encoding=self.encoding, errors=self.errors)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            file.close()
            found = "not a regular file" if status.st_nlink == 1 else "a file elsewhere too, by a hard link"
            raise FileError(f"'{path}': {found}; {EXPECTED}")
        return file
