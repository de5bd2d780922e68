"""Builds the trackers that the config names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from pipeline.config import components
from pipeline.config.schema import PipelineConfig
from pipeline.errors import ConfigError, with_article


def build_tracking(config: PipelineConfig, run_folder: Path) -> list[keras.callbacks.Callback]:
    """Builds the trackers under the config's `tracking`, in order. A null entry switches a tracker off.

    A tracker is a callback. It gets the `run_folder` if it has an argument of that name, and may have a method
    `on_run_end(metrics, status)`, see `end_tracking`. It contacts no server before training begins.

    Raises:
        ConfigError: A tracker refused its arguments, is not a callback, or needs a package that is not installed.
    """
    if not isinstance(config.tracking or {}, Mapping):
        raise ConfigError(
            f"tracking: expected a mapping, got {config.tracking!r}; set tracking=tensorboard or tracking=mlflow"
        )
    trackers = []
    for name, node in (config.tracking or {}).items():
        if node is None:
            continue
        if not isinstance(node, Mapping) or "_target_" not in node:
            raise ConfigError(f"tracking.{name}: expected a mapping with a _target_, or null, got {node!r}")
        given = {"run_folder": run_folder} if components.takes(node["_target_"], "run_folder") else {}
        tracker = components.build(f"tracking.{name}", node, **given)
        if not isinstance(tracker, keras.callbacks.Callback):
            raise ConfigError(f"tracking.{name}: expected a keras.callbacks.Callback, got {with_article(tracker)}")
        tracker.config_key = f"tracking.{name}"
        # A snapshot does not restore these values: the config decides them.
        tracker.config_values = {key: value for key, value in node.items() if key not in components.NOT_ARGUMENTS}
        trackers.append(tracker)
    return trackers


@dataclass(frozen=True)
class Tracking:
    """The recording of a run.

    Attributes:
        callbacks: The trackers, for training.
        metrics: The contents of `metrics.json`, to be filled in as soon as they are known.
    """

    callbacks: list[keras.callbacks.Callback]
    metrics: dict[str, Any] = field(default_factory=dict)


@contextmanager
def tracked(config: PipelineConfig, run_folder: Path) -> Iterator[Tracking]:
    """Records what happens inside the context as a run, including its end, however it comes.

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
    """Notifies trackers of the end of the run, after all of its files except `run.json` are written.

    Args:
        trackers: The result of `build_tracking`.
        metrics: The contents of `metrics.json`; empty if the run did not get that far.
        status: The status in `run.json`: finished, failed, interrupted or terminated.
    """
    for tracker in trackers:
        on_run_end = getattr(tracker, "on_run_end", None)
        if on_run_end is not None:
            on_run_end(metrics, status)
