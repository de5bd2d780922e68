"""Those that train the MNIST perceptron, each in a process of its own: `python -m tests.benchmarks.contenders NAME`.

The process trains an epoch for each line that it reads, and answers with a line of the seconds that it took. Whatever a
contender needs is imported by its own function, so that the threads of one framework do not take those of another.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "7"))
"""Epochs or runs that are measured of each; 1 where it matters only that the measurement runs, on less data then."""
SIZE, BATCH = 50_000 if ROUNDS > 1 else 5_000, 64
SIZES = (784, 64, 64, 10)
LONG = 20
"""Epochs that our loop is told of, so that it chooses as for a training of that length."""
EXECUTION = 32
"""Steps per execution from which more bring Keras nothing."""


ANSWERS = sys.stdout


def turns() -> Iterator[int]:
    """Yields the number of each epoch once it is this one's turn, and answers with its seconds."""
    for epoch, _ in enumerate(sys.stdin):
        start = time.perf_counter()
        yield epoch
        ANSWERS.write(f"{time.perf_counter() - start}\n")
        ANSWERS.flush()


def mnist() -> tuple[np.ndarray, np.ndarray]:
    """Returns images from 0 to 255 and digits."""
    with np.load(Path(os.environ["PIPELINE_DATA_DIR"]) / "mnist.npz") as archive:
        return archive["x_train"][:SIZE], archive["y_train"][:SIZE]


def floats() -> tuple[np.ndarray, np.ndarray]:
    images, digits = mnist()
    return images.reshape(-1, 784).astype("float32") / 255, digits


def in_turns() -> Any:
    """Returns a callback that trains an epoch when it is its turn, and stops when there are no more."""
    import keras

    waiting = turns()

    class InTurns(keras.callbacks.Callback):  # type: ignore[misc]
        every_batch = False

        def on_train_begin(self, logs: Any = None) -> None:
            next(waiting)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = next(waiting, None) is None

    return InTurns()


def keras_dataset() -> None:
    """Keras as its guide writes it."""
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices(floats()).shuffle(1024).batch(BATCH)
    keras_perceptron().fit(dataset, epochs=10**6, verbose=0, callbacks=[in_turns()])


def keras_tuned() -> None:
    """Keras at its best: arrays, many steps per execution, XLA."""
    x, y = floats()
    model = keras_perceptron(steps_per_execution=EXECUTION, jit_compile=True)
    model.fit(x, y, BATCH, epochs=10**6, verbose=0, callbacks=[in_turns()])


def keras_perceptron(**compilation: Any) -> Any:
    import keras

    inputs = keras.Input((784,))
    x = keras.layers.Dense(64, activation="relu")(inputs)
    x = keras.layers.Dense(64, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.RMSprop(1e-3), loss, metrics=["accuracy"], **compilation)
    return model


def ours_arrays() -> None:
    """Ours, from arrays in memory."""
    from pipeline.data.loaders.numpy import NumpyLoader

    _ours(NumpyLoader(BATCH, shuffle=True))


def ours_generator() -> None:
    """Ours, from a Python generator that does not say how long it is."""
    from pipeline.data.loaders.generator import GeneratorLoader

    _ours(GeneratorLoader(BATCH, True, "generator", "unknown"))


def _ours(loader: Any) -> None:
    from pipeline.config.schema import PipelineConfig, TrainerConfig
    from pipeline.data.sources.mnist import Mnist
    from pipeline.models.mlp import mlp
    from pipeline.training import compile_model, fit

    examples: Any = Mnist(path=os.environ["PIPELINE_DATA_DIR"]).load().train.rows(slice(0, SIZE))
    model = mlp(examples.spec, units=64, depth=2, activation="relu", dropout=0.0)
    named = compile_model(model, PipelineConfig(optimizer={"name": "rmsprop"}), examples.spec)
    batches = loader.batches(examples, seed=0, training=True)
    fit(named, batches, None, TrainerConfig(epochs=LONG), [in_turns()])


def jax_scan() -> None:
    """The limit: the same training in JAX, the whole epoch one compiled scan over data in memory."""
    import jax
    import jax.numpy as jnp

    images, digits = floats()
    x, y, steps = jnp.asarray(images), jnp.asarray(digits), SIZE // BATCH

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
    keys = jax.random.split(jax.random.key(0), 3)
    shapes = itertools.pairwise(SIZES)
    initial = jax.nn.initializers.glorot_uniform()
    weights = [(initial(key, shape), jnp.zeros(shape[1])) for key, shape in zip(keys, shapes, strict=True)]
    state = (weights, jax.tree.map(jnp.zeros_like, weights))
    for number in turns():
        order = np.random.default_rng(number).permutation(SIZE)[: steps * BATCH].reshape(steps, BATCH)
        state, (values, _) = epoch(state, order)
        float(values.mean())


def torch_eager() -> None:
    """A plain loop in PyTorch over tensors in memory."""
    import torch

    # For so small a model, more threads wait for each other longer than they work.
    torch.set_num_threads(1)
    images, digits = floats()
    x, y = torch.from_numpy(images), torch.from_numpy(digits.astype("int64"))
    model = torch_perceptron()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9)
    for _ in turns():
        hits = torch.zeros(())
        for rows in torch.randperm(SIZE).split(BATCH):
            logits = model(x[rows])
            loss = torch.nn.functional.cross_entropy(logits, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            hits += (logits.argmax(1) == y[rows]).sum()


def torch_perceptron() -> Any:
    from torch import nn

    return nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def lightning_loader() -> None:
    """Lightning, with a `DataLoader` and one metric of torchmetrics."""
    import lightning
    import torch
    import torchmetrics

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

    waiting = turns()

    class InTurns(lightning.Callback):  # type: ignore[misc]
        def on_train_start(self, trainer: Any, module: Any) -> None:
            next(waiting)

        def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
            trainer.should_stop = next(waiting, None) is None

    torch.set_num_threads(1)
    images, digits = floats()
    tensors = torch.from_numpy(images), torch.from_numpy(digits.astype("int64"))
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*tensors), BATCH, shuffle=True)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = lightning.Trainer(
        max_epochs=-1, accelerator="cpu", callbacks=[InTurns()], enable_model_summary=False, **quiet
    )
    trainer.fit(Module(), data)


CONTENDERS: dict[str, tuple[str, Callable[[], None], str]] = {
    "keras": ("Keras fit, shuffle(1024).batch(64)", keras_dataset, "keras"),
    "ours": ("pipeline, arrays", ours_arrays, "keras"),
    "generator": ("pipeline, Python generator", ours_generator, "keras"),
    "tuned": ("Keras fit, arrays, 32 steps per execution, XLA", keras_tuned, "keras"),
    "torch": ("PyTorch, eager, arrays", torch_eager, "torch"),
    "lightning": ("Lightning, DataLoader", lightning_loader, "lightning"),
    "jax": ("JAX, scan over the epoch: the limit", jax_scan, "jax"),
}
"""What each is called, what trains it, and the package that it needs; the first is what others are held to."""

if __name__ == "__main__":
    # What a framework prints is no answer.
    ANSWERS = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    CONTENDERS[sys.argv[1]][1]()
