"""What snapshots cost: an epoch of the MNIST perceptron with and without them, interleaved; shown with `-s`."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.loaders.numpy import NumpyLoader
from pipeline.data.sources.mnist import Mnist
from pipeline.models.mlp import mlp
from pipeline.timing.contenders import Contender
from pipeline.timing.table import table
from pipeline.timing.turns import timed_in_turns
from pipeline.training import compile_model, fit
from pipeline.training.snapshots import SnapshotSchedule, SnapshotStore
from tests.benchmarks.conftest import Stop
from tests.benchmarks.contenders import BATCH, LONG, ROUNDS, SIZE
from tests.benchmarks.contenders import keras_perceptron as perceptron

EVERY = 100
"""Steps from one snapshot to the next: 6,400 samples, which take some 20 ms."""


@pytest.mark.slow
def test_training_with_snapshots(mnist: Path, tmp_path: Path) -> None:
    examples = Mnist(path=str(mnist)).load().train.rows(slice(0, SIZE))
    images = examples.inputs["image"].reshape(-1, 784).astype("float32") / 255
    numbers = itertools.count()

    def ours(**schedule: Any) -> Callable[..., None]:
        def train(epochs: int, callbacks: Any) -> None:
            model = mlp(examples.spec, units=64, depth=2, activation="relu", dropout=0.0)
            named = compile_model(model, PipelineConfig(optimizer={"name": "rmsprop"}), examples.spec)
            batches = NumpyLoader(BATCH, shuffle=True).batches(examples, seed=0, training=True)
            kept = SnapshotSchedule(SnapshotStore(tmp_path / str(next(numbers))), **schedule) if schedule else None
            fit(named, batches, None, TrainerConfig(epochs=LONG), [*callbacks, Stop(epochs)], kept)
            assert kept is None or np.isfinite(kept.last_good().variables[0]).all()

        return train

    def of_keras(*more: Any) -> Callable[..., None]:
        def train(epochs: int, callbacks: Any) -> None:
            perceptron().fit(images, examples.targets["digit"], BATCH, epochs, verbose=0, callbacks=[*callbacks, *more])

        return train

    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup", save_freq=EVERY)
    contenders = [
        Contender("pipeline, no snapshots", ours()),
        Contender("pipeline, a snapshot each epoch", ours(every_epochs=1)),
        Contender(f"pipeline, a snapshot each {EVERY} steps", ours(every_steps=EVERY)),
        Contender("Keras fit", of_keras()),
        Contender(f"Keras fit, BackupAndRestore each {EVERY} steps", of_keras(backup)),
    ]
    print("", *table(timed_in_turns(contenders, ROUNDS), SIZE), sep="\n")
