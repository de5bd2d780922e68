"""Callbacks of the pipeline in a training that is cut off and resumed: rows, checkpoints, warm-up, times and bars."""

import json
import logging
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.callbacks import HistoryFile
from pipeline.callbacks.checkpoints import Checkpoints
from pipeline.callbacks.epoch_log import EpochLog
from pipeline.callbacks.progress import Progress
from pipeline.callbacks.stop_on_nan import StopOnNaN
from pipeline.callbacks.target import StopAtTarget
from pipeline.callbacks.time_budget import TimeBudget
from pipeline.callbacks.warmup import WarmUp

VALUES = [0.5, 0.9, 0.7, 0.95, 0.8, 0.85]


class Values(keras.callbacks.Callback):  # type: ignore[misc]
    """Gives each epoch a value of its own making."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["made_accuracy"] = VALUES[epoch]


def weights(path: Path) -> list[np.ndarray]:
    return list(keras.saving.load_model(path).get_weights())


def test_history_has_each_epoch_once(moment: tuple[int, int], cut_off: Any, tmp_path: Path) -> None:
    def make(folder: Path) -> list[keras.callbacks.Callback]:
        folder.mkdir(exist_ok=True)
        return [Values(), HistoryFile(folder / "history.csv")]

    cut_off.assert_same_end(make, tmp_path, moment)
    whole, parts = ((tmp_path / part / "history.csv").read_bytes() for part in ("whole", "parts"))
    assert whole == parts
    assert len(whole.splitlines()) == 1 + cut_off.epochs


def test_history_loses_rows_of_later_moments_at_once(tmp_path: Path) -> None:
    history = HistoryFile(tmp_path / "history.csv")
    empty = history.get_state()
    history.on_epoch_end(0, {"loss": float("nan"), "mae": 1 / 3})
    history.on_epoch_end(1, {"loss": 1e-7, "mae": 0.25, "val_loss": 0.5})
    state, text = history.get_state(), history.path.read_text()
    history.on_epoch_end(2, {"loss": 0.1})
    again = HistoryFile(tmp_path / "history.csv")
    again.set_state(state)
    assert again.path.read_text() == text
    assert str(again.rows) == str(history.rows[:2])
    again.set_state(empty)
    assert again.rows == []
    assert not again.path.exists()


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "arguments",
    [
        {"monitor": "made_accuracy", "keep": 2, "every_epochs": 1},
        {"monitor": None, "keep": 2, "every_epochs": None, "every_steps": 3},
        {"monitor": "loss", "keep": 1, "every_epochs": 2, "every_steps": 5},
        {"monitor": "made_accuracy", "keep": 1, "every_epochs": 1, "threshold": 0.8},
    ],
    ids=str,
)
def test_checkpoints_are_those_of_the_training_in_one_go(
    arguments: dict[str, Any], moment: tuple[int, int], cut_off: Any, tmp_path: Path
) -> None:
    def make(folder: Path) -> list[keras.callbacks.Callback]:
        return [Values(), Checkpoints(str(folder), **arguments)]

    whole, again = cut_off.assert_same_end(make, tmp_path, moment)
    assert whole.callbacks[1].kept == again.callbacks[1].kept
    files = [sorted(path.name for path in (tmp_path / part).iterdir()) for part in ("whole", "parts")]
    assert files[0] == files[1]
    for name in files[0]:
        if name.endswith(".keras"):
            for one, other in zip(*(weights(tmp_path / part / name) for part in ("whole", "parts")), strict=True):
                np.testing.assert_array_equal(one, other)
    listed = [(tmp_path / part / "checkpoints.json").read_text() for part in ("whole", "parts")]
    assert listed[0] == listed[1]


def test_later_checkpoints_go_when_training_is_resumed_and_the_best_is_right(cut_off: Any, tmp_path: Path) -> None:
    def make() -> list[keras.callbacks.Callback]:
        return [Values(), Checkpoints(str(tmp_path), monitor="made_accuracy", keep=4, every_epochs=1)]

    first = cut_off.trained(make(), until=(2, 0))
    right = weights(tmp_path / "best.keras")
    cut_off.trained(make(), until=(4, 1), resumed=first.taken)
    (tmp_path / ".abcd_123.keras").write_bytes(b"unfinished")
    (tmp_path / ".mine.json").write_text("{}")
    assert len(list(tmp_path.glob("epoch-*"))) == 4
    (_, again) = make()
    again.set_state(first.taken.states[1]["state"])
    assert [one.epoch for one in again.kept] == [1, 2]
    assert sorted(path.name for path in tmp_path.glob("epoch-*")) == [one.file for one in again.kept]
    assert [one["epoch"] for one in json.loads((tmp_path / "checkpoints.json").read_text())] == [1, 2]
    assert [path.name for path in tmp_path.glob(".*")] == [".mine.json"]
    for found, value in zip(weights(tmp_path / "best.keras"), right, strict=True):
        np.testing.assert_array_equal(found, value)


def test_checkpoint_that_gave_way_to_a_later_one_is_not_listed_and_the_later_one_stays_the_best(
    cut_off: Any, tmp_path: Path
) -> None:
    def make() -> list[keras.callbacks.Callback]:
        return [Values(), Checkpoints(str(tmp_path), monitor="made_accuracy", keep=1, every_epochs=1)]

    first = cut_off.trained(make(), until=(3, 0))
    cut_off.trained(make(), until=(4, 1), resumed=first.taken)
    later = weights(tmp_path / "best.keras")
    (_, again) = make()
    again.set_state(first.taken.states[1]["state"])
    assert [one.epoch for one in again.kept] == [2]
    assert json.loads((tmp_path / "checkpoints.json").read_text()) == []
    for found, value in zip(weights(tmp_path / "best.keras"), later, strict=True):
        np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize("steps", [2, 7, 17])
def test_warm_up_goes_on(steps: int, moment: tuple[int, int], cut_off: Any, tmp_path: Path) -> None:
    whole, _ = cut_off.assert_same_end(lambda _: [WarmUp(steps=steps)], tmp_path, moment)
    assert not whole.callbacks[0].every_batch


def test_warm_up_of_a_training_that_was_rolled_back_ends_at_the_lower_rate(cut_off: Any) -> None:
    warmup = WarmUp(steps=8)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.5), "mse")
    warmup.set_model(model)
    warmup.on_train_begin()
    state = warmup.get_state()
    for _ in range(2):
        warmup.set_state(state)
        warmup.on_roll_back(0.5)
    for step in range(8):
        warmup.on_train_batch_begin(step)
        assert float(model.optimizer.learning_rate) == np.float32(0.125 * (step + 1) / 8)
        warmup.on_train_batch_end(step)
    assert float(model.optimizer.learning_rate) == 0.125


def test_target_and_nan_need_no_more_than_others(moment: tuple[int, int], cut_off: Any, tmp_path: Path) -> None:
    def make(_: Path) -> list[keras.callbacks.Callback]:
        return [Values(), StopAtTarget(monitor="made_accuracy", target=0.95), StopOnNaN()]

    whole, _ = cut_off.assert_same_end(make, tmp_path, moment)
    assert len(whole.callbacks[-1].epoch) == 4


def test_time_that_is_used_up_stays_so_and_the_time_between_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    model = keras.Sequential()
    model.stop_training = False

    def budget() -> TimeBudget:
        callback = TimeBudget(seconds=10)
        callback.set_model(model)
        callback.on_train_begin()
        return callback

    first = budget()
    clock[0] += 7
    state = first.get_state()
    clock[0] = 5.0
    again = budget()
    again.set_state(state)
    again.on_resume(1, 3)
    clock[0] += 2.5
    again.on_train_batch_end(4)
    assert not model.stop_training
    clock[0] += 1
    again.on_train_batch_end(5)
    assert model.stop_training


def test_duration_of_an_epoch_is_that_of_its_training(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    first, again = EpochLog(), EpochLog()
    first.on_epoch_begin(0)
    clock[0] += 2
    state = first.get_state()
    clock[0] = 7
    again.set_params({"epochs": 2})
    again.set_state(state)
    clock[0] += 1
    with caplog.at_level(logging.INFO):
        again.on_epoch_end(0, {})
    assert caplog.messages == ["epoch 1/2  3.0 s  "]


def test_bars_start_where_training_goes_on_and_know_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    first, again = Progress(), Progress()
    for bars in (first, again):
        bars.set_params({"epochs": 5, "steps": 100})
        bars.on_train_begin()
    first.on_epoch_begin(0)
    first.on_epoch_end(0, {"loss": 0.25})
    state = first.get_state()
    again.set_state(state)
    again.on_resume(1, 40)
    epochs, steps = again._epochs, again._steps
    assert (epochs.done, steps.done) == (1, 40)
    clock[0] += 2
    again.on_train_batch_end(59, {"loss": 0.5})
    assert (steps.done, steps.values, steps.best) == (60, {"loss": 0.5}, {"loss": 0.25})
    clock[0] += 2
    again.on_train_batch_end(79, {"loss": 0.5})
    assert steps.speed() == 10
    for bars in (first, again):
        bars.on_train_end()
