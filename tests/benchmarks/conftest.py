"""What benchmarks share: the MNIST perceptron and its data, and how long is measured."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.data.examples import Examples
from pipeline.data.sources.mnist import Mnist
from tests.benchmarks.contenders import SIZE


@pytest.fixture
def train(mnist: Path) -> Examples:
    whole = Mnist(path=str(mnist)).load().train
    assert isinstance(whole, Examples)
    return whole.rows(slice(0, SIZE))


def floats(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    return examples.inputs["image"].reshape(-1, 784).astype("float32") / 255, examples.targets["digit"]


class Stop(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = epoch + 1 == self.epochs
