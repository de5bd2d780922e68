"""Validation data that never ends is evaluated over `validation_steps`, and whole numbers are regressed in streams."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MODULE = """
import itertools
import keras
import numpy as np
import tensorflow as tf

X = np.arange(6, dtype="float32").reshape(6, 1)
Y = np.array([0, 1, 2, 300, -4, 5])


def train():
    for start in (0, 2, 4):
        yield X[start:start + 2], Y[start:start + 2]


def forever():
    return itertools.chain.from_iterable(train() for _ in itertools.count())


def dataset():
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(2).repeat()


def network():
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
"""


@pytest.mark.parametrize(
    "held_out", ["{_target_: endless_parts.forever, _partial_: true}", "{_target_: endless_parts.dataset}"]
)
def test_endless_validation_is_evaluated_over_its_steps(
    held_out: str, command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "endless_parts.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "endless_parts", raising=False)
    done = command(
        "data=batches", "loader=stream", "data.train={_target_: endless_parts.train, _partial_: true}",
        f"data.validation={held_out}", "data.classes=0", "trainer.validation_steps=2", "trainer.epochs=1",
        "model={_target_: endless_parts.network}", "loss=mean_absolute_error", "metrics=null", "optimizer.name=sgd",
        "optimizer.learning_rate=0.0",
    )  # fmt: skip
    assert done.code == 0, done.errors
    metrics = done.json("metrics.json")
    # With outputs of 0, of the first two batches and of all three.
    assert metrics["validation"]["loss"] == pytest.approx((0 + 1 + 2 + 300) / 4)
    assert metrics["train"]["loss"] == pytest.approx((0 + 1 + 2 + 300 + 4 + 5) / 6)
    assert done.history()["val_loss"] == pytest.approx([metrics["validation"]["loss"]])
    assert done.json("run.json")["spec"]["targets"]["target"]["classes"] is None
    again = command("task=evaluate", f"run={done.folder}", "task.split=validation", "trust=[endless_parts]")
    assert again.json("metrics.json")["validation"]["loss"] == pytest.approx(metrics["validation"]["loss"])
