"""The files of snapshots: each is complete or absent, the newest are kept, and a damaged one is skipped."""

from __future__ import annotations

import logging
from pathlib import Path

from pipeline.run.atomic_files import remove_unfinished, write_atomically
from pipeline.security.plain_types import mistake
from pipeline.training.snapshots.snapshot import DamagedSnapshotError, Snapshot, read_snapshot
from pipeline.training.snapshots.state_types import STATE

log = logging.getLogger(__name__)
SUFFIX = ".snapshot"
LARGEST = 2**40
"""The largest size in bytes. No machine trains anything larger."""


class SnapshotStore:
    """A folder of snapshots, named by the number of steps done.

    Args:
        path: The folder. The first snapshot creates it.
        keep: How many of the newest snapshots to keep.
    """

    def __init__(self, path: Path, keep: int = 2) -> None:
        self.path = path
        self._keep = keep

    def write(self, snapshot: Snapshot) -> None:
        """Writes a snapshot, replacing one of the same step, then removes those that exceed the number to keep.

        Raises:
            OSError: The folder is not writable or the disk is full. Existing snapshots stay.
        """
        self.path.mkdir(exist_ok=True)
        path = self.path / f"{snapshot.position.done:012d}{SUFFIX}"

        def write(beside: Path) -> None:
            with beside.open("wb") as file:
                for part in snapshot.parts():
                    file.write(part)

        write_atomically(path, write)
        for old in self._files()[self._keep :]:
            old.unlink()

    def newest(self) -> Snapshot | None:
        """Returns the newest complete snapshot; None if there is none."""
        for path in self._files():
            try:
                if path.stat().st_size > LARGEST:
                    raise DamagedSnapshotError("it is larger than a snapshot may be")
                found = read_snapshot(path.read_bytes())
                wrong = mistake(found.state, STATE)
                if wrong is not None:
                    raise DamagedSnapshotError(f"its state does not belong to a training: {wrong}")
                return found
            except DamagedSnapshotError as error:
                log.warning("snapshot %s is damaged: %s; using the one before it", path.name, error)
        return None

    def remove_unfinished(self) -> None:
        """Removes unfinished files of a process that was killed."""
        remove_unfinished(self.path)

    def remove_all(self) -> None:
        """Removes all snapshots."""
        for path in self._files():
            path.unlink()
        self.remove_unfinished()

    def _files(self) -> list[Path]:
        """Returns the snapshot files, the newest first."""
        return sorted((p for p in self.path.glob(f"*{SUFFIX}") if p.name[0] != "."), reverse=True)
