"""A small model of two outputs and its data, for every test of training."""

import keras
import numpy as np
import pytest

from pipeline.config.schema import PipelineConfig
from pipeline.data.examples import Examples
from pipeline.data.spec import spec_of


@pytest.fixture
def several() -> Examples:
    generator = np.random.default_rng(0)
    inputs = {
        "a": generator.normal(size=(8, 3)).astype("float32"),
        "b": generator.normal(size=(8, 2)).astype("float32"),
    }
    targets = {"score": generator.normal(size=(8, 1)).astype("float32"), "kind": np.array([0, 1, 2, 0, 1, 2, 0, 1])}
    return Examples(spec_of(inputs, targets), inputs, targets)


@pytest.fixture
def two_outputs() -> keras.Model:
    keras.utils.set_random_seed(0)
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    x = keras.layers.Concatenate()([a, b])
    score = keras.layers.Dense(1, name="score")(x)
    kind = keras.layers.Dense(3, activation="softmax", name="kind")(x)
    return keras.Model({"a": a, "b": b}, {"score": score, "kind": kind})


@pytest.fixture
def config() -> PipelineConfig:
    losses = {"score": "mse", "kind": "sparse_categorical_crossentropy"}
    return PipelineConfig(optimizer={"name": "sgd", "learning_rate": 0.1}, loss=losses, metrics=None)
