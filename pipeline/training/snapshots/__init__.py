"""Snapshots: the complete state of a training in files, so that a killed training ends with the very same weights."""

from pipeline.training.snapshots.recorder import Recorder
from pipeline.training.snapshots.schedule import SnapshotSchedule
from pipeline.training.snapshots.snapshot import Position, Snapshot
from pipeline.training.snapshots.store import SnapshotStore

__all__ = ["Position", "Recorder", "Snapshot", "SnapshotSchedule", "SnapshotStore"]
