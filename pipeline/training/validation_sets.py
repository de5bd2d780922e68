"""The validation sets of a fit: the one that Keras supports, and several by name."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import tensorflow as tf
from keras.src.trainers import data_adapters
from keras.src.trainers.compile_utils import CompileLoss, CompileMetrics

from pipeline.errors import one_line
from pipeline.training.arguments import checked_batch_size, checked_steps, found
from pipeline.training.evaluate_loop import Hooks, OwnEvaluation, has_own_evaluate
from pipeline.training.feeds import Feed
from pipeline.training.feeds.from_keras import keras_feed
from pipeline.training.snapshots.keras_callback_states import MONITORS


@dataclass(frozen=True)
class HeldOut:
    """A validation set.

    Attributes:
        argument: The argument that provided it, for messages.
        prefix: The prefix of the names of its values.
        x: Inputs, or batches of everything.
        y: Targets.
        sample_weight: Weights.
    """

    argument: str
    prefix: str
    x: Any
    y: Any
    sample_weight: Any

    def evaluated(
        self, model: keras.Model, hooks: Hooks, batch_size: Any, validation_batch_size: Any, validation_steps: Any
    ) -> Feed | OwnEvaluation:
        """Returns the feed of its batches, or the model's own method to evaluate on them.

        Args:
            model: The model.
            hooks: The callbacks.
            batch_size: As in `keras.Model.fit`.
            validation_batch_size: As in `keras.Model.fit`.
            validation_steps: As in `keras.Model.fit`.

        Raises:
            TypeError: A size is not a whole number.
            ValueError: Keras refuses the data.
        """
        data = {"x": self.x, "y": self.y, "sample_weight": self.sample_weight}
        name = "validation_batch_size" if validation_batch_size else "batch_size"
        size = checked_batch_size(name, validation_batch_size or batch_size, tuple(data.values()))
        steps = checked_steps("validation_steps", validation_steps, tuple(data.values()), size)
        if has_own_evaluate(model):
            return OwnEvaluation(model, hooks, partial(dict, data | {"batch_size": size, "steps": steps}))
        try:
            return keras_feed(**data, batch_size=size, steps=steps)
        except ValueError as error:
            raise ValueError(f"{self.argument}: {error}") from error


def held_out_sets(model: keras.Model, validation_data: Any, validation_sets: Any) -> list[HeldOut]:
    """Returns the validation sets.

    Args:
        model: The compiled model.
        validation_data: As in `keras.Model.fit`.
        validation_sets: Such data by name, or None.

    Raises:
        TypeError: The sets have no names.
        ValueError: The data is not of the form `(x, y)` or `(x, y, sample_weight)`, or lacks the targets that the
            model's loss needs.
    """
    sets = [] if validation_data is None else [_held_out(model, "validation_data", "val_", validation_data)]
    outputs = getattr(model, "output_names", None) or []
    for name, data in _by_name(validation_sets).items():
        if validation_data is not None and len(outputs) > 1 and name in outputs:
            raise ValueError(
                f"validation_sets: the set '{name}' has the name of an output, whose values in validation_data are "
                f"val_{name}_… too; rename the set"
            )
        sets.append(_held_out(model, f"validation_sets[{name!r}]", f"val_{name}_", data))
    return sets


@contextmanager
def directions_of_sets(model: keras.Model, callbacks: list[Any], sets: list[HeldOut]) -> Iterator[None]:
    """Inside the context, callbacks with `mode="auto"` know the direction of the metrics of named sets.

    Keras looks up what follows `val_` among the model's metrics, so it does not know `val_<name>_<metric>`.
    """
    told = []
    for callback in callbacks:
        monitor = getattr(callback, "monitor", None)
        if not isinstance(callback, MONITORS) or callback.mode != "auto" or not isinstance(monitor, str):
            continue
        prefixes = [held.prefix for held in sets if held.prefix != "val_" and monitor.startswith(held.prefix)]
        if prefixes:
            metric = monitor.removeprefix(max(prefixes, key=len))
            vars(callback)["_set_monitor_op"] = _settling(model, callback, metric, callback._set_monitor_op)
            told.append(callback)
    try:
        yield
    finally:
        for callback in told:
            vars(callback).pop("_set_monitor_op", None)


def _settling(model: keras.Model, callback: Any, metric: str, settle: Callable[[], None]) -> Callable[[], None]:
    def settled() -> None:
        try:
            callback.mode = _direction(model, metric)
            settle()
        finally:
            callback.mode = "auto"

    return settled


def _direction(model: keras.Model, name: str) -> str:
    """Returns `min` or `max` for a metric of the model by its name in the logs, or `auto` if it is unknown."""
    if name == "loss" or name.endswith("_loss"):
        return "min"
    metrics = [inner for metric in model.metrics for inner in _metrics_in(metric)]
    named = [metric for metric in metrics if name == metric.name or name.endswith(f"_{metric.name}")]
    way = getattr(max(named, key=lambda metric: len(metric.name)), "_direction", None) if named else None
    return {"up": "max", "down": "min"}.get(str(way), "auto")


def _metrics_in(metric: Any) -> list[Any]:
    return metric.metrics if isinstance(metric, CompileMetrics) else [metric]


def _by_name(sets: Any) -> Mapping[str, Any]:
    if sets is None:
        return {}
    if not isinstance(sets, Mapping):
        raise TypeError(f"validation_sets: expected a dict of sets by name, got {found(sets)}")
    for name in sets:
        if not isinstance(name, str) or not name:
            raise TypeError(f"validation_sets: expected a text as the name of a set, got {found(name)}")
    return sets


def _held_out(model: keras.Model, argument: str, prefix: str, data: Any) -> HeldOut:
    needs_targets = _needs_targets(model)
    if isinstance(data, Mapping) and _is_of_sets(data, needs_targets=needs_targets):
        names = ", ".join(map(str, data))
        raise ValueError(
            f"{argument}: expected one set, got a dict of {names:.60}; use validation_sets for sets by name"
        )
    try:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    except ValueError as error:
        raise ValueError(
            f"{argument}: expected (x, y) or (x, y, sample_weight), got {len(data)} parts: {one_line(error):.200}"
        ) from error
    if y is None and needs_targets and not _may_bring_targets(x):
        raise ValueError(
            f"{argument}: expected targets as in (x, y), which the model's loss needs, got only inputs: "
            f"{type(data).__name__}"
        )
    return HeldOut(argument, prefix, x, y, sample_weight)


def _is_of_sets(data: Mapping[Any, Any], *, needs_targets: bool) -> bool:
    """Whether a mapping holds sets by name rather than inputs by name."""
    parts = data.values()
    if any(_is_of_batches(part) for part in parts):
        return True
    return needs_targets and bool(data) and all(isinstance(part, (tuple, list)) and len(part) < 4 for part in parts)


def _is_of_batches(x: Any) -> bool:
    return (
        isinstance(x, (keras.utils.PyDataset, types.GeneratorType))
        or data_adapters.is_tf_dataset(x)
        or data_adapters.is_torch_dataloader(x)
        or data_adapters.is_grain_dataset(x)
    )


def _may_bring_targets(x: Any) -> bool:
    """Whether data comes in batches that may have targets. For some data only the batches themselves show it."""
    if isinstance(x, tf.data.Dataset):
        return isinstance(x.element_spec, tuple) and len(x.element_spec) > 1
    return _is_of_batches(x) or isinstance(x, data_adapters.data_adapter.DataAdapter)


def _needs_targets(model: keras.Model) -> bool:
    """Whether a model's loss certainly needs targets."""
    kind = type(model)
    as_keras = all(getattr(kind, name) is getattr(keras.Model, name) for name in ("test_step", "compute_loss"))
    if not as_keras or type(model._compile_loss) is not CompileLoss:
        return False
    losses = [loss for loss in keras.tree.flatten(model.loss) if isinstance(loss, keras.losses.Loss)]
    return all(type(loss).__call__ is keras.losses.Loss.__call__ for loss in losses)
