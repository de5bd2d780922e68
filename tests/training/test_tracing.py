"""A step of Keras' own is traced once, and any step computes what it does with Keras."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import pipeline
from pipeline.training.model_variables import variables_of

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


class FirstTrace(keras.Model):  # type: ignore[misc]
    """A model whose step does something else when it is traced for the first time, as it makes a variable then."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.steps = keras.layers.Dense(1), None

    def call(self, x: Any) -> Any:
        return self.last(x)

    def train_step(self, data: Any) -> Any:
        factor = 2.0 if self.steps is None else 3.0
        if self.steps is None:
            self.steps = tf.Variable(0.0)
        self.steps.assign_add(factor)
        return {**super().train_step(data), "steps": tf.identity(self.steps)}


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


def trained(functions: Any, model: keras.Model, optimizer: Any) -> Any:
    model.compile(optimizer, "mse", metrics=["mae", "r2_score"])
    return functions.fit(model, X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0).history


OPTIMIZERS: dict[str, Any] = {
    "averaged": lambda: keras.optimizers.Adam(use_ema=True, ema_overwrite_frequency=2, gradient_accumulation_steps=2),
    # What scales the loss is a constant until the optimizer is built.
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.RMSprop(), initial_scale=64.0, dynamic_growth_steps=2
    ),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("inputs", [[], [keras.Input((3,))]], ids=["built by the step", "built before"])
def test_a_first_step_that_makes_variables_computes_the_same(inputs: list[Any], optimizer: str) -> None:
    found = []
    for functions in (keras.Model, pipeline):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([*inputs, keras.layers.Dense(4), keras.layers.BatchNormalization()])
        model.add(keras.layers.Dense(1))
        history = trained(functions, model, OPTIMIZERS[optimizer]())
        found.append((history, [np.array(variable).tolist() for variable in variables_of(model)]))
    assert found[0] == found[1]


def test_what_a_step_does_only_when_it_is_first_traced_is_as_with_keras() -> None:
    histories = []
    for functions in (keras.Model, pipeline):
        keras.utils.set_random_seed(0)
        histories.append(trained(functions, FirstTrace(), "sgd"))
    assert histories[0] == histories[1]


def test_a_variable_that_a_step_keeps_out_of_sight_counts_every_step() -> None:
    model = Hidden()
    trained(pipeline, model, "adam")
    assert int(model.kept["steps"]) == 6


class FirstMean(keras.Model):  # type: ignore[misc]
    """A model whose first step keeps a number that it computes of its batch."""

    def __init__(self, later: bool) -> None:
        super().__init__()
        self.later = later
        self.dense, self.first = keras.layers.Dense(1), None

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)

    def train_step(self, batch: Any) -> Any:
        logs = super().train_step(batch)
        if self.first is None:
            self.first = tf.Variable((lambda: tf.reduce_mean(batch[1])) if self.later else tf.reduce_mean(batch[1]))
        return {**logs, "first": tf.identity(self.first)}


@pytest.mark.parametrize("later", [False, True], ids=["value", "function"])
def test_a_variable_may_begin_with_a_value_of_the_first_batch(later: bool) -> None:
    histories = []
    for functions in (keras.Model, pipeline):
        keras.utils.set_random_seed(0)
        histories.append(trained(functions, FirstMean(later), "sgd"))
    assert histories[0] == histories[1]


def test_variables_that_are_made_anew_at_each_trace_are_refused_as_by_keras() -> None:
    for functions in (keras.Model, pipeline):
        with pytest.raises(ValueError, match="singleton"):
            trained(functions, Anew(), "sgd")


class CountedLoss(keras.losses.Loss):  # type: ignore[misc]
    """A loss that counts how often it is traced."""

    def __init__(self) -> None:
        super().__init__(name="counted")
        self.traces = 0

    def call(self, y_true: Any, y_pred: Any) -> Any:
        self.traces += 1
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def functional() -> keras.Model:
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(1)(inputs))


def two_outputs() -> keras.Model:
    inputs = keras.Input((3,))
    return keras.Model(inputs, {name: keras.layers.Dense(1, name=name)(inputs) for name in ("b", "a")})


def sequential() -> keras.Model:
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


def compiled(make: Any, loss: Any, metrics: Any) -> keras.Model:
    # Which begins names anew, too.
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    model = make()
    model.compile(keras.optimizers.Adam(global_clipnorm=1.0, use_ema=True), loss, metrics=metrics)
    return model


@pytest.mark.parametrize("make", [functional, sequential])
def test_a_step_is_traced_once(make: Any) -> None:
    loss = CountedLoss()
    model = compiled(make, loss, ["mae", keras.metrics.RootMeanSquaredError()])
    pipeline.fit(model, X, Y, epochs=2, verbose=0)
    assert loss.traces == 1
    pipeline.evaluate(model, X, Y, verbose=0)
    assert loss.traces == 2


@pytest.mark.exhaustive
@pytest.mark.parametrize(("make", "y"), [(functional, Y), (two_outputs, {"a": Y, "b": -Y})])
def test_optimizer_losses_and_metrics_have_the_same_variables_as_with_keras(make: Any, y: Any) -> None:
    theirs, ours = (compiled(make, "mse", ["mae"] if make is functional else {"a": ["mae"]}) for _ in range(2))
    expected = theirs.fit(X, y, batch_size=8, shuffle=False, epochs=2, verbose=0).history
    given = pipeline.fit(ours, X, y, batch_size=8, shuffle=False, epochs=2, verbose=0).history
    assert list(given) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(given[name], values, rtol=1e-5)
    for their_own, own in zip(theirs.optimizer.variables, ours.optimizer.variables, strict=True):
        assert own.path == their_own.path
        np.testing.assert_allclose(own, their_own, rtol=1e-5, atol=1e-6)
    assert [metric.name for metric in ours.metrics] == [metric.name for metric in theirs.metrics]


def test_a_mistake_in_losses_is_told_as_by_keras() -> None:
    errors = []
    for fit in (keras.Model.fit, pipeline.fit):
        model = compiled(two_outputs, {"a": "mse", "c": "mse"}, None)
        with pytest.raises((KeyError, ValueError)) as error:
            fit(model, X, {"a": Y, "b": Y}, verbose=0)
        errors.append((type(error.value), str(error.value)))
    assert errors[0] == errors[1]
