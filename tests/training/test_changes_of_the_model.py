"""What callbacks change of a model while it trains counts from where it counts in Keras."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import pipeline

Make = Callable[[], keras.Model]


class Penalized(keras.Model):  # type: ignore[misc]
    """A model whose loss reads a plain attribute."""

    penalty = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.first = keras.layers.Dense(3, activation="tanh")
        self.last = keras.layers.Dense(1)
        self.optional_head = keras.layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        return self.last(self.first(inputs))

    def compute_loss(self, *arguments: Any, **named: Any) -> Any:
        return (1 + self.penalty) * super().compute_loss(*arguments, **named)


class OwnEvaluate(Penalized):
    """A model that evaluates its own way."""

    def evaluate(self, *arguments: Any, **named: Any) -> Any:
        return {**super().evaluate(*arguments, **named), "own": 7.0}


class At(keras.callbacks.Callback):  # type: ignore[misc]
    """Does something to the model as an epoch begins."""

    def __init__(self, epoch: int, change: Callable[[Any], None], back: Callable[[Any], None] | None = None) -> None:
        super().__init__()
        self.changes = {epoch: change, epoch + 1: back}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        change = self.changes.get(epoch)
        if change is not None:
            change(self.model)


def trained(fit: Any, make: Make, callback: keras.callbacks.Callback, **arguments: Any) -> Any:
    keras.utils.set_random_seed(1)
    model = make()
    model.compile("sgd", "mse", metrics=["mae"], **arguments)
    x = np.random.default_rng(0).normal(size=(10, 4)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    history = fit(
        model, x, y, batch_size=4, epochs=4, shuffle=False, verbose=0, callbacks=[callback], validation_data=(x, y)
    )
    return history.history, model.get_weights()


def assert_as_keras(make: Make, callback: Callable[[], keras.callbacks.Callback], **arguments: Any) -> Any:
    theirs = trained(keras.Model.fit, make, callback(), **arguments)
    ours = trained(pipeline.fit, make, callback(), **arguments)
    assert list(ours[0]) == list(theirs[0])
    for name, values in theirs[0].items():
        np.testing.assert_allclose(ours[0][name], values, rtol=1e-5, err_msg=name)
    for one, other in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    return ours


def anew(model: keras.Model) -> None:
    model.make_train_function(force=True)


def freeze(model: keras.Model) -> None:
    model.first.trainable = False
    anew(model)


def thaw(model: keras.Model) -> None:
    model.first.trainable = True
    anew(model)


def test_a_layer_that_is_never_called_does_not_matter() -> None:
    assert_as_keras(Penalized, keras.callbacks.Callback)


@pytest.mark.exhaustive
@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_layer_is_frozen_and_unfrozen_between_epochs(jit_compile: bool) -> None:
    assert_as_keras(Penalized, lambda: At(1, freeze, thaw), jit_compile=jit_compile)


def test_freezing_counts_only_once_the_function_is_made_anew() -> None:
    def only_freeze(model: Any) -> None:
        model.first.trainable = False

    assert_as_keras(Penalized, lambda: At(1, only_freeze, anew))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_an_attribute_that_the_loss_reads_counts_once_the_function_is_made_anew(jit_compile: bool) -> None:
    def penalize(model: Any) -> None:
        model.penalty = 2.0

    assert_as_keras(Penalized, lambda: At(1, penalize, anew), jit_compile=jit_compile)


def test_a_train_function_in_the_place_of_that_of_keras_is_run() -> None:
    calls = []

    def replace(model: Any) -> None:
        before = model.train_function

        def own(iterator: Iterator[Any]) -> Any:
            calls.append(1)
            before(iterator)
            model.first.kernel.assign(model.first.kernel * 0.5)
            return {"loss": tf.constant(3.0), "mae": tf.constant(1.0)}

        model.train_function = own

    assert_as_keras(Penalized, lambda: At(1, replace))
    assert len(calls) == 2 * 3 * 3  # With each of both, three calls in each of three epochs.


def test_a_model_that_is_compiled_anew_trains_on_as_compiled() -> None:
    def compile_anew(model: Any) -> None:
        model.compile(keras.optimizers.SGD(0.0), "mse", metrics=["mae"])

    history, _ = trained(pipeline.fit, Penalized, At(2, compile_anew))
    assert history["val_loss"][0] > history["val_loss"][1] == history["val_loss"][2] == history["val_loss"][3]


def test_functions_run_eagerly_where_tensorflow_is_told_so() -> None:
    class Eager(Penalized):
        seen: list[bool] = []  # noqa: RUF012

        def call(self, inputs: Any) -> Any:
            self.seen.append(tf.executing_eagerly())
            return super().call(inputs)

    tf.config.run_functions_eagerly(True)
    try:
        assert_as_keras(Eager, keras.callbacks.Callback)
    finally:
        tf.config.run_functions_eagerly(False)
    half = len(Eager.seen) // 2
    assert Eager.seen[half:] == Eager.seen[:half]
    assert all(Eager.seen[1:half])  # Keras builds the model by the first call.


def test_validation_calls_the_evaluate_of_a_subclass() -> None:
    history, _ = assert_as_keras(OwnEvaluate, keras.callbacks.Callback)
    assert history["val_own"] == [7.0] * 4
