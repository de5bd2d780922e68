"""The lock of a run folder: one process at a time works in it, and a dead process holds nothing."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from errno import EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP
from pathlib import Path

from pipeline.errors import ConfigError, one_line
from pipeline.run.names import LOCK

log = logging.getLogger(__name__)
WITHOUT_LOCKS = (EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP)
"""Error numbers of file systems without locks."""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds the lock of an existing run folder. The operating system releases it however the process ends.

    The lock file stays in the folder. The lock is what counts; the contents of the file say who holds it.

    Raises:
        ConfigError: Another run works in the folder.
        OSError: The folder cannot be written.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    _descriptors.add(descriptor)
    try:
        _take(descriptor, folder)
        try:
            yield
        finally:
            # Closing the file is not enough while a newly forked process still has it open. Without locks there is
            # nothing to release.
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        _descriptors.discard(descriptor)
        os.close(descriptor)


def _take(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = (
            f"hydra.run.dir: '{folder}' is in use by {_holder(descriptor)}; wait for it to end, or use another folder"
        )
        raise ConfigError(text) from None
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise OSError(error.errno, error.strerror, str(folder / LOCK)) from error
        log.warning(
            "the file system of '%s' has no locks: %s; make sure that no other run uses the folder",
            folder,
            one_line(error),
        )
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    # The lock is held even if the disk has no room to say by whom.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _holder(descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        # The process has just taken the lock, and has not yet written who it is.
        return "another process"


def _close_in_child() -> None:
    """Releases the lock in forked processes, since a worker may outlive the run that started it."""
    while _descriptors:
        os.close(_descriptors.pop())


_descriptors: set[int] = set()
os.register_at_fork(after_in_child=_close_in_child)
