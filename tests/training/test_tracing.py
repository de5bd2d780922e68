"""A step is traced once, though a first one makes variables of optimizer and metrics, and computes what Keras' does."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import pipeline
from pipeline.training.model_variables import variables_of

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)
traces: list[int] = []


class Noted(keras.layers.Layer):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        traces.append(1)
        return x


class Hidden(keras.Model):  # type: ignore[misc]
    """A model whose step makes a variable where nobody looks for one."""

    def __init__(self) -> None:
        super().__init__()
        self.last = keras.layers.Dense(1)
        self.kept: dict[str, Any] = {}

    def train_step(self, data: Any) -> Any:
        if not self.kept:
            self.kept["steps"] = tf.Variable(0)
        self.kept["steps"].assign_add(1)
        return super().train_step(data)

    def call(self, x: Any) -> Any:
        return self.last(x)


class Anew(keras.Model):  # type: ignore[misc]
    """A model that makes a layer each time it is called."""

    def call(self, x: Any) -> Any:
        return keras.layers.Dense(1)(x)


def sequential(*first: Any) -> keras.Model:
    layers = keras.layers
    return keras.Sequential([*first, Noted(), layers.Dense(4), layers.BatchNormalization(), layers.Dense(1)])


def trained(functions: Any, model: keras.Model, optimizer: Any) -> Any:
    model.compile(optimizer, "mse", metrics=["mae", "r2_score"])
    traces.clear()
    return functions.fit(model, X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0).history


@pytest.mark.parametrize("inputs", [[], [keras.Input((3,))]], ids=["built by the step", "built before"])
def test_a_first_step_that_makes_variables_is_traced_once_and_computes_the_same(inputs: list[Any]) -> None:
    found = []
    for functions in (keras.Model, pipeline):
        keras.utils.set_random_seed(0)
        model = sequential(*inputs)
        optimizer = keras.optimizers.Adam(use_ema=True, ema_overwrite_frequency=2, gradient_accumulation_steps=2)
        history = trained(functions, model, optimizer)
        found.append((history, [np.array(variable).tolist() for variable in variables_of(model)]))
    assert found[0] == found[1]
    # A model that is not built yet is called for its shapes too.
    assert len(traces) == (1 if inputs else 2)


def test_a_variable_that_a_step_keeps_out_of_sight_counts_every_step() -> None:
    model = Hidden()
    trained(pipeline, model, "adam")
    assert int(model.kept["steps"]) == 6


def test_variables_that_are_made_anew_at_each_trace_are_refused_as_by_keras() -> None:
    for functions in (keras.Model, pipeline):
        with pytest.raises(ValueError, match="singleton"):
            trained(functions, Anew(), "sgd")
