"""Training stops when its time is used up, a metric is good enough, or the loss is no number; the log says so."""

import logging
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import pipeline
from pipeline.callbacks.stop_on_nan import StopOnNaN
from pipeline.callbacks.target import StopAtTarget
from pipeline.callbacks.time_budget import TimeBudget
from pipeline.errors import ConfigError
from pipeline.training.block_size import looks_at_batches

QUICK = ("+experiment=quickstart", "report=false")


def fitted(callback: keras.callbacks.Callback, epochs: int = 50, rate: float = 0.1, **more: Any) -> Any:
    keras.utils.set_random_seed(0)
    x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse")
    data = {"validation_data": (x, 3 * x), "batch_size": 8, "verbose": 0, "shuffle": False}
    return pipeline.fit(model, x, 3 * x, epochs=epochs, callbacks=[callback], **{**data, **more})


def test_no_callback_forces_a_call_for_each_step() -> None:
    for callback in (StopOnNaN(), TimeBudget(hours=1), StopAtTarget(monitor="loss", target=0)):
        assert not looks_at_batches(callback, "train")


def test_time_that_is_used_up_ends_training_within_an_epoch(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        history = fitted(TimeBudget(seconds=1e-6), batch_size=1)
    assert len(history.history["loss"]) == 1
    assert "training stops after step 16 of epoch 1: its time of 1e-06 seconds is used up" in caplog.messages


def test_time_that_is_not_used_up_changes_nothing() -> None:
    assert len(fitted(TimeBudget(minutes=5, hours=1), epochs=3).history["loss"]) == 3
    assert TimeBudget(seconds=1, minutes=2, hours=3).seconds == 10921


def test_time_that_makes_no_sense_is_told() -> None:
    with pytest.raises(ConfigError, match="no time is given; set seconds, minutes or hours"):
        TimeBudget()
    with pytest.raises(ConfigError, match="minutes: expected 0 or more, got -1"):
        TimeBudget(minutes=-1)


def test_target_ends_training_at_the_epoch_that_reaches_it(caplog: pytest.LogCaptureFixture) -> None:
    whole = fitted(StopAtTarget(monitor="val_loss", target=-1.0), epochs=8).history["val_loss"]
    with caplog.at_level(logging.INFO):
        stopped = fitted(StopAtTarget(monitor="val_loss", target=whole[3]), epochs=8).history["val_loss"]
    assert stopped == pytest.approx(whole[:4])
    assert caplog.messages[-1].startswith("training stops after epoch 4: val_loss ")
    assert len(fitted(StopAtTarget(monitor="val_loss", target=whole[3], mode="max"), epochs=8).history["loss"]) == 1


def test_target_is_looked_at_within_epochs(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        fitted(StopAtTarget(monitor="val_loss", target=1e6), validation_interval=3)
    assert any(line.startswith("training stops after step 3 of epoch 1: val_loss ") for line in caplog.messages)


def test_target_that_is_not_measured_is_told() -> None:
    with pytest.raises(ConfigError, match="monitor 'val_acc' is not logged; logged are loss, val_loss"):
        fitted(StopAtTarget(monitor="val_acc", target=1))


def test_loss_that_is_no_number_ends_training(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        history = fitted(StopOnNaN(), rate=1e6)
    assert len(history.history["loss"]) < 50
    assert "training stops: the loss is " in caplog.text
    assert len(fitted(StopOnNaN(), epochs=3).history["loss"]) == 3


def test_time_and_target_by_config(command: Callable[..., Any]) -> None:
    done = command(*QUICK, "trainer.epochs=100000", "callbacks=[time_budget]", "callbacks.time_budget.seconds=0.5")
    assert done.code == 0, done.errors
    assert "its time of 0.5 seconds is used up" in (done.folder / "pipeline.log").read_text()
    done = command(*QUICK, "callbacks=[target]", "callbacks.target.target=0.9")
    assert done.code == 0, done.errors
    reached = [value >= 0.9 for value in done.history()["val_accuracy"]]
    assert reached[-1]
    assert not any(reached[:-1])


def test_mistakes_in_the_config_are_told(command: Callable[..., Any]) -> None:
    assert command(*QUICK, "callbacks=[time_budget]").errors[0].startswith("callbacks.time_budget: no time is given")
    assert "callbacks.target.target: missing" in command(*QUICK, "callbacks=[target]").errors[0]
    wrong = command(*QUICK, "callbacks=[target]", "callbacks.target.target=1", "callbacks.target.monitor=val_acc")
    assert wrong.errors == [
        "callbacks.target.monitor: 'val_acc' is not logged; did you mean 'val_accuracy'? "
        "Logged are accuracy, loss, val_accuracy, val_loss"
    ]


def test_default_set_stops_early_with_the_best_weights_and_saves_the_best(command: Callable[..., Any]) -> None:
    done = command(*QUICK, "callbacks=default", "callbacks.early_stopping.patience=1", "optimizer.learning_rate=0.01")
    assert done.code == 0, done.errors
    losses = done.history()["val_loss"]
    assert len(losses) < 30
    assert done.json("metrics.json")["validation"]["loss"] == pytest.approx(min(losses), rel=1e-5)
    assert (done.folder / "checkpoints" / "last.keras").exists()
    (best,) = (done.folder / "checkpoints").glob("epoch-*.keras")
    assert best.name == f"epoch-{losses.index(min(losses)) + 1:02d}-val_loss-{min(losses):.4f}.keras"
