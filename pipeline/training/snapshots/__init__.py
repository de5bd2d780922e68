"""Snapshots: the whole state of a training in files, so that a killed one goes on to the very same weights."""

from pipeline.training.snapshots.folder import SnapshotFolder
from pipeline.training.snapshots.keeper import Keeper
from pipeline.training.snapshots.recorder import Recorder
from pipeline.training.snapshots.snapshot import Position, Snapshot

__all__ = ["Keeper", "Position", "Recorder", "Snapshot", "SnapshotFolder"]
