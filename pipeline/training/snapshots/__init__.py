"""Snapshots: the whole state of a training in files, so that a killed one goes on to the very same weights."""

from pipeline.training.snapshots.recorder import Recorder
from pipeline.training.snapshots.schedule import SnapshotSchedule
from pipeline.training.snapshots.snapshot import Position, Snapshot
from pipeline.training.snapshots.store import SnapshotStore

__all__ = ["Position", "Recorder", "Snapshot", "SnapshotSchedule", "SnapshotStore"]
