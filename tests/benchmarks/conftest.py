"""What benchmarks share: the MNIST perceptron and its data, and how long is measured."""

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.data.examples import Examples
from pipeline.data.sources.mnist import Mnist

ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "7"))
"""Epochs or runs that are measured of each; 1 where it matters only that the measurement runs, on less data then."""
SIZE, BATCH = 50000 if ROUNDS > 1 else 5000, 64
LONG = 20
"""Epochs that our loop is told of, so that it chooses as for a training of that length."""


@pytest.fixture
def train(mnist: Path) -> Examples:
    whole = Mnist(path=str(mnist)).load().train
    assert isinstance(whole, Examples)
    return whole.rows(slice(0, SIZE))


def perceptron() -> keras.Model:
    """The model of Keras' guide, for floats."""
    inputs = keras.Input((784,))
    x = keras.layers.Dense(64, activation="relu")(inputs)
    x = keras.layers.Dense(64, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
    model.compile(keras.optimizers.RMSprop(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def floats(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    return examples.inputs["image"].reshape(-1, 784).astype("float32") / 255, examples.targets["digit"]


class Stop(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = epoch + 1 == self.epochs
