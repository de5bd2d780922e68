"""XLA is chosen by what a model contains and by how long it is trained, or by a trial that leaves no trace."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.training.feeds import ResidentFeed
from pipeline.training.model_variables import variables_of
from pipeline.training.steps import Steps
from pipeline.training.xla import WORTH_A_TRIAL, WORTH_COMPILING, chosen_compilation, forced_compilation
from pipeline.training.xla_trial import tried

NUMBERS = [tf.TensorSpec((None, 4), "float32")]
LONG = 10 * WORTH_A_TRIAL


class Own(keras.layers.Layer):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        return x * 2


class OwnStep(keras.Model):  # type: ignore[misc]
    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


def model_of(*layers: keras.Layer, shape: tuple[int, ...] = (4,)) -> keras.Model:
    model = keras.Sequential([keras.Input(shape), *layers])
    model.compile("adam", "mse")
    return model


def test_xla_is_chosen_for_dense_layers_that_are_trained_for_long() -> None:
    dense = model_of(keras.layers.Dense(2, activation="relu"), keras.layers.Dropout(0.1), keras.layers.Dense(1))
    assert chosen_compilation(dense, NUMBERS, WORTH_COMPILING).jit is True
    assert chosen_compilation(dense, NUMBERS, WORTH_COMPILING - 1).jit is False


def test_choice_is_put_off_while_nobody_knows_the_length() -> None:
    chosen = chosen_compilation(model_of(keras.layers.Dense(1)), NUMBERS, None)
    assert (chosen.jit, chosen.final) == (False, False)


def test_convolutions_on_a_cpu_are_not_compiled_wherever_they_are() -> None:
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    inner = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()])
    nested = model_of(inner, keras.layers.Dense(1), shape=(6, 6, 1))
    chosen = chosen_compilation(nested, [tf.TensorSpec((None, 6, 6, 1), "float32")], LONG)
    assert chosen.jit is False
    assert "conv2d" in chosen.reason


@pytest.mark.parametrize(
    "spec", [tf.TensorSpec((None, 1), "string"), tf.TensorSpec((None, None, 3), "float32")], ids=str
)
def test_text_and_varying_lengths_are_not_compiled(spec: tf.TensorSpec) -> None:
    assert chosen_compilation(model_of(keras.layers.Dense(1)), [spec], LONG).jit is False


@pytest.mark.parametrize("layer", [Own(), keras.layers.Dense(2**19)], ids=["unknown layer", "large layer"])
def test_layers_that_do_not_tell_are_tried_if_trained_for_long(layer: keras.Layer) -> None:
    model = model_of(layer)
    assert chosen_compilation(model, NUMBERS, LONG).jit is None
    assert chosen_compilation(model, NUMBERS, WORTH_A_TRIAL - 1).jit is False


def test_own_train_step_is_tried() -> None:
    inputs = keras.Input((4,))
    model = OwnStep(inputs, keras.layers.Dense(1)(inputs))
    assert chosen_compilation(model, NUMBERS, LONG).jit is None


def test_setting_forces_the_choice() -> None:
    model = model_of(keras.layers.Dense(1))
    assert forced_compilation(model) is None
    for wish in (True, False):
        forced = forced_compilation(model, wish)
        assert forced is not None
        assert forced.jit is wish
    model.compile("adam", "mse", run_eagerly=True)
    forced = forced_compilation(model, True)
    assert forced is not None
    assert forced.jit is False


def trial_of(model: keras.Model) -> tuple[Any, ResidentFeed, Steps]:
    data = (np.ones((32, 4), "float32"), np.ones((32, 1), "float32"))
    feed = ResidentFeed(data, lambda epoch: (np.arange(i, i + 4) for i in range(0, 32, 4)), 8, last=None)
    return next(feed.stacks(0)), feed, Steps(model, "train", feed)


def test_trial_leaves_every_variable_as_it_was() -> None:
    model = model_of(keras.layers.Dense(3), keras.layers.Dropout(0.5), keras.layers.BatchNormalization(), Own())
    stack, _, steps = trial_of(model)
    steps.trace(stack)
    before = [np.array(variable) for variable in variables_of(model)]
    chosen = tried(model, steps, stack)
    assert chosen.jit in (True, False)
    assert "ms with XLA and" in chosen.reason
    assert len(before) > 10
    for variable, value in zip(variables_of(model), before, strict=True):
        np.testing.assert_array_equal(variable, value)


class Refused(keras.layers.Layer):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        return x + 0 * tf.strings.to_number(tf.strings.as_string(tf.stop_gradient(x)))


def test_model_that_xla_cannot_compile_is_run_without() -> None:
    model = model_of(keras.layers.Dense(1), Refused(), keras.layers.Dense(1))
    stack, _, steps = trial_of(model)
    assert tried(model, steps, stack).jit is False
    steps.jit = True
    logs = steps.last(stack, 0, 8)
    assert steps.jit is False
    assert np.isfinite(float(logs["loss"]))
    assert int(model.optimizer.iterations) == 8


def test_model_that_is_forced_on_xla_tells_why_it_cannot_be_compiled() -> None:
    model = model_of(keras.layers.Dense(1), Refused())
    stack, feed, _ = trial_of(model)
    with pytest.raises(tf.errors.OpError):
        Steps(model, "train", feed, jit=True, forced=True).last(stack, 0, 8)
