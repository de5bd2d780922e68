"""A step is traced once, and trains as with Keras."""

from typing import Any

import keras
import numpy as np
import pytest

import pipeline

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


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
