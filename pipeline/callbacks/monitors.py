"""Checks before training that the metrics callbacks decide by are logged and have a known direction."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras

from pipeline.callbacks.direction import Monitored
from pipeline.config.loss_kinds import AUTO
from pipeline.config.schema import PipelineConfig
from pipeline.data.batches import Batches
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError, ConfigMistakes, nearest
from pipeline.training.expected_logs import OURS, Logged, logged_by
from pipeline.training.objectives.losses import losses_of
from pipeline.training.signature import NamedModel
from pipeline.training.snapshots.keras_callback_states import MONITORS

log = logging.getLogger(__name__)
PREFIXES = {"train": "", "validation": "val_", "test": "test_"}
"""Prefixes of the names of metrics measured on a split after training."""
NO_VALIDATION = "needs validation data, but there is none; set split.validation, such as split.validation=0.1"


def check_monitors(
    config: PipelineConfig,
    model: NamedModel,
    train: Batches,
    splits: Splits,
    validation_sets: Sequence[str],
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Checks everything that names a metric: callbacks, and the value that a sweep optimizes.

    Args:
        config: Read for losses, validation, evaluation and `optimized_metric`.
        model: The compiled model. Its metrics are built if something names one.
        train: The training batches.
        splits: The splits.
        validation_sets: Names of further validation sets.
        callbacks: The callbacks, in order.

    Raises:
        ConfigMistakes: Lists every metric that will not be logged or has an unknown direction.
    """
    if config.optimized_metric is None and not any(map(_monitors, callbacks)):
        return
    held_out = [*(["val_"] if splits.validation is not None else []), *(f"val_{name}_" for name in validation_sets)]
    losses = losses_of(config.loss, model.signature, splits.train.spec)
    logged = logged_by(model, train, losses, held_out, callbacks)
    present = dict(splits.present())
    measured = [prefix for name, prefix in PREFIXES.items() if name in config.evaluate_splits and name in present]
    mistakes = monitor_mistakes(callbacks, logged)
    mistakes += optimized_mistakes(config.optimized_metric, logged, measured)
    if mistakes:
        raise ConfigMistakes(mistakes)


def with_monitors(nodes: Mapping[str, Any] | None, *, validates: bool) -> dict[str, Any]:
    """Returns the config's `callbacks` with each `monitor: auto` replaced by the validation loss or the loss.

    Args:
        nodes: The config of each callback, by name.
        validates: Whether there is a validation split. Without one, `auto` means the training loss.
    """
    chosen = "val_loss" if validates else "loss"
    found = dict(nodes or {})
    autos = [name for name, node in found.items() if isinstance(node, Mapping) and node.get("monitor") == AUTO]
    if autos and not validates:
        log.info("no validation split (split.validation): %s monitor the training loss", " and ".join(autos))
    return found | {name: {**found[name], "monitor": chosen} for name in autos}


def monitor_mistakes(callbacks: Iterable[keras.callbacks.Callback], logged: Logged) -> list[str]:
    """Sets the direction of callbacks with `mode="auto"` and returns what is wrong with the metrics they monitor.

    The pipeline's own callbacks have the metrics in `monitors`, by their place in the config, and find the direction
    when training begins. Any other callback, from Keras or from a user, has `monitor` and `mode`.

    Args:
        callbacks: The callbacks, each with its config key in the attribute `config_key`.
        logged: What will be logged.

    Returns:
        One line for each metric that will not be logged or whose direction is unknown.
    """
    mistakes = []
    for callback in callbacks:
        key = getattr(callback, "config_key", type(callback).__name__)
        for place, monitored in _monitors(callback).items():
            mistake = _unlogged(monitored.name, logged) if _is_needed(callback) else None
            mistake = mistake or _settle(callback, monitored, logged)
            if mistake is not None:
                mistakes.append(f"{key}.{place}: {mistake}")
    return mistakes


def optimized_mistakes(name: str | None, logged: Logged, prefixes: Iterable[str]) -> list[str]:
    """Returns what is wrong with the metric that a sweep optimizes.

    Args:
        name: The metric, as `optimized_value` takes it.
        logged: What will be logged.
        prefixes: The prefixes of names of metrics that are measured after training.
    """
    known = sorted({*logged.names, *logged.prefixed(prefixes)})
    if name is None or name in known or not logged.complete:
        return []
    return [f"optimized_metric: no metric '{name}'{_known(name, known, 'measured')}"]


def _monitors(callback: Any) -> dict[str, Monitored]:
    """Returns the metrics that a callback monitors, by their place in its config."""
    own = getattr(callback, "monitors", None)
    if _is_ours(callback) and isinstance(own, dict):
        return own
    name, mode = getattr(callback, "monitor", None), getattr(callback, "mode", None)
    return {"monitor": Monitored(name, mode)} if isinstance(name, str) and isinstance(mode, str) else {}


def _is_needed(callback: Any) -> bool:
    """Whether a callback certainly does nothing useful if its metrics are not logged."""
    if isinstance(callback, MONITORS):
        reads = getattr(callback, "get_monitor_value", None)
        asks_user = reads is not None and reads.__module__.partition(".")[0] not in OURS
        return getattr(callback, "save_best_only", True) and not asks_user
    return _is_ours(callback)


def _unlogged(name: str, logged: Logged) -> str | None:
    """Returns what is wrong with a metric that will not be logged; None if it will or may be."""
    names = logged.names
    if name in names:
        return None
    if logged.complete and name.startswith("val_") and not logged.prefixes:
        return f"'{name}' {NO_VALIDATION}; logged are {', '.join(names)}"
    missing = f"'{name}' is not logged{_known(name, names, 'logged')}"
    if logged.complete:
        return missing
    log.warning("callbacks: %s, and what your own code adds", missing)
    return None


def _known(name: str, names: Sequence[str], what: str) -> str:
    """Returns the end of a message about an unknown name: the nearest known name, and all of them."""
    hint, listed = nearest(name, names), f"are {', '.join(names)}"
    return f"{hint} {what.capitalize()} {listed}" if hint.endswith("?") else f"; {what} {listed}"


def _settle(callback: Any, monitored: Monitored, logged: Logged) -> str | None:
    """Sets the direction of a callback's metric, or returns what is wrong if the direction is unknown."""
    try:
        mode = monitored.settled(logged.metrics).mode
    except ConfigError:
        if _must_know(callback):
            return f"cannot tell whether lower or higher '{monitored.name}' is better; expected {monitored.expected}"
        # Keras asks for a direction even where it compares nothing, and a user's own code may know it.
        mode = "min" if isinstance(callback, MONITORS) and not _is_needed(callback) else monitored.mode
    if not _is_ours(callback):
        callback.mode = mode
    return None


def _must_know(callback: Any) -> bool:
    """Whether a callback cannot find the direction of its metric by itself."""
    of_keras = isinstance(callback, MONITORS) and _home(callback._set_monitor_op) in OURS
    return _is_ours(callback) or (of_keras and _is_needed(callback))


def _is_ours(callback: Any) -> bool:
    return _home(type(callback)) == "pipeline"


def _home(code: Any) -> str:
    return str(code.__module__).partition(".")[0]
