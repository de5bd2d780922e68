"""The trackers of the config."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from pipeline.config import components
from pipeline.config.schema import PipelineConfig
from pipeline.errors import ConfigError


def build_tracking(config: PipelineConfig, run_folder: Path) -> list[keras.callbacks.Callback]:
    """Builds the trackers of the config's `tracking`, in its order; null switches one off.

    A tracker is a callback. It gets the `run_folder` if it has an argument of that name, and may have a method
    `on_run_end(metrics, status)`, see `end_tracking`. It contacts nobody before training begins.

    Raises:
        ConfigError: One refused its arguments, is no callback, or needs a package that is not installed.
    """
    if not isinstance(config.tracking or {}, Mapping):
        raise ConfigError(
            f"tracking: {config.tracking!r} is no mapping; tracking=tensorboard or tracking=mlflow is right"
        )
    trackers = []
    for name, node in (config.tracking or {}).items():
        if node is None:
            continue
        if not isinstance(node, Mapping) or "_target_" not in node:
            raise ConfigError(f"tracking.{name}: {node!r} has no _target_; a mapping with one, or null, is right")
        given = {"run_folder": run_folder} if components.takes(node["_target_"], "run_folder") else {}
        tracker = components.build(f"tracking.{name}", node, **given)
        if not isinstance(tracker, keras.callbacks.Callback):
            raise ConfigError(f"tracking.{name}: gave a {type(tracker).__name__}; a keras.callbacks.Callback is right")
        tracker.config_key = f"tracking.{name}"
        # A snapshot sets none of it back.
        tracker.config_values = {key: value for key, value in node.items() if key not in components.NOT_ARGUMENTS}
        trackers.append(tracker)
    return trackers


@dataclass(frozen=True)
class Tracking:
    """What records a run.

    Attributes:
        callbacks: The trackers, for training.
        metrics: What `metrics.json` holds, to be filled in as soon as it is known.
    """

    callbacks: list[keras.callbacks.Callback]
    metrics: dict[str, Any] = field(default_factory=dict)


@contextmanager
def tracked(config: PipelineConfig, run_folder: Path) -> Iterator[Tracking]:
    """Records what is done within it as a run, and its end, however it comes.

    Raises:
        ConfigError: See `build_tracking`.
    """
    tracking = Tracking(build_tracking(config, run_folder))
    status = "failed"
    try:
        yield tracking
        status = "finished"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    except SystemExit:
        status = "terminated"
        raise
    finally:
        end_tracking(tracking.callbacks, tracking.metrics, status)


def end_tracking(trackers: Iterable[keras.callbacks.Callback], metrics: Mapping[str, Any], status: str) -> None:
    """Tells trackers that the run ended, after all of its files but `run.json` are written.

    Args:
        trackers: Those of `build_tracking`.
        metrics: What `metrics.json` holds; empty if the run did not come so far.
        status: As `run.json` has it: finished, failed, interrupted or terminated.
    """
    for tracker in trackers:
        on_run_end = getattr(tracker, "on_run_end", None)
        if on_run_end is not None:
            on_run_end(metrics, status)
