"""`fit`, `evaluate` and `predict` as functions with the signatures and meanings of `keras.Model`'s methods."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from typing import Any, Literal

import keras
import tensorflow as tf

from pipeline.training.arguments import (
    checked_batch_size,
    checked_class_weight,
    checked_compilation,
    checked_frequency,
    checked_interval,
    checked_shuffle,
    checked_split,
    checked_steps,
    checked_verbosity,
    whole_number,
    with_known_keywords,
)
from pipeline.training.cadence import Cadence
from pipeline.training.class_weights import ClassWeights
from pipeline.training.evaluate_loop import evaluate_feed, predict_feed
from pipeline.training.feeds.from_keras import keras_feed
from pipeline.training.joined_outputs import joined
from pipeline.training.loop import Plan, Training
from pipeline.training.validation_sets import directions_of_sets, held_out_sets
from pipeline.training.validation_split import split_off


@with_known_keywords
def fit(
    model: keras.Model,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: int | str = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool | str = True,
    class_weight: Mapping[Any, Any] | None = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: int | Collection[int] = 1,
    *,
    validation_sets: Mapping[str, Any] | None = None,
    validation_interval: int | None = None,
    jit_compile: bool | Literal["auto"] | None = None,
) -> keras.callbacks.History:
    """Trains a compiled model; `pipeline.fit(model, ...)` means the same as `model.fit(...)` and is faster.

    The arguments are those of `keras.Model.fit`, see https://keras.io/api/models/model_training_apis. Beyond Keras:

    Args:
        model: The compiled model.
        x: See Keras.
        y: See Keras.
        batch_size: See Keras.
        epochs: See Keras.
        verbose: See Keras.
        callbacks: See Keras.
        validation_split: See Keras; for a `tf.data.Dataset` or `PyDataset` of known length, a share of its batches.
        validation_data: See Keras.
        shuffle: See Keras.
        class_weight: See Keras; for several outputs, a dict of class weights by output name.
        sample_weight: See Keras.
        initial_epoch: See Keras.
        steps_per_epoch: See Keras.
        validation_steps: See Keras.
        validation_batch_size: See Keras.
        validation_freq: See Keras.
        validation_sets: Further validation data by name, each in the form of `validation_data`. Its values are
            `val_<name>_<metric>`.
        validation_interval: Also validate every this many steps within epochs, with the steps counted across all
            epochs. The results are in the attribute `validations` of the returned history, one dict per validation: its
            `epoch`, counted from 0, its `step`, the steps done in that epoch, and its values. A training with fewer
            steps than that warns, and the list is empty.
        jit_compile: Whether to use XLA; None or "auto" chooses by the model and by the length of the training. The
            choice and its reason are in the attribute `compilation` of the returned history.

    Returns:
        The history, as from Keras.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is one that Keras refuses.
    """
    _check_compiled(model, "fit")
    verbose, shuffle = checked_verbosity(verbose), checked_shuffle(shuffle)
    if _left_to_keras(model, "train"):
        if validation_sets or validation_interval is not None:
            raise ValueError(
                "validation_sets and validation_interval: expected a model that Keras' own loop trains on one device"
            )
        return model.fit(
            x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle, class_weight,
            sample_weight, initial_epoch, steps_per_epoch, validation_steps, validation_batch_size, validation_freq,
        )  # fmt: skip
    epochs, initial_epoch = _capped(whole_number("epochs", epochs)), whole_number("initial_epoch", initial_epoch)
    xla, class_weight = checked_compilation(jit_compile), checked_class_weight(class_weight)
    share = checked_split(validation_split) if validation_data is None else 0.0
    if share:
        (x, y, sample_weight), validation_data = split_off(x, y, sample_weight, share)
    sets = held_out_sets(model, validation_data, validation_sets)
    cadence = Cadence(checked_interval(validation_interval, validates=bool(sets)))
    data = x, y, sample_weight
    size = checked_batch_size("batch_size", batch_size, data)
    feed = keras_feed(
        *data,
        batch_size=size,
        steps=checked_steps("steps_per_epoch", steps_per_epoch, data, size),
        shuffle=shuffle,
        class_weight=ClassWeights(model, class_weight) if class_weight else None,
        epochs=epochs - initial_epoch,
    )
    hooks = _hooks(model, callbacks, verbose, feed.steps, epochs, history=True)
    sizes = batch_size, validation_batch_size, validation_steps
    held_out = {held.prefix: held.evaluated(model, hooks, *sizes) for held in sets}
    frequency = checked_frequency(validation_freq) if held_out else 1
    plan = Plan(epochs, initial_epoch, held_out, frequency, cadence, xla)
    training = Training(model, feed, hooks, plan)
    with directions_of_sets(model, hooks.callbacks, sets):
        training.run()
    if training.remark is not None:
        warnings.warn(training.remark, stacklevel=3)
    history: keras.callbacks.History = model.history
    history.compilation, history.validations = training.compilation, training.validations
    return history


@with_known_keywords
def evaluate(
    model: keras.Model,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    verbose: int | str = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
    return_dict: bool = False,
) -> Any:
    """Returns the loss and metrics of a compiled model. Arguments and result are those of `keras.Model.evaluate`."""
    _check_compiled(model, "evaluate")
    verbose = checked_verbosity(verbose)
    if _left_to_keras(model, "test"):
        return model.evaluate(x, y, batch_size, verbose, sample_weight, steps, callbacks, return_dict)
    data = x, y, sample_weight
    size = checked_batch_size("batch_size", batch_size, data)
    feed = keras_feed(*data, batch_size=size, steps=checked_steps("steps", steps, data, size))
    values = evaluate_feed(model, feed, _hooks(model, callbacks, verbose, feed.steps))
    return values if return_dict else model._flatten_metrics_in_order(values)


@with_known_keywords
def predict(
    model: keras.Model,
    x: Any,
    batch_size: int | None = None,
    verbose: int | str = "auto",
    steps: int | None = None,
    callbacks: Any = None,
) -> Any:
    """Returns the model's outputs for inputs. Arguments and result are those of `keras.Model.predict`."""
    verbose = checked_verbosity(verbose)
    if _left_to_keras(model, "predict"):
        return model.predict(x, batch_size, verbose, steps, callbacks)
    size = checked_batch_size("batch_size", batch_size, x)
    feed = keras_feed(x, batch_size=size, steps=checked_steps("steps", steps, x, size), measures=False)
    return joined(predict_feed(model, feed, _hooks(model, callbacks, verbose, feed.steps)))


def _check_compiled(model: keras.Model, method: str) -> None:
    if not model.compiled:
        raise ValueError(f"You must call `compile()` before calling `{method}()`.")


def _left_to_keras(model: keras.Model, kind: str) -> bool:
    """Whether the model's own loop must run: under a strategy, even of one device, or if the loop is overridden."""
    own_loop = getattr(type(model), f"make_{kind}_function") is not getattr(keras.Model, f"make_{kind}_function")
    # Outside of any scope, the strategy is TensorFlow's default one.
    return own_loop or tf.distribute.has_strategy() or model.distribute_strategy is not tf.distribute.get_strategy()


def _capped(epochs: int) -> int:
    most = keras.config.max_epochs()
    if not most or most >= epochs:
        return epochs
    warnings.warn(f"Limiting epochs to {most}", stacklevel=4)
    return int(most)


def _hooks(
    model: keras.Model, callbacks: Any, verbose: int | str, steps: int | None, epochs: int = 1, *, history: bool = False
) -> keras.callbacks.CallbackList:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    return keras.callbacks.CallbackList(
        callbacks,
        add_history=history,
        add_progbar=verbose != 0,
        verbose=verbose,
        epochs=epochs,
        steps=steps,
        model=model,
    )
