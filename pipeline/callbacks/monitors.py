"""The stage that checks, before training, what callbacks decide by: whether it is logged, and which way is better."""

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
"""What is put before the names of what is measured on a split after training."""
NO_VALIDATION = "is measured on validation data, of which there is none; split.validation=0.1 sets some apart"


def check_monitors(
    config: PipelineConfig,
    model: NamedModel,
    train: Batches,
    splits: Splits,
    validation_sets: Sequence[str],
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Checks all that names metrics: callbacks, and what a sweep optimises.

    Args:
        config: What it says of losses, validation, evaluation and `optimized_metric` is read.
        model: The compiled model, whose metrics are built by it, if something names one.
        train: What it will be trained on.
        splits: The splits.
        validation_sets: Names of further validation sets.
        callbacks: The callbacks, in order.

    Raises:
        ConfigMistakes: A metric will not be logged, or nobody knows its direction, all of them.
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
    """Returns the config's `callbacks`, `monitor: auto` made the validation loss, or the loss where nothing validates.

    Args:
        nodes: The config by name.
        validates: Whether there is a validation split.
    """
    chosen = "val_loss" if validates else "loss"
    found = dict(nodes or {})
    autos = [name for name, node in found.items() if isinstance(node, Mapping) and node.get("monitor") == AUTO]
    if autos and not validates:
        log.info("no validation split: %s watch the training loss (split.validation)", " and ".join(autos))
    return found | {name: {**found[name], "monitor": chosen} for name in autos}


def monitor_mistakes(callbacks: Iterable[keras.callbacks.Callback], logged: Logged) -> list[str]:
    """Tells callbacks of `mode="auto"` which way is better, and returns what is wrong with the metrics they decide by.

    A callback of the pipeline's own has them in `monitors`, by their place in its config, and learns the direction
    when training begins. Any other one, of Keras or of a user, has `monitor` and `mode`.

    Args:
        callbacks: The callbacks, in whose attribute `config_key` is their config key.
        logged: What will be logged.

    Returns:
        A line for each metric that will not be logged, or whose direction nobody knows.
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
    """Returns what is wrong with the metric that a sweep optimises.

    Args:
        name: The metric, as `optimized_value` takes it.
        logged: What will be logged.
        prefixes: What is put before the names of what is measured after training.
    """
    known = sorted({*logged.names, *logged.prefixed(prefixes)})
    if name is None or name in known or not logged.complete:
        return []
    return [f"optimized_metric: no metric '{name}'{_known(name, known, 'measured')}"]


def _monitors(callback: Any) -> dict[str, Monitored]:
    """Returns what a callback decides by, by place in its config."""
    own = getattr(callback, "monitors", None)
    if _is_ours(callback) and isinstance(own, dict):
        return own
    name, mode = getattr(callback, "monitor", None), getattr(callback, "mode", None)
    return {"monitor": Monitored(name, mode)} if isinstance(name, str) and isinstance(mode, str) else {}


def _is_needed(callback: Any) -> bool:
    """Whether it is sure that a callback does nothing sensible without its metrics in the logs."""
    if isinstance(callback, MONITORS):
        reads = getattr(callback, "get_monitor_value", None)
        asks_user = reads is not None and reads.__module__.partition(".")[0] not in OURS
        return getattr(callback, "save_best_only", True) and not asks_user
    return _is_ours(callback)


def _unlogged(name: str, logged: Logged) -> str | None:
    """Returns what is wrong with a metric that will not be logged; None if it will be, or may be."""
    names = logged.names
    if name in names:
        return None
    if logged.complete and name.startswith("val_") and not logged.prefixes:
        return f"'{name}' {NO_VALIDATION}; logged are {', '.join(names)}"
    told = f"'{name}' is not logged{_known(name, names, 'logged')}"
    if logged.complete:
        return told
    log.warning("callbacks: %s, and what code of yours adds", told)
    return None


def _known(name: str, names: Sequence[str], what: str) -> str:
    """Returns the end of a message about a name that is none of some: the nearest of them, and all."""
    hint, listed = nearest(name, names), f"are {', '.join(names)}"
    return f"{hint} {what.capitalize()} {listed}" if hint.endswith("?") else f"; {what} {listed}"


def _settle(callback: Any, monitored: Monitored, logged: Logged) -> str | None:
    """Tells a callback the direction of its metric; returns what is wrong if nobody knows that."""
    try:
        mode = monitored.settled(logged.metrics).mode
    except ConfigError:
        if _must_know(callback):
            return f"'{monitored.name}' does not tell whether less or more of it is better; {monitored.right} is right"
        # Keras asks for a direction where it compares nothing, too; a user's own code may know one by itself.
        mode = "min" if isinstance(callback, MONITORS) and not _is_needed(callback) else monitored.mode
    if not _is_ours(callback):
        callback.mode = mode
    return None


def _must_know(callback: Any) -> bool:
    """Whether a callback cannot find out the direction of its metric by itself."""
    of_keras = isinstance(callback, MONITORS) and _home(callback._set_monitor_op) in OURS
    return _is_ours(callback) or (of_keras and _is_needed(callback))


def _is_ours(callback: Any) -> bool:
    return _home(type(callback)) == "pipeline"


def _home(code: Any) -> str:
    return str(code.__module__).partition(".")[0]
