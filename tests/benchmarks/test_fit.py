"""Samples a second of our loop against Keras' own `fit`, interleaved: shown with `-s`, never a failure."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.config import PipelineConfig, TrainerConfig
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.loaders.numpy import NumpyLoader
from pipeline.data.sources.mnist import Mnist
from pipeline.models.mlp import mlp
from pipeline.training import compile_model, fit

EPOCHS = 5


class Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Measures each epoch after the first, which compiles."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch:
            self.seconds.append(time.perf_counter() - self.start)


def build(examples: Examples) -> tuple[keras.Model, Any]:
    model = mlp(examples.spec, units=64, depth=2, activation="relu", dropout=0.0)
    return model, compile_model(model, PipelineConfig(optimizer={"name": "rmsprop"}), examples.spec)


def of_keras(examples: Examples) -> list[float]:
    model, _ = build(examples)
    arrays = (examples.inputs["image"], examples.targets["digit"])
    clock = Clock()
    dataset = tf.data.Dataset.from_tensor_slices(arrays).shuffle(1024).batch(64)
    model.fit(dataset, epochs=EPOCHS, verbose=0, callbacks=[clock])
    return clock.seconds


def of_ours(examples: Examples, loader: Any, **trainer: Any) -> list[float]:
    model, signature = build(examples)
    clock = Clock()
    batches = loader.batches(examples, seed=0, training=True)
    fit(model, signature, batches, None, TrainerConfig(epochs=EPOCHS, **trainer), [clock])
    return clock.seconds


@pytest.mark.slow
def test_samples_a_second_against_keras(mnist: Path) -> None:
    whole = Mnist(path=str(mnist)).load().train
    assert isinstance(whole, Examples)
    examples = whole.rows(slice(0, 50000))
    contenders: dict[str, Callable[[], list[float]]] = {
        "Keras fit, shuffle(1024).batch(64)": lambda: of_keras(examples),
        "ours, numpy": lambda: of_ours(examples, NumpyLoader(64, shuffle=True)),
        "ours, numpy, XLA": lambda: of_ours(examples, NumpyLoader(64, shuffle=True), jit_compile=True),
        "ours, generator": lambda: of_ours(examples, GeneratorLoader(64, True, "generator", "unknown")),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(2):
        for name, run in contenders.items():
            seconds[name] += run()
    reference = statistics.median(next(iter(seconds.values())))
    for name, values in seconds.items():
        speeds = np.array([50000 / value for value in values])
        ratio = reference / statistics.median(values)
        print(
            f"{name:36} {np.median(speeds):9,.0f} samples/s ({speeds.min():,.0f} to {speeds.max():,.0f})  x{ratio:.1f}"
        )
