"""Samples per second of our loop against Keras' own and peers, in turns: shown with `-s`, never a failure.

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
from pipeline.data.examples import Examples
from pipeline.timing.contenders import Contender
from pipeline.timing.table import table
from pipeline.timing.turns import Timing, timed_in_turns
from tests.benchmarks.conftest import Stop, floats
from tests.benchmarks.contenders import BATCH, CONTENDERS, LONG, ROUNDS, SIZE
from tests.benchmarks.contenders import keras_perceptron as perceptron


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def show(title: str, results: list[Timing], samples: int = SIZE) -> None:
    print("", title, *table(results, samples), sep="\n")


def timed_in_processes(names: list[str], data: Path) -> list[list[float]]:
    """Returns the seconds of the epochs of each, a process each, which train an epoch in turns.

    Args:
        names: Those of `CONTENDERS`. Their first epoch, which compiles, is not counted.
        data: The folder of MNIST.
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.contenders", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            env=os.environ | {"PIPELINE_DATA_DIR": str(data)},
            cwd=Path(__file__).resolve().parents[2],
        )
        for name in names
    ]
    seconds: list[list[float]] = [[] for _ in processes]
    for _ in range(ROUNDS + 1):
        for process, taken in zip(processes, seconds, strict=True):
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            taken.append(float(process.stdout.readline()))
    for process in processes:
        process.communicate()
    return [taken[1:] for taken in seconds]


@pytest.mark.slow
def test_training_of_the_mnist_perceptron(mnist: Path) -> None:
    # Where it matters only that the measurement runs, one is enough.
    names = [name for name, (_, _, package) in CONTENDERS.items() if installed(package)] if ROUNDS > 1 else ["ours"]
    seconds = timed_in_processes(names, mnist)
    first = statistics.median(seconds[0])
    print("\nMNIST perceptron, batch 64: samples/s, slowest to fastest, against Keras")
    for name, taken in zip(names, seconds, strict=True):
        speeds = f"{SIZE / max(taken):>9,.0f} to {SIZE / min(taken):<9,.0f}"
        median = statistics.median(taken)
        print(f"{CONTENDERS[name][0]:<48}{SIZE / median:>9,.0f} {speeds} {first / median:.2f}")


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
        print(
            f"\n{name}, batch 32: Keras {SIZE / theirs:,.0f}, pipeline {SIZE / own:,.0f} samples/s, {theirs / own:.2f}"
        )


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
@pytest.mark.exhaustive
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
