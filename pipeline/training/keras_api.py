"""`fit`, `evaluate` and `predict` as functions with the signatures and meanings of `keras.Model`'s methods."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from pipeline.training.evaluating import evaluate_feed, predict_feed
from pipeline.training.keras_data import keras_feed
from pipeline.training.loop import Plan, Training
from pipeline.training.moments import Moments
from pipeline.training.outputs import joined
from pipeline.training.per_output import split_off, with_class_weight


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
    validation_freq: int | Sequence[int] = 1,
    *,
    validation_interval: int | None = None,
    jit_compile: bool | None = None,
) -> keras.callbacks.History:
    """Trains a compiled model; `pipeline.fit(model, ...)` means what `model.fit(...)` means, and is faster.

    The arguments are those of `keras.Model.fit`, see https://keras.io/api/models/model_training_apis. Beyond Keras:

    Args:
        model: The compiled model.
        x: See Keras.
        y: See Keras.
        batch_size: See Keras.
        epochs: See Keras.
        verbose: See Keras.
        callbacks: See Keras.
        validation_split: See Keras; a share of the last batches for a `tf.data.Dataset` or `PyDataset` of known length.
        validation_data: See Keras; a dict of such has several sets by name, whose values are `val_<name>_<metric>`.
        shuffle: See Keras.
        class_weight: See Keras; for several outputs, a dict of class weights by output name.
        sample_weight: See Keras.
        initial_epoch: See Keras.
        steps_per_epoch: See Keras.
        validation_steps: See Keras.
        validation_batch_size: See Keras.
        validation_freq: See Keras.
        validation_interval: Validate each that many steps too, within epochs; what was measured is in the attribute
            `validations` of the returned history, with `epoch` and `step`.
        jit_compile: XLA on or off; None chooses by the model and by how long it is trained. The choice and its reason
            are in the attribute `compilation` of the returned history.

    Returns:
        The history, as from Keras.

    Raises:
        ValueError: What Keras refuses.
    """
    _check_compiled(model, "fit")
    if _left_to_keras(model, "train"):
        return model.fit(
            x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle, class_weight,
            sample_weight, initial_epoch, steps_per_epoch, validation_steps, validation_batch_size, validation_freq,
        )  # fmt: skip
    epochs = _capped(epochs)
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = split_off(x, y, sample_weight, validation_split)
    x, y, sample_weight, class_weight = with_class_weight(model, x, y, sample_weight, class_weight)
    feed = keras_feed(
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        steps=steps_per_epoch,
        shuffle=shuffle,
        class_weight=class_weight,
        training=True,
    )
    held_out = {}
    for prefix, data in _validation_sets(validation_data).items():
        val_x, val_y, val_weight = keras.utils.unpack_x_y_sample_weight(data)
        held_out[prefix] = keras_feed(
            val_x, val_y, val_weight, batch_size=validation_batch_size or batch_size, steps=validation_steps
        )
    plan = Plan(epochs, initial_epoch, held_out, validation_freq, Moments(validation_interval), jit_compile)
    hooks = _hooks(model, callbacks, verbose, feed.steps, epochs, history=True)
    training = Training(model, feed, hooks, plan)
    training.run()
    history: keras.callbacks.History = model.history
    history.compilation, history.validations = training.compilation, training.validations
    return history


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
    """Returns loss and metrics of a compiled model; arguments and result are those of `keras.Model.evaluate`."""
    _check_compiled(model, "evaluate")
    if _left_to_keras(model, "test"):
        return model.evaluate(x, y, batch_size, verbose, sample_weight, steps, callbacks, return_dict)
    feed = keras_feed(x, y, sample_weight, batch_size=batch_size, steps=steps)
    values = evaluate_feed(model, feed, _hooks(model, callbacks, verbose, feed.steps))
    return values if return_dict else model._flatten_metrics_in_order(values)


def predict(
    model: keras.Model,
    x: Any,
    batch_size: int | None = None,
    verbose: int | str = "auto",
    steps: int | None = None,
    callbacks: Any = None,
) -> Any:
    """Returns what a model gives for inputs; arguments and result are those of `keras.Model.predict`."""
    if _left_to_keras(model, "predict"):
        return model.predict(x, batch_size, verbose, steps, callbacks)
    feed = keras_feed(x, batch_size=batch_size, steps=steps)
    return joined(predict_feed(model, feed, _hooks(model, callbacks, verbose, feed.steps)))


def _check_compiled(model: keras.Model, method: str) -> None:
    if not model.compiled:
        raise ValueError(f"You must call `compile()` before calling `{method}()`.")


def _left_to_keras(model: keras.Model, kind: str) -> bool:
    """Whether the model's own loop is to run: for a strategy of several devices, or one that is overridden."""
    own_loop = getattr(type(model), f"make_{kind}_function") is not getattr(keras.Model, f"make_{kind}_function")
    return own_loop or bool(model.distribute_strategy.num_replicas_in_sync > 1)


def _capped(epochs: int) -> int:
    most = keras.config.max_epochs()
    if not most or most >= epochs:
        return epochs
    warnings.warn(f"Limiting epochs to {most}", stacklevel=3)
    return int(most)


def _validation_sets(validation_data: Any) -> dict[str, Any]:
    if validation_data is None:
        return {}
    if isinstance(validation_data, Mapping):
        return {f"val_{name}_": data for name, data in validation_data.items()}
    return {"val_": validation_data}


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
