"""A user's own parts in a user's own folder: this repository is not touched."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MODULE = """
import keras
import numpy as np


def points(count, classes):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(count, 2)).astype("float32")
    return x, (x[:, 0] * x[:, 1] > 0).astype("int64") % classes


def batches(count):
    x, y = points(count, 2)
    for start in range(0, count, 50):
        yield x[start:start + 50], y[start:start + 50]


@keras.saving.register_keras_serializable("my_parts")
class Square(keras.layers.Layer):
    def call(self, x):
        return x * x


def network(spec, width):
    x = inputs = keras.Input((2,))
    product = Square()(keras.layers.Dense(width, activation="relu")(x))
    return keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(product))


class Loss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return 2.0 * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


class Metric(keras.metrics.SparseCategoricalAccuracy):
    pass


class Shout(keras.callbacks.Callback):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_train_end(self, logs=None):
        with open(self.path, "w") as file:
            file.write("done")
"""
EXPERIMENT = """# @package _global_
# My own source, model, loss, metric and callback.
defaults:
  - override /data: arrays
  - override /model: mine
data:
  train: {_target_: my_parts.points, count: 400, classes: 2}
  inputs: [point]
  targets: [kind]
split: {validation: 0.2, test: 0.2}
loss: {_target_: my_parts.Loss}
metrics: [{_target_: my_parts.Metric, name: hits}]
callbacks:
  shout: {_target_: my_parts.Shout, path: shouted.txt}
trainer: {epochs: 3}
optimizer: {learning_rate: 0.01}
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "my_parts.py").write_text(MODULE)
    for group, name, text in (
        ("experiment/custom", "mine", EXPERIMENT),
        ("model", "mine", "# My network.\n_target_: my_parts.network\nwidth: 8\n"),
    ):
        (tmp_path / "my_conf" / group).mkdir(parents=True)
        (tmp_path / "my_conf" / group / f"{name}.yaml").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_parts", raising=False)
    return tmp_path


def test_own_source_model_loss_metric_and_callback(mine: Path, command: Callable[..., Any]) -> None:
    done = command("--config-dir", "my_conf", "+experiment=custom/mine", "trust=[my_parts]")
    assert done.code == 0, done.errors
    assert (mine / "shouted.txt").read_text() == "done"
    test = done.json("metrics.json")["test"]["outputs"]["kind"]
    assert set(test) == {"loss", "hits"}
    again = command("task=evaluate", f"run={done.folder}", "trust=[my_parts]")
    assert again.json("metrics.json")["test"]["outputs"]["kind"] == test
    assert command("task=predict", f"run={done.folder}", "task.split=train", "trust=[my_parts]").code == 0


def test_own_generator(mine: Path, command: Callable[..., Any]) -> None:
    arguments = [
        "data=batches", "loader=stream", "data.train={_target_: my_parts.batches, _partial_: true, count: 400}",
        "data.inputs=[point]", "data.targets=[kind]", "data.classes=2", "trainer.epochs=2",
    ]  # fmt: skip
    done = command(*arguments)
    assert done.code == 0, done.errors
    with_split = command(*arguments, "data.steps=8", "split.validation=0.25")
    assert with_split.code == 0, with_split.errors
    assert with_split.json("run.json")["data"]["validation"]["batches"] == 2


def test_environment_names_trusted_packages_too(
    mine: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_TRUST", "other, my_parts")
    assert command("--config-dir", "my_conf", "+experiment=custom/mine", "trainer.epochs=1").code == 0


def test_mistakes_in_own_parts_are_told_with_their_key(
    mine: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_TRUST", "my_parts")
    done = command("--config-dir", "my_conf", "+experiment=custom/mine", "+model.widht=3", "+data.train.cuont=2")
    assert done.code == 2
    assert done.errors == [
        "data.train.cuont: my_parts.points has no argument 'cuont'; did you mean 'count'?",
        "model.widht: my_parts.network has no argument 'widht'; did you mean 'width'?",
    ]
