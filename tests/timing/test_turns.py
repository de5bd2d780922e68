"""Contenders train an epoch each in turn; one that cannot is told and does not stop the others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import DataError
from pipeline.timing import Contender, Timing, table, timed_in_turns


def contender(name: str, order: list[str], fail_at: int | None = None, error: Exception | None = None) -> Contender:
    def train(epochs: int, callbacks: Any) -> None:
        (clock,) = callbacks
        clock.on_train_begin()
        for epoch in range(epochs):
            if epoch == fail_at:
                raise error or ValueError("too\nmuch")
            clock.on_epoch_begin(epoch)
            order.append(f"{name}{epoch}")
            clock.on_train_batch_end(0)
            clock.on_epoch_end(epoch)

    return Contender(name, train)


def test_epochs_are_taken_in_turns_and_the_first_is_not_counted() -> None:
    order: list[str] = []
    results = timed_in_turns([contender("a", order), contender("b", order)], 2)
    assert order == ["a0", "b0", "a1", "b1", "a2", "b2"]
    assert [len(result.epochs) for result in results] == [2, 2]
    assert all(result.first_step > 0 and result.error is None for result in results)


@pytest.mark.parametrize("fail_at", [0, 1])
def test_contender_that_cannot_train_is_told(fail_at: int) -> None:
    order: list[str] = []
    results = timed_in_turns([contender("a", order), contender("b", order, fail_at), contender("c", order)], 2)
    assert [result.error for result in results] == [None, "too", None]
    assert [step for step in order if step[0] != "b"] == ["a0", "c0", "a1", "c1", "a2", "c2"]
    assert any("cannot train" in line for line in table(results, 10))


def test_mistake_of_the_user_and_failure_of_the_first_are_raised() -> None:
    with pytest.raises(ValueError, match="too"):
        timed_in_turns([contender("a", [], 0)], 1)
    with pytest.raises(DataError, match="row 3"):
        timed_in_turns([contender("a", []), contender("b", [], 0, DataError("row 3"))], 1)


def test_table_has_speeds_as_ratios_to_the_first() -> None:
    lines = table([Timing("Keras", [2.0, 4.0, 3.0], 0.5, 2**20), Timing("ours", [1.0, 1.5, 1.0], 0.25, None)], 300)
    assert lines[1].split() == ["Keras", "100", "75", "to", "150", "1.00", "0.50", "s", "1", "MiB"]
    assert lines[2].split() == ["ours", "300", "200", "to", "300", "3.00", "0.25", "s"]


MODULE = """
import keras
import numpy as np

def points():
    x = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
    return x, {"score": x[:, :1], "kind": (x[:, 0] > 0).astype("int64")}

def network():
    inputs = keras.Input((2,))
    heads = {"score": keras.layers.Dense(1, name="score"), "kind": keras.layers.Dense(2, "softmax", name="kind")}
    return keras.Model(inputs, {name: head(inputs) for name, head in heads.items()})
"""
SEVERAL = [
    "data=arrays", "data.train._target_=two_outputs.points", "data.targets=[score,kind]",
    "model._target_=two_outputs.network", "loss={score: mse, kind: sparse_categorical_crossentropy}", "split.test=0.3",
    "loader.batch_size=8",
]  # fmt: skip


def test_task_measures_the_users_model_and_data(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "two_outputs.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    done = command(*SEVERAL, "task=benchmark", "task.rounds=1")
    assert done.code == 0, done.errors
    facts = done.json("benchmark.json")
    by_name = {one["name"]: one for one in facts["contenders"]}
    assert facts["samples"] == 42
    assert len(by_name["pipeline"]["epochs"]) == 1
    assert next(iter(by_name)).startswith("Keras fit")
    assert "against Keras" in (done.folder / "pipeline.log").read_text()


def test_number_of_rounds_is_checked(command: Callable[..., Any]) -> None:
    done = command("+experiment=quickstart", "task=benchmark", "task.rounds=0")
    assert "task.rounds: expected 1 or more, got 0" in done.errors[0]
