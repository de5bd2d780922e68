"""The learning rate range test: a rate that trains well, a table, a page of its own, and no model."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import pipeline
from pipeline.callbacks.lr_finder import LearningRateFinder

QUICK = ("+experiment=quickstart", "task=lr_find")


def found(done: Any) -> float:
    return float(done.json("run.json")["learning_rate"])


def rows(folder: Path) -> dict[str, np.ndarray]:
    with (folder / "lr_find.csv").open() as file:
        header, *lines = csv.reader(file)
    values = np.array(lines, dtype=float)
    return {name: values[:, index] for index, name in enumerate(header)}


def test_suggested_rate_is_where_the_loss_falls_and_trains(command: Callable[..., Any]) -> None:
    done = command(*QUICK)
    assert done.code == 0, done.errors
    rate = found(done)
    table = rows(done.folder)
    np.testing.assert_allclose(table["learning_rate"], 1e-6 * 1e7 ** ((table["step"] - 1) / 199))
    assert 1e-4 < rate < table["learning_rate"][np.argmin(table["smoothed_loss"])]
    assert table["smoothed_loss"][-1] > table["smoothed_loss"][0]
    assert len(table["step"]) < 200
    assert f"suggested learning rate: {rate:.2g}" in (done.folder / "pipeline.log").read_text()
    assert not list(done.folder.glob("*.keras"))
    trained = command("+experiment=quickstart", "trainer.epochs=10", "report=false", f"optimizer.learning_rate={rate}")
    assert trained.json("metrics.json")["validation"]["outputs"]["digit"]["accuracy"] > 0.9


def test_page_needs_no_network(command: Callable[..., Any]) -> None:
    done = command(*QUICK, "task.steps=30")
    page = (done.folder / "lr_find.html").read_text()
    assert "<script src" not in page
    assert "smoothed loss" in page
    assert f"suggested: {found(done):.2g}" in page
    assert "Learning rate range test" in page


def test_finding_is_repeatable_and_leaves_the_schedule_aside(command: Callable[..., Any]) -> None:
    first = command(*QUICK, "task.steps=60")
    again = command(*QUICK, "task.steps=60", "schedule=cosine")
    assert (first.folder / "lr_find.csv").read_bytes() == (again.folder / "lr_find.csv").read_bytes()
    assert found(first) == found(again)


def test_streams_and_several_outputs_are_tested_too(command: Callable[..., Any]) -> None:
    several = ["+experiment=multi_io/dict_losses", "data.train.examples=200", "loader.batch_size=16"]
    for arguments in (several, ["+experiment=quickstart", "loader=tf_data"]):
        done = command(*arguments, "task=lr_find", "task.steps=60", "task.lowest=1e-5")
        assert done.code == 0, done.errors
        assert 1e-5 < found(done) < 10


def test_losses_are_of_each_step_alone() -> None:
    x = np.array([[3.0], [2.0], [1.0], [0.0]], "float32")
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    finder = LearningRateFinder(1e-12, 1e-11, 4)
    pipeline.fit(model, x, x, batch_size=1, shuffle=False, verbose=0, callbacks=[finder])
    assert finder.losses == pytest.approx([9, 4, 1, 0])


def test_mistakes_are_told(command: Callable[..., Any]) -> None:
    assert "task.lowest: expected a number between 0 and task.highest" in command(*QUICK, "task.lowest=1.0",
                                                                           "task.highest=0.1").errors[0]  # fmt: skip
    assert "task.steps: expected 10 or more, got 5" in command(*QUICK, "task.steps=5").errors[0]
    high = command(*QUICK, "task.lowest=50", "task.highest=1000", "optimizer=sgd", "task.steps=20")
    assert high.code == 2
    assert "task: the loss fell at no rate" in high.errors[0]
    assert (high.folder / "lr_find.html").exists()
