"""Opens the snapshots of a run, and checks that the data is still the same."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.config.schema import SnapshotsConfig
from pipeline.data.examples import Examples
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError, DataError
from pipeline.training.snapshots.schedule import SnapshotSchedule
from pipeline.training.snapshots.state_types import STATE
from pipeline.training.snapshots.store import SnapshotStore

log = logging.getLogger(__name__)


def open_snapshots(path: Path, config: SnapshotsConfig, facts: Mapping[str, Any], *, resumes: bool) -> SnapshotSchedule:
    """Returns the schedule that keeps the snapshots of a run.

    Args:
        path: Their folder.
        config: When they are written.
        facts: What identifies the data, by kind and split. It must be the same when the run is resumed.
        resumes: Whether training continues from the newest snapshot, if there is one.

    Raises:
        ConfigError: The snapshot does not belong to a training.
        DataError: The data differs from that of the snapshot.
    """
    folder = SnapshotStore(path, config.keep)
    found = folder.newest() if resumes else None
    versions = {"keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__}
    if found is not None:
        missing = STATE.keys() - found.state.keys()
        if missing:
            raise ConfigError(
                f"resume: the newest snapshot has no {', '.join(sorted(missing))}; start a new run without resume"
            )
        before = found.state["facts"]
        check_same_data(before.get("data", {}), facts)
        _warn_of_versions(before.get("versions", {}), versions)
        at = found.position
        place = f"after step {at.step}" if at.step else "at the start"
        log.info("resuming %s of epoch %d, %d steps in all", place, at.epoch + 1, at.done)
    elif resumes:
        log.info("no snapshot to resume from: training begins")
    return SnapshotSchedule(
        folder,
        every_epochs=config.every_epochs,
        every_steps=config.every_steps,
        every_seconds=config.every_seconds,
        facts={"data": _plain(facts), "versions": versions},
        found=found,
    )


def check_same_data(before: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Refuses to resume a run with other data.

    Args:
        before: What identified its data, by kind and split.
        facts: The same for the current data.

    Raises:
        DataError: They differ.
    """
    for kind, splits in facts.items():
        for name in dict.fromkeys([*before.get(kind, {}), *splits]):
            here, there = _plain(splits.get(name)), before.get(kind, {}).get(name)
            if here != there:
                raise DataError(
                    f"data: the {kind if kind != 'data' else 'examples'} of '{name}' changed since the run began: "
                    f"{_shown(there)} then, {_shown(here)} now; use the same data, or start a new run without resume"
                )


def weights_fingerprints(splits: Splits) -> dict[str, str]:
    """Returns a hash of the sample weights of each split in memory. Those of streams are not known yet."""
    found = {}
    for name, data in splits.present():
        if isinstance(data, Examples) and data.weights:
            digest = hashlib.sha256()
            for target, weights in sorted(data.weights.items()):
                digest.update(target.encode())
                digest.update(np.ascontiguousarray(weights).data)
            found[name] = digest.hexdigest()
    return found


def _warn_of_versions(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    for name, version in now.items():
        if before.get(name) != version:
            log.warning(
                "%s is version %s, but the run began with %s: the last digits may differ from an uninterrupted run",
                name,
                version,
                before.get(name),
            )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def _shown(fingerprint: Any) -> str:
    if fingerprint is None:
        return "none"
    if not isinstance(fingerprint, Mapping):
        return f"hash {str(fingerprint)[:8]}"
    size = next((f"{value} {unit}" for unit, value in fingerprint.items()), "nothing")
    return f"{size}, hash {str(fingerprint.get('sha256'))[:8]}"
