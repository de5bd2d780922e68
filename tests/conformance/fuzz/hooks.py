"""Callbacks that record what they are called with, and such as meddle with the training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

Call = tuple[str, tuple[Any, ...], Any]
"""Name of a hook, its arguments but for the logs, and the logs."""
EPOCH_HOOKS = (
    "on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_test_begin", "on_test_end",
    "on_predict_begin", "on_predict_end",
)  # fmt: skip
BATCH_HOOKS = tuple(f"on_{kind}_batch_{end}" for kind in ("train", "test", "predict") for end in ("begin", "end"))


def made_callbacks(names: tuple[str, ...], calls: list[Call]) -> list[Any]:
    """Returns callbacks by their names; the recording ones add to `calls`."""
    return [MAKERS[name](calls) for name in names]


def recorder(hooks: tuple[str, ...]) -> Callable[[list[Call]], Any]:
    """Returns what makes a callback that records the calls of these hooks."""

    def made(calls: list[Call]) -> Any:
        def recording(name: str) -> Callable[..., None]:
            def hook(self: Any, *arguments: Any, logs: Any = None) -> None:
                if arguments and (arguments[-1] is None or isinstance(arguments[-1], dict)):
                    arguments, logs = arguments[:-1], arguments[-1]
                if name == "on_train_begin":
                    calls.append(("params", (), dict(self.params)))
                calls.append((name, arguments, plain(logs)))

            return hook

        return type("Recorder", (keras.callbacks.Callback,), {name: recording(name) for name in hooks})()

    return made


def plain(logs: Any) -> Any:
    """Returns logs whose values are arrays."""
    return None if logs is None else keras.tree.map_structure(np.array, dict(logs))


class StopAtEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Stops after the second epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch >= 1:
            self.model.stop_training = True


class StopAtBatch(keras.callbacks.Callback):  # type: ignore[misc]
    """Stops after the second batch."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch >= 1:
            self.model.stop_training = True


class StopAtBegin(keras.callbacks.Callback):  # type: ignore[misc]
    """Stops before the first batch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = True


class StopInEvaluation(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends validations after their second batch."""

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch >= 1:
            self.model.stop_evaluating = True


class RateByBatch(keras.callbacks.Callback):  # type: ignore[misc]
    """Lowers the learning rate with each batch."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        optimizer = self.model.optimizer
        if not isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
            optimizer.learning_rate = 0.02 / (1 + batch)


class AddsToLogs(keras.callbacks.Callback):  # type: ignore[misc]
    """Adds a value to the logs of each epoch, and takes one from them."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["added"] = 2.0 * epoch
        logs["loss"] = float(logs.get("loss", 0)) + 1


class Freeze(keras.callbacks.Callback):  # type: ignore[misc]
    """Freezes a layer from the second epoch on, without compiling anew."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        for layer in self.model._flatten_layers(include_self=False):
            if isinstance(layer, keras.layers.Dense) and layer.name.startswith("dense"):
                layer.trainable = epoch < 1


class ChangesWeights(keras.callbacks.Callback):  # type: ignore[misc]
    """Halves all weights after each epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for variable in self.model.trainable_variables:
            variable.assign(variable * 0.5)


class RateByEpoch(keras.callbacks.LearningRateScheduler):  # type: ignore[misc]
    """Halves the learning rate with each epoch."""

    def __init__(self) -> None:
        super().__init__(lambda epoch, rate: rate * 0.5)


MAKERS: dict[str, Callable[[list[Call]], Any]] = {
    "batches": recorder((*EPOCH_HOOKS, *BATCH_HOOKS)),
    "epochs": recorder(EPOCH_HOOKS),
    "stop at epoch": lambda calls: StopAtEpoch(),
    "stop at batch": lambda calls: StopAtBatch(),
    "stop at begin": lambda calls: StopAtBegin(),
    "stop in evaluation": lambda calls: StopInEvaluation(),
    "rate by epoch": lambda calls: RateByEpoch(),
    "rate by batch": lambda calls: RateByBatch(),
    "plateau": lambda calls: keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=10),
    "early stopping": lambda calls: keras.callbacks.EarlyStopping("loss", min_delta=10, restore_best_weights=True),
    "adds to logs": lambda calls: AddsToLogs(),
    "freeze": lambda calls: Freeze(),
    "changes weights": lambda calls: ChangesWeights(),
    "terminate on nan": lambda calls: keras.callbacks.TerminateOnNaN(),
}
