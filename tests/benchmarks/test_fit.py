"""Samples a second of our loop against Keras' own and peers, interleaved: shown with `-s`, never a failure.

Peers are taken if they are installed: `pip install -e ".[bench]"`.
"""

import importlib.util
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import pipeline
from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.loaders.numpy import NumpyLoader
from pipeline.data.loaders.tf_data import TfDataLoader
from pipeline.models.mlp import mlp
from pipeline.timing.contenders import Contender
from pipeline.timing.table import table
from pipeline.timing.turns import Timing, timed_in_turns
from pipeline.training import compile_model, fit
from tests.benchmarks.conftest import BATCH, LONG, ROUNDS, SIZE, Stop, floats, perceptron

LOADERS: dict[str, Any] = {
    "numpy": NumpyLoader(BATCH, shuffle=True),
    "tf_data": TfDataLoader(BATCH, 1024, None),
    "generator": GeneratorLoader(BATCH, True, "generator", "unknown"),
}


def ours(examples: Examples, loader: Any) -> Callable[..., None]:
    def train(epochs: int, callbacks: Any) -> None:
        model = mlp(examples.spec, units=64, depth=2, activation="relu", dropout=0.0)
        named = compile_model(model, PipelineConfig(optimizer={"name": "rmsprop"}), examples.spec)
        batches: Batches = loader.batches(examples, seed=0, training=True)
        stop = Stop(epochs)
        fit(named, batches, None, TrainerConfig(epochs=LONG), [*callbacks, stop])

    return train


def jax_scan(examples: Examples) -> Callable[..., None]:
    """The limit: the same training in JAX, the whole epoch one compiled scan over resident data."""
    import jax
    import jax.numpy as jnp

    x, y = jnp.asarray(floats(examples)[0]), jnp.asarray(examples.targets["digit"])
    sizes = ((784, 64), (64, 64), (64, 10))
    steps = SIZE // BATCH

    def loss(weights: Any, image: Any, digit: Any) -> Any:
        for index, (kernel, bias) in enumerate(weights):
            image = image @ kernel + bias
            image = jax.nn.relu(image) if index < 2 else image
        chosen = jnp.take_along_axis(jax.nn.log_softmax(image), digit[:, None], 1)
        return -chosen.mean(), (image.argmax(1) == digit).sum()

    def step(state: Any, rows: Any) -> Any:
        weights, squares = state
        (value, hits), gradients = jax.value_and_grad(loss, has_aux=True)(weights, x[rows], y[rows])
        squares = jax.tree.map(lambda s, g: 0.9 * s + 0.1 * g * g, squares, gradients)
        weights = jax.tree.map(lambda w, g, s: w - 1e-3 * g / jnp.sqrt(s + 1e-7), weights, gradients, squares)
        return (weights, squares), (value, hits)

    epoch = jax.jit(lambda state, rows: jax.lax.scan(step, state, rows))

    def train(epochs: int, callbacks: Any) -> None:
        keys = jax.random.split(jax.random.key(0), 3)
        weights = [
            (jax.nn.initializers.glorot_uniform()(k, s), jnp.zeros(s[1])) for k, s in zip(keys, sizes, strict=True)
        ]
        state = (weights, jax.tree.map(jnp.zeros_like, weights))
        for number in turns(epochs, callbacks):
            order = np.random.default_rng(number).permutation(SIZE)[: steps * BATCH].reshape(steps, BATCH)
            state, (values, _) = epoch(state, order)
            float(values.mean())

    return train


def torch_eager(examples: Examples) -> Callable[..., None]:
    import torch

    x, y = torch.from_numpy(floats(examples)[0]), torch.from_numpy(examples.targets["digit"].astype("int64"))

    def train(epochs: int, callbacks: Any) -> None:
        model = torch_perceptron()
        optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9)
        for _ in turns(epochs, callbacks):
            hits = torch.zeros(())
            for rows in torch.randperm(SIZE).split(BATCH):
                logits = model(x[rows])
                loss = torch.nn.functional.cross_entropy(logits, y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                hits += (logits.argmax(1) == y[rows]).sum()

    return train


def torch_perceptron() -> Any:
    from torch import nn

    return nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def lightning(examples: Examples) -> Callable[..., None]:
    import lightning
    import torch
    import torchmetrics

    x, y = torch.from_numpy(floats(examples)[0]), torch.from_numpy(examples.targets["digit"].astype("int64"))

    class Module(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = torch_perceptron()
            self.accuracy = torchmetrics.classification.MulticlassAccuracy(10, average="micro")

        def training_step(self, batch: Any, index: int) -> Any:
            image, digit = batch
            logits = self.model(image)
            self.accuracy(logits, digit)
            self.log("accuracy", self.accuracy, on_step=False, on_epoch=True)
            return torch.nn.functional.cross_entropy(logits, digit)

        def configure_optimizers(self) -> Any:
            return torch.optim.RMSprop(self.parameters(), lr=1e-3, alpha=0.9)

    def train(epochs: int, callbacks: Any) -> None:
        waiting = iter(turns(epochs, callbacks))

        class Turns(lightning.Callback):  # type: ignore[misc]
            def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
                next(waiting)

            def on_train_end(self, trainer: Any, module: Any) -> None:
                next(waiting, None)

        data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), BATCH, shuffle=True)
        quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
        trainer = lightning.Trainer(
            max_epochs=epochs, accelerator="cpu", callbacks=[Turns()], enable_model_summary=False, **quiet
        )
        trainer.fit(Module(), data)

    return train


