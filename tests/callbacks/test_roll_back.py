"""A loss that is no number takes training back to a snapshot, a few times, and then stops it."""

import logging
from collections.abc import Callable
from typing import Any

import keras
import pytest

from pipeline.callbacks.roll_back import RollBackOnNaN
from pipeline.errors import ConfigError
from pipeline.training.block_size import looks_at_batches
from pipeline.training.roll_back import RollBack

NAN = {"loss": float("nan")}


def begun(rate: Any = 0.1, **arguments: Any) -> RollBackOnNaN:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse")
    model.stop_training = False
    callback = RollBackOnNaN(**arguments)
    callback.set_model(model)
    callback.on_train_begin()
    return callback


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -float("inf")])
def test_loss_that_is_no_number_asks_to_go_back(loss: float, caplog: pytest.LogCaptureFixture) -> None:
    callback = begun(factor=0.25)
    callback.on_epoch_begin(1)
    callback.on_train_batch_end(3, {"loss": 1.0})
    with pytest.raises(RollBack) as raised:
        callback.on_train_batch_end(7, {"loss": loss})
    assert raised.value.factor == 0.25
    assert f"the loss is {loss} within 8 steps of epoch 2: training goes back" in caplog.text
    with pytest.raises(RollBack):
        callback.on_epoch_end(1, {"loss": loss})
    assert "at the end of epoch 2" in caplog.text


def test_training_stops_after_the_most_times(caplog: pytest.LogCaptureFixture) -> None:
    callback = begun(most=2)
    for _ in range(2):
        with pytest.raises(RollBack):
            callback.on_train_batch_end(0, NAN)
    with caplog.at_level(logging.WARNING):
        callback.on_train_batch_end(0, NAN)
        callback.on_epoch_end(0, NAN)
    assert callback.model.stop_training
    assert caplog.messages[-1] == "training stops: the loss is nan within 1 steps of epoch 1, after going back 2 times"


def test_times_are_counted_on_by_a_resumed_training() -> None:
    first, again = begun(most=1), begun(most=1)
    with pytest.raises(RollBack):
        first.on_train_batch_end(0, NAN)
    again.set_state(first.get_state())
    again.on_resume(2, 5)
    again.on_train_batch_end(6, NAN)
    assert again.model.stop_training
    assert RollBackOnNaN.survives_roll_back


def test_no_call_for_each_step_is_forced() -> None:
    assert not looks_at_batches(RollBackOnNaN(), "train")


def test_mistakes_are_told(command: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match=r"factor: expected a number between 0 and 1, such as 0.5, got 1"):
        RollBackOnNaN(factor=1)
    with pytest.raises(ConfigError, match="most: expected 1 or more, got 0"):
        RollBackOnNaN(most=0)
    with pytest.raises(ConfigError, match="cannot be set while it follows a schedule; set schedule=constant"):
        begun(keras.optimizers.schedules.CosineDecay(0.1, 10))
    wrong = command("+experiment=quickstart", "callbacks=[roll_back]", "schedule=cosine")
    assert wrong.code == 2
    assert wrong.errors[0].startswith("callbacks.roll_back: cannot change a learning rate that follows a schedule; use")


def test_roll_back_by_config(command: Callable[..., Any]) -> None:
    done = command("+experiment=quickstart", "report=false", "trainer.epochs=2", "callbacks=[roll_back]")
    assert done.code == 0, done.errors
