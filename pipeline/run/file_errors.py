"""Reports files and folders that cannot be read or written in one line, whatever library noticed it."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import FileError, PipelineError

ELSEWHERE = "use another folder with hydra.run.dir=DIR"
FULL = {
    errno.ENOSPC: f"no space is left on its disk; free some, or {ELSEWHERE}",
    errno.EDQUOT: f"the quota of its disk is used up; free some space, or {ELSEWHERE}",
    errno.EFBIG: f"it would be larger than a file may be there; raise the limit (ulimit -f), or {ELSEWHERE}",
    errno.EROFS: f"its disk is read-only; {ELSEWHERE}",
    errno.EIO: f"its disk fails (input/output error); {ELSEWHERE}",
}
"""Reasons for which nobody can write there, and what to do about each."""
OTHERS = {
    errno.ENOENT: "not found; it is not there, or was deleted while the command ran",
    errno.EACCES: "this user may not read or write it; change its permissions, or use another path",
    errno.EPERM: "this user may not change it; change its permissions, or use another path",
    errno.ENOTDIR: "a part of this path is a file, not a folder; use another path",
    errno.EISDIR: "expected a file, found a folder",
    errno.EEXIST: "expected a folder, found a file; use another path",
    errno.ENAMETOOLONG: "this name is too long; use a shorter one",
    errno.ELOOP: "its links lead nowhere; use another path",
    errno.ESTALE: "its disk is gone; it was unmounted while the command ran",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
}
"""Reasons that concern one path."""
TEXTS = {os.strerror(number).lower(): number for number in FULL} | {"database or disk is full": errno.ENOSPC}
"""Messages of libraries that do not keep the error number: TensorFlow, SQLite."""
NO_HOME = "Could not determine home directory."
"""The message of `Path.expanduser`."""


def file_error(error: BaseException, folder: Path | None = None) -> FileError | None:
    """Returns the error to report if a file or folder is the cause; None if not, or if the error already says so.

    Args:
        error: The error. Errors that it was raised from count too.
        folder: The folder concerned if the error names no file.
    """
    if isinstance(error, PipelineError | KeyboardInterrupt | SystemExit):
        # It says itself what happened.
        return None
    told = next((one for one, is_cause in _reasons(error) if is_cause and isinstance(one, FileError)), None)
    if any(isinstance(one, RuntimeError) and str(one) == NO_HOME for one, _ in _reasons(error)):
        return FileError("'~': no home folder is known; set HOME=DIR in the environment, or use a path without ~")
    found = os_error(error)
    if told is not None or found is None:
        return told
    path = found.filename if found.filename is not None else folder
    reason = (FULL | OTHERS)[found.errno or 0]
    return FileError(reason if path is None else f"'{os.fsdecode(path)}': {reason}")


def os_error(error: BaseException) -> OSError | None:
    """Returns the operating system's error that caused another one; None if there is none, or it concerns no file."""
    found: list[OSError] = []
    for one, is_cause in _reasons(error):
        number, name = _number(one), getattr(one, "filename", None)
        # Socket errors have no path. An error raised while another one was being handled stands for itself.
        if number in FULL or (number in OTHERS and is_cause and isinstance(name, (str, bytes, os.PathLike))):
            found.append(OSError(number, os.strerror(number), name))
    # Libraries repeat the text of an error, but only the original error has the path.
    return next((one for one in found if one.filename is not None), found[0] if found else None)


def _reasons(error: BaseException) -> Iterator[tuple[BaseException, bool]]:
    """Yields an error and those it was raised from or after, each with whether that is its explicit cause."""
    seen: set[int] = set()
    one: BaseException | None = error
    is_cause = True
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one, is_cause
        is_cause = is_cause and one.__cause__ is not None
        one = one.__cause__ or one.__context__


def _number(error: BaseException) -> int:
    """Returns the operating system's error number, or 0."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    text = str(error).lower()
    # HDF5's errors have it only in their text.
    told = re.search(r"\berrno = (\d+)", text)
    if told:
        return int(told[1])
    return next((number for said, number in TEXTS.items() if said in text), 0)
