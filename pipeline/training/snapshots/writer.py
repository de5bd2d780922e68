"""The thread that writes snapshots while training continues."""

from __future__ import annotations

import logging
import threading

from pipeline.training.snapshots.snapshot import Snapshot
from pipeline.training.snapshots.store import SnapshotStore

log = logging.getLogger(__name__)


class SnapshotWriter:
    """Writes snapshots to a folder on another thread.

    If snapshots come faster than they can be written, only the newest waiting one is written. A snapshot whose weights
    are not finite is not written, since no training could continue from it.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: SnapshotStore) -> None:
        self._folder = folder
        self._changed = threading.Condition()
        self._waiting: Snapshot | None = None
        self._busy = False
        self._closed = False
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def put(self, snapshot: Snapshot) -> None:
        """Queues a snapshot for writing.

        Raises:
            OSError: An earlier one could not be written.
        """
        with self._changed:
            self._raise_error()
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="snapshots", daemon=True)
                self._thread.start()
            self._waiting = snapshot
            self._changed.notify_all()

    def flush(self) -> None:
        """Waits until all snapshots are written.

        Raises:
            OSError: One could not be written.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or (self._waiting is None and not self._busy))
            self._raise_error()

    def close(self) -> None:
        """Ends the thread when all snapshots are written, or when writing failed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._closed = False

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None or self._closed)
                if self._waiting is None or self._error is not None:
                    return
                snapshot, self._waiting, self._busy = self._waiting, None, True
            try:
                self._write(snapshot)
            except BaseException as error:  # noqa: BLE001
                self._error = error
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _write(self, snapshot: Snapshot) -> None:
        snapshot = snapshot.fetched()
        if snapshot.is_finite():
            self._folder.write(snapshot)
        else:
            log.warning("no snapshot after step %d: the weights are not finite", snapshot.position.done)

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error