def turns(epochs: int, callbacks: Any) -> Iterator[int]:
    """Yields the number of each epoch when it is this one's turn."""
    (clock,) = callbacks
    clock.on_train_begin()
    for epoch in range(epochs):
        clock.on_epoch_begin(epoch)
        yield epoch
        clock.on_train_batch_end(0)
        clock.on_epoch_end(epoch)


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def show(title: str, results: list[Timing], samples: int = SIZE) -> None:
    print("", title, *table(results, samples), sep="\n")


@pytest.mark.slow
def test_training_of_the_mnist_perceptron(train: Examples) -> None:
    x, y = floats(train)

    def of_keras(epochs: int, callbacks: Any) -> None:
        dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1024).batch(BATCH)
        perceptron().fit(dataset, epochs=epochs, verbose=0, callbacks=callbacks, shuffle=False)

    contenders = [
        Contender("Keras fit, shuffle(1024).batch(64)", of_keras),
        *(Contender(f"pipeline, loader={name}", ours(train, loader)) for name, loader in LOADERS.items()),
    ]
    for name, package, make in (
        ("JAX, scan over the epoch", "jax", jax_scan),
        ("PyTorch, eager, data resident", "torch", torch_eager),
        ("Lightning, DataLoader", "lightning", lightning),
    ):
        if installed(package):
            contenders.append(Contender(name, make(train)))
    show("MNIST perceptron, batch 64", timed_in_turns(contenders, ROUNDS))


@pytest.mark.slow
def test_training_from_streams(train: Examples) -> None:
    x, y = floats(train)
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1024).batch(BATCH)

    def batches() -> Iterator[Any]:
        for epoch in itertools.count():
            order = np.random.default_rng(epoch).permutation(SIZE)
            for start in range(0, SIZE, BATCH):
                rows = order[start : start + BATCH]
                yield x[rows], y[rows]

    steps = -(-SIZE // BATCH)
    for title, data, more in (
        ("tf.data stream", lambda: dataset, {}),
        ("Python generator", batches, {"steps_per_epoch": steps}),
    ):

        def of_keras(epochs: int, callbacks: Any, data: Any = data, more: Any = more) -> None:
            perceptron().fit(data(), epochs=epochs, verbose=0, callbacks=callbacks, shuffle=False, **more)

        def of_ours(epochs: int, callbacks: Any, data: Any = data, more: Any = more) -> None:
            stop = [*callbacks, Stop(epochs)]
            pipeline.fit(perceptron(), data(), epochs=LONG, verbose=0, callbacks=stop, shuffle=False, **more)

        results = timed_in_turns([Contender("Keras fit", of_keras), Contender("pipeline.fit", of_ours)], ROUNDS)
        show(f"{title}, batch 64", results)


@pytest.mark.slow
def test_evaluation_and_prediction(train: Examples) -> None:
    x, y = floats(train)
    model = perceptron()
    works: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "evaluate": (lambda: model.evaluate(x, y, verbose=0), lambda: pipeline.evaluate(model, x, y, verbose=0)),
        "predict": (lambda: model.predict(x, verbose=0), lambda: pipeline.predict(model, x, verbose=0)),
    }
    for name, pair in works.items():
        seconds: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for run, taken in zip(pair, seconds, strict=True):
                start = time.perf_counter()
                run()
                taken.append(time.perf_counter() - start)
        theirs, own = (statistics.median(taken) for taken in seconds)
        print(f"\n{name}, batch 32: Keras {SIZE / theirs:,.0f}, ours {SIZE / own:,.0f} samples/s, {theirs / own:.2f}")


PLAIN = """
import keras, numpy as np, tensorflow as tf
with np.load({path!r}) as archive:
    x, y, x_test, y_test = (archive[name] for name in ("x_train", "y_train", "x_test", "y_test"))
x, x_test = (images.reshape(-1, 784).astype("float32") / 255 for images in (x, x_test))
inputs = keras.Input((784,))
hidden = keras.layers.Dense(64, activation="relu")(keras.layers.Dense(64, activation="relu")(inputs))
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(hidden))
model.compile(keras.optimizers.RMSprop(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
pairs = (x[:50000], y[:50000]), (x[50000:], y[50000:]), (x_test, y_test)
train, validation, test = (tf.data.Dataset.from_tensor_slices(pair) for pair in pairs)
model.fit(train.shuffle(1024).batch(64), epochs=3, validation_data=validation.batch(64))
print(model.evaluate(test.batch(64)))
model.save("model.keras")
"""


@pytest.mark.slow
def test_whole_process(mnist: Path, tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(PLAIN.format(path=str(mnist / "mnist.npz")))
    arguments = ["-m", "pipeline", "+experiment=mnist/tf_data", "evaluate_splits=[test]"]
    commands = {"plain Keras script": ["plain.py"], "pipeline": arguments}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(min(3, ROUNDS)):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, *command],
                check=True,
                capture_output=True,
                cwd=tmp_path,
                env=os.environ | {"PIPELINE_DATA_DIR": str(mnist)},
            )
            seconds[name].append(time.perf_counter() - start)
    theirs, own = (statistics.median(taken) for taken in seconds.values())
    print(f"\nwhole process: plain Keras script {theirs:.1f} s, pipeline {own:.1f} s, {own / theirs:.2f} of its time")
