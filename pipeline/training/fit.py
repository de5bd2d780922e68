"""The training loop: Keras' callbacks and steps, our own loop around them."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from pipeline.config import TrainerConfig
from pipeline.data.batches import Batches, limited, paced
from pipeline.errors import DataError
from pipeline.training.compilation import BlockSize, Compilation, chosen_compilation
from pipeline.training.feeding import Feed
from pipeline.training.signature import Signature

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fitted:
    """What came of a training.

    Attributes:
        history: The values of each metric by epoch.
        compilation: How its steps were compiled, and why so.
    """

    history: dict[str, list[float]]
    compilation: Compilation


def fit(
    model: keras.Model,
    signature: Signature,
    train: Batches,
    validation: Batches | None,
    trainer: TrainerConfig,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Fitted:
    """Trains a compiled model; means what `keras.Model.fit` means.

    Args:
        model: The model.
        signature: Its signature.
        train: Training batches.
        validation: Validation batches, or None.
        trainer: Epochs, steps and the like.
        callbacks: Any Keras callbacks.

    Returns:
        What came of it.

    Raises:
        ConfigError: The data never ends and the steps of an epoch are not set.
        DataError: The data went wrong while it was drawn.
    """
    train = paced(train, trainer.steps_per_epoch)
    feed = Feed(train, signature)
    held_out = None if validation is None else Feed(limited(validation, trainer.validation_steps), signature)
    total = None if train.steps is None else train.steps * (trainer.epochs - trainer.initial_epoch)
    compilation = chosen_compilation(model, trainer, train.spec, total)
    log.info("XLA %s: %s", "on" if compilation.jit else "off", compilation.reason)
    hooks = keras.callbacks.CallbackList(
        list(callbacks),
        add_history=True,
        add_progbar=trainer.verbose != 0,
        verbose=trainer.verbose,
        epochs=trainer.epochs,
        steps=train.steps,
        model=model,
    )
    size = BlockSize(model, callbacks, jit=compilation.jit)
    block = feed.block(model.train_step, jit=compilation.jit, eager=trainer.run_eagerly)
    test = None if held_out is None else held_out.block(model.test_step, jit=False, eager=trainer.run_eagerly)
    model.stop_training = False
    values: dict[str, Any] | None = None
    hooks.on_train_begin()
    with _data_errors():
        for epoch in range(trainer.initial_epoch, trainer.epochs):
            model.reset_metrics()
            hooks.on_epoch_begin(epoch)
            values = _values(model, _train_epoch(model, feed, block, hooks, epoch, size))
            if held_out is not None and (epoch + 1) % trainer.validation_freq == 0:
                measured = _test(model, held_out, test, hooks)
                values |= {f"val_{name}": value for name, value in measured.items()}
            hooks.on_epoch_end(epoch, values)
            if model.stop_training:
                break
    model.optimizer.finalize_variable_values(model.trainable_weights)
    hooks.on_train_end(logs=values)
    history = {name: [float(value) for value in epochs] for name, epochs in model.history.history.items()}
    return Fitted(history, compilation)


def evaluate(model: keras.Model, signature: Signature, batches: Batches) -> dict[str, float]:
    """Returns loss and metrics of a compiled model on one epoch of batches, named as Keras names them.

    Raises:
        DataError: The data went wrong while it was drawn.
    """
    feed = Feed(batches, signature)
    with _data_errors():
        block = feed.block(model.test_step, jit=False, eager=model.run_eagerly)
        return _test(model, feed, block, keras.callbacks.CallbackList(model=model))


def _train_epoch(
    model: keras.Model, feed: Feed, block: Any, hooks: keras.callbacks.CallbackList, epoch: int, size: BlockSize
) -> Any:
    step, logs = 0, {}
    for steps, argument in feed.blocks(epoch, size):
        hooks.on_train_batch_begin(step)
        size.start()
        logs = block(argument)
        size.end(steps)
        step += steps
        hooks.on_train_batch_end(step - 1, logs)
        if model.stop_training:
            break
    return logs


def _test(model: keras.Model, feed: Feed, block: Any, hooks: keras.callbacks.CallbackList) -> dict[str, float]:
    model.stop_evaluating = False
    size = BlockSize(model, hooks.callbacks, jit=False)
    hooks.on_test_begin()
    model.reset_metrics()
    step, logs = 0, {}
    for steps, argument in feed.blocks(0, size):
        hooks.on_test_batch_begin(step)
        size.start()
        logs = block(argument)
        size.end(steps)
        step += steps
        hooks.on_test_batch_end(step - 1, logs)
        if model.stop_evaluating:
            break
    values = _values(model, logs)
    hooks.on_test_end(values)
    return values


def _values(model: keras.Model, logs: Any) -> dict[str, float]:
    """Returns the metrics of the model or, of a step of the user's own with other logs, those of its last call."""
    metrics = model.get_metrics_result()
    chosen = metrics if not isinstance(logs, dict) or set(logs) == set(metrics) else logs
    return {name: float(value) for name, value in sorted(chosen.items())}


@contextmanager
def _data_errors() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # An output for prediction only has no loss, and its weights no gradient: that is what was asked for.
            warnings.filterwarnings("ignore", message="Gradients do not exist")
            yield
    except (tf.errors.OpError, ValueError) as error:
        outside = re.search(r"label value of (-?\d+) which is outside the valid range of \[0, (\d+)\)", str(error))
        if outside:
            highest = int(outside[2]) - 1
            raise DataError(f"data: class id {outside[1]} is outside the model's range 0 to {highest}") from error
        raise
