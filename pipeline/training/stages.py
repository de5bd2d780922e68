"""The stages that train, evaluate and predict on `Batches`."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.config.schema import TrainerConfig
from pipeline.data.batches import Batches, limited, paced
from pipeline.errors import ConfigError, DataError
from pipeline.run import signals
from pipeline.run.memory_errors import memory_errors
from pipeline.training.cadence import Cadence
from pipeline.training.callback_failures import callback_failures
from pipeline.training.evaluate_loop import Hooks, OwnEvaluation, evaluate_feed, has_own_evaluate, predict_feed
from pipeline.training.feeds import Feed
from pipeline.training.feeds.from_batches import dataset_of, feed_of
from pipeline.training.joined_outputs import joined
from pipeline.training.loop import Plan, Training
from pipeline.training.signature import NamedModel
from pipeline.training.snapshots import Recorder, SnapshotSchedule
from pipeline.training.xla import Compilation

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fitted:
    """The result of a training.

    Attributes:
        history: The values of each metric by epoch.
        compilation: How the steps were compiled, and why.
        validations: The results of each validation within an epoch, with its `epoch` and `step`.
    """

    history: dict[str, list[float]]
    compilation: Compilation | None
    validations: list[dict[str, float]]


def fit(
    model: NamedModel,
    train: Batches,
    validation: Batches | Mapping[str, Batches] | None,
    trainer: TrainerConfig,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    snapshots: SnapshotSchedule | None = None,
) -> Fitted:
    """Trains a compiled model, with the meaning of `keras.Model.fit`.

    Args:
        model: The model.
        train: The training batches.
        validation: The validation batches; several sets by name, whose values are `val_<name>_<metric>`; or None. The
            empty name stands for a single set.
        trainer: The number of epochs and steps, and other settings.
        callbacks: Any Keras callbacks.
        snapshots: Writes snapshots, and holds the one to resume from; None for neither.

    Returns:
        The result.

    Raises:
        ConfigError: The data is endless and the number of steps per epoch is not set; a callback raised an error.
        DataError: Reading the data failed.
    """
    train = paced(train, trainer.steps_per_epoch)
    if trainer.validation_fractions and train.steps is None:
        raise ConfigError(
            "trainer.validation_fractions: the length of an epoch is unknown; set trainer.validation_interval instead"
        )
    held_out = {
        prefix: limited(batches, trainer.validation_steps) for prefix, batches in _by_prefix(validation).items()
    }
    hooks = keras.callbacks.CallbackList(
        list(callbacks),
        add_history=True,
        verbose=trainer.verbosity,
        epochs=trainer.epochs,
        steps=train.steps,
        validates=bool(held_out),
        model=model.keras_model,
    )
    plan = Plan(
        epochs=trainer.epochs,
        initial_epoch=trainer.initial_epoch,
        validation={prefix: _evaluated(model, batches, hooks) for prefix, batches in held_out.items()},
        validation_freq=trainer.validation_freq,
        cadence=Cadence(trainer.validation_interval, trainer.validation_seconds, trainer.validation_fractions),
        jit_compile=trainer.jit_compile,
    )
    recorder = Recorder(model.keras_model, hooks.callbacks, train, snapshots)
    training = Training(model.keras_model, feed_of(train, model.signature, trainer.epochs - 1), hooks, plan, recorder)
    with (
        memory_errors(train.batch_size),
        _data_errors(),
        callback_failures(hooks.callbacks),
        signals.deferred(),
        closing(recorder),
    ):
        training.run()
        if snapshots is not None:
            snapshots.flush()
    if training.remark is not None:
        log.warning("trainer.%s", training.remark)
    history = {name: [float(value) for value in epochs] for name, epochs in model.keras_model.history.history.items()}
    return Fitted(history, training.compilation, training.validations)


def evaluate(model: NamedModel, batches: Batches) -> dict[str, float]:
    """Returns the loss and metrics of a compiled model on one epoch of batches, named as Keras names them.

    Raises:
        DataError: Reading the data failed.
    """
    with memory_errors(batches.batch_size), _data_errors():
        keras_model, signature = model.keras_model, model.signature
        if has_own_evaluate(keras_model):
            values: dict[str, float] = keras_model.evaluate(dataset_of(batches, signature), verbose=0, return_dict=True)
            return values
        return evaluate_feed(keras_model, feed_of(batches, signature), _no_hooks(keras_model))


def predict(model: NamedModel, batches: Batches) -> dict[str, Any]:
    """Returns the model's outputs for each example, by output name, in the order of one epoch, in at least 32 bits.

    Raises:
        DataError: Reading the data failed.
    """
    with memory_errors(batches.batch_size), _data_errors():
        feed = feed_of(batches, model.signature, inputs_only=True)
        outputs = predict_feed(model.keras_model, feed, _no_hooks(model.keras_model))
    # Tables and plots do not support the 16-bit numbers that a model with mixed precision returns.
    return model.signature.outputs_by_name(keras.tree.map_structure(_in_32_bits, joined(outputs)))


def _evaluated(model: NamedModel, batches: Batches, hooks: Hooks) -> Feed | OwnEvaluation:
    """Returns the feed that a model is validated on, or its own `evaluate` method."""
    if has_own_evaluate(model.keras_model):
        return OwnEvaluation(model.keras_model, hooks, lambda: {"x": dataset_of(batches, model.signature)})
    return feed_of(batches, model.signature)


def _in_32_bits(values: Any) -> Any:
    halves = isinstance(values, np.ndarray) and values.dtype.name in ("float16", "bfloat16")
    return values.astype("float32") if halves else values


def _by_prefix(validation: Batches | Mapping[str, Batches] | None) -> dict[str, Batches]:
    if validation is None:
        return {}
    if isinstance(validation, Batches):
        return {"val_": validation}
    return {f"val_{name}_" if name else "val_": batches for name, batches in validation.items()}


def _no_hooks(model: keras.Model) -> keras.callbacks.CallbackList:
    return keras.callbacks.CallbackList(model=model)


@contextmanager
def _data_errors() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # An output for prediction only has no loss and its weights have no gradient, as intended.
            warnings.filterwarnings("ignore", message="Gradients do not exist")
            yield
    except (tf.errors.OpError, ValueError) as error:
        outside = re.search(r"label value of (-?\d+) which is outside the valid range of \[0, (\d+)\)", str(error))
        if outside:
            highest = int(outside[2]) - 1
            raise DataError(f"data: class id {outside[1]} is outside the model's range 0 to {highest}") from error
        raise
