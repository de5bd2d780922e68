"""The values that a training will log, known before its first step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from pipeline.data.batches import Batches
from pipeline.training.feeds.from_batches import Layout
from pipeline.training.signature import NamedModel, Signature

OWN_VALUES = ("train_step", "test_step", "compute_loss", "compute_metrics", "get_metrics_result", "metrics")
"""Methods that a user's own model class may override to log other values than Keras does."""
HOOKS_WITH_LOGS = ("on_epoch_end", "on_train_batch_end", "on_test_batch_end", "on_test_end", "on_batch_end")
"""Hooks that receive the logs and may add to them."""
OURS = ("keras", "pipeline")
RATE_TO_LOGS = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)


@dataclass(frozen=True)
class Logged:
    """The values that are logged for each epoch.

    Attributes:
        metrics: The metric behind each training value, by the value's name; None if it is unknown.
        prefixes: The prefixes of these names for validation: `val_`, or `val_<name>_` for each of several sets.
        others: Names of further values.
        complete: Whether these are all: a user's own code may log anything.
    """

    metrics: Mapping[str, Any]
    prefixes: Sequence[str]
    others: Sequence[str] = ()
    complete: bool = True

    @property
    def names(self) -> list[str]:
        """The names of all values."""
        return sorted({*self.prefixed(["", *self.prefixes]), *self.others})

    def prefixed(self, prefixes: Iterable[str]) -> list[str]:
        """Returns the names of values measured on data with one of these prefixes."""
        return [f"{prefix}{name}" for prefix in prefixes for name in self.metrics]


def logged_by(
    model: NamedModel,
    batches: Batches,
    losses: Iterable[str],
    prefixes: Sequence[str],
    callbacks: Iterable[keras.callbacks.Callback],
) -> Logged:
    """Returns what a compiled model is going to log; its metrics are built by it, as the first step would.

    Args:
        model: The model.
        batches: What it will be trained on.
        losses: Names of the outputs that have a loss.
        prefixes: See `Logged`.
        callbacks: The callbacks of the training.
    """
    keras_model, signature, callbacks = model.keras_model, model.signature, list(callbacks)
    others = rates_of(keras_model) if any(isinstance(one, RATE_TO_LOGS) for one in callbacks) else []
    if _logs_its_own(keras_model):
        return Logged(metrics_of(keras_model), prefixes, others, complete=False)
    _build_metrics(keras_model, signature, batches)
    names = list(losses)
    complete = not any(map(adds_to_logs, callbacks))
    of_losses = dict.fromkeys(f"{name}_loss" for name in names) if len(names) > 1 else {}
    if of_losses and signature.output_form == "list" and not getattr(keras_model, "output_names", None):
        # Keras calls them by the losses then.
        of_losses, complete = {}, False
    return Logged({**metrics_of(keras_model), **of_losses}, prefixes, others, complete)


def metrics_of(model: keras.Model | None) -> dict[str, Any]:
    """Returns the metrics of a compiled model by the names of their values, as far as they are known.

    The names of metrics given to `compile` are known once the metrics are built, which happens in the first step.
    """
    found: dict[str, Any] = {}
    for metric in getattr(model, "metrics", []):
        if hasattr(metric, "_user_metrics"):
            found |= _compiled(metric, getattr(model, "output_names", None) or [])
        else:
            found[metric.name] = metric
    return found


def rates_of(model: keras.Model) -> list[str]:
    """Returns the names by which Keras' callbacks log learning rates."""
    several = getattr(model.optimizer, "optimizers", None)
    return [f"learning_rate_{one.name}" for one in several] if several else ["learning_rate"]


def adds_to_logs(callback: keras.callbacks.Callback) -> bool:
    """Whether a callback has a user's own code that receives the logs."""
    hooks = [getattr(callback, name, None) for name in HOOKS_WITH_LOGS]
    return any(str(getattr(hook, "__module__", None)).partition(".")[0] not in OURS for hook in hooks if hook)


def _logs_its_own(model: keras.Model) -> bool:
    kind = type(model)
    return any(getattr(kind, name, None) is not getattr(keras.Model, name, None) for name in OWN_VALUES)


def _build_metrics(model: keras.Model, signature: Signature, batches: Batches) -> None:
    for metric in model.metrics:
        if hasattr(metric, "_user_metrics") and not metric.built:
            targets = Layout(batches, signature).specs()[1]
            metric.build(targets, signature.pack_outputs(_outputs(signature)))


def _outputs(signature: Signature) -> dict[str, keras.KerasTensor]:
    return {name: keras.KerasTensor((None, *shape)) for name, shape in signature.outputs.items()}


def _compiled(metrics: Any, outputs: Sequence[str]) -> dict[str, Any]:
    """Returns the metrics given to `compile`, by the names of their values."""
    results = _results(metrics)
    if results is None:
        given = keras.tree.flatten([metrics._user_metrics, metrics._user_weighted_metrics])
        objects = [one for one in given if isinstance(one, keras.metrics.Metric)]
        return {name: one for one in objects for name in (one.name, *(f"{output}_{one.name}" for output in outputs))}
    found: dict[str, Any] = {}
    # Results are in the order of the metrics, under names that are made unique.
    for (name, result), metric in zip(results.items(), metrics.metrics, strict=False):
        found |= dict.fromkeys(result, metric) if isinstance(result, Mapping) else {name: metric}
    return found


def _results(metrics: Any) -> dict[str, Any] | None:
    """Returns the results of metrics before any batch; None if one of them needs to see a batch first."""
    try:
        return dict(metrics.result()) if metrics.built else None
    except Exception:  # noqa: BLE001
        return None
