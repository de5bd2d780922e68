"""When the snapshots of a training are written, and which one it resumes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.training.cadence import Cadence
from pipeline.training.snapshots.snapshot import Snapshot
from pipeline.training.snapshots.store import SnapshotStore
from pipeline.training.snapshots.writer import SnapshotWriter


class SnapshotSchedule:
    """Keeps the snapshots of a training.

    Args:
        folder: Where they are stored.
        every_epochs: Write one every this many epochs; None for never.
        every_steps: Write one every this many steps, counted across all epochs; None for never.
        every_seconds: Write one at the end of the first call after this many seconds since the last; None for never.
        facts: What a resumed training must have in common with the first one, as plain values.
        found: The snapshot to resume from; None to start anew.

    Attributes:
        found: See above.
        facts: See above.
    """

    def __init__(
        self,
        folder: SnapshotStore,
        *,
        every_epochs: int | None = 1,
        every_steps: int | None = None,
        every_seconds: float | None = None,
        facts: Mapping[str, Any] | None = None,
        found: Snapshot | None = None,
    ) -> None:
        self.found = found
        self.facts = dict(facts or {})
        self._folder = folder
        self._writer = SnapshotWriter(folder)
        self._every_epochs = every_epochs
        self._cadence = Cadence(every_steps, every_seconds)

    def start(self) -> None:
        """Starts the clock. If no training is resumed, removes old snapshots."""
        self._cadence.start()
        if self.found is None:
            self._folder.remove_all()
        else:
            self._folder.remove_unfinished()

    def until_next(self, done: int) -> int:
        """Returns the number of steps until the next snapshot that is due by steps, given the number done."""
        return self._cadence.until_next(done, 0, None)

    def is_due(self, done: int) -> bool:
        """Whether a snapshot is due after a step, given the number of steps done."""
        return self._cadence.is_due(done, 0, None)

    def is_due_after(self, epoch: int) -> bool:
        """Whether a snapshot is due after an epoch."""
        return self._every_epochs is not None and (epoch + 1) % self._every_epochs == 0

    def put(self, snapshot: Snapshot) -> None:
        """Writes a snapshot in the background.

        Raises:
            OSError: An earlier one could not be written.
        """
        self._writer.put(snapshot)

    def flush(self) -> None:
        """Waits until all snapshots are written.

        Raises:
            OSError: One could not be written.
        """
        self._writer.flush()

    def last_good(self) -> Snapshot | None:
        """Returns the last written snapshot, whose weights are always finite; None if there is none."""
        self.flush()
        return self._folder.newest()

    def close(self) -> None:
        """Stops after finishing what is being written."""
        self._writer.close()
