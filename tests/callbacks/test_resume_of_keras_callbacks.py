"""Callbacks of Keras and of users in a training that is cut off anywhere and resumed: it ends as the one in one go."""

import collections
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from pipeline.training.snapshots.plain_copies import same

MADE = [0.5, 0.7, 0.7004, 0.6, 0.65, 0.64]
"""A metric by epoch, in which each decision has its turn: better, hardly better, worse."""
Make = Callable[[Path], list[keras.callbacks.Callback]]


class Made(keras.callbacks.Callback):  # type: ignore[misc]
    """Gives each epoch its value of `MADE`, and one of which less is better."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["made_accuracy"], logs["made_loss"] = MADE[epoch], 1 - MADE[epoch]


def early_stopping(**arguments: Any) -> Make:
    arguments = {"monitor": "made_accuracy", "mode": "max", "patience": 2, "min_delta": 0.001, **arguments}
    return lambda _: [Made(), keras.callbacks.EarlyStopping(restore_best_weights=True, **arguments)]


def plateau(_: Path) -> list[keras.callbacks.Callback]:
    return [
        Made(),
        keras.callbacks.ReduceLROnPlateau(
            "made_loss", mode="min", factor=0.5, patience=1, cooldown=1, min_delta=0.001, min_lr=0.001
        ),
    ]


def checkpoint(folder: Path, freq: Any = "epoch") -> list[keras.callbacks.Callback]:
    folder.mkdir(exist_ok=True)
    path = folder / ("{epoch}.keras" if freq == "epoch" else "{epoch}-{batch}.keras")
    monitor, mode = ("made_accuracy", "max") if freq == "epoch" else ("loss", "min")
    return [Made(), keras.callbacks.ModelCheckpoint(path, monitor, mode=mode, save_best_only=True, save_freq=freq)]


def halved(_: Path) -> list[keras.callbacks.Callback]:
    return [keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.8)]


class Own(keras.callbacks.Callback):  # type: ignore[misc]
    """A user's callback with all sorts of things in it, by which the training goes."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.count, self.sum, self.nothing = 0, 0.0, float("nan")
        self.last: collections.deque[float] = collections.deque(maxlen=3)
        self.by_name: Any = collections.defaultdict(list)
        self.average = np.zeros(3)
        self.numpy, self.python = np.random.default_rng(3), random.Random(3)
        self.nested = {"a": [(1, {2})], 3: np.float32(0.5)}
        self.function = print

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.count += 1
        self.last.append(logs["loss"])
        self.by_name[f"{batch}"].append(logs["loss"])
        self.average += logs["loss"]
        self.nested["a"][0][1].add(self.count)  # type: ignore[index]
        noise = self.numpy.normal() + self.python.random() + sum(self.last) + float(self.average[0]) + self.count
        self.model.optimizer.learning_rate = 0.01 + 1e-5 * noise


KERAS: dict[str, Make] = {
    "early-max": early_stopping(),
    "early-min": early_stopping(monitor="made_loss", mode="min"),
    "early-baseline": early_stopping(baseline=0.65, start_from_epoch=1, patience=4),
    "early-auto": lambda _: [keras.callbacks.EarlyStopping("val_loss", min_delta=0.05, patience=1)],
    "plateau": plateau,
    "checkpoint": checkpoint,
    "checkpoint-steps": partial(checkpoint, freq=3),
    "swap-ema": lambda _: [keras.callbacks.SwapEMAWeights()],
    "swap-ema-epochs": lambda _: [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)],
    "scheduler": halved,
    "backup": lambda folder: [keras.callbacks.BackupAndRestore(str(folder / "backup"), save_freq=3)],
    "nan": lambda _: [keras.callbacks.TerminateOnNaN()],
    "lambda": lambda _: [keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None, kept=[1, 2])],
    "progress-bar": lambda _: [keras.callbacks.ProgbarLogger()],
    "own": lambda _: [Own()],
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", KERAS)
def test_resumed_training_ends_as_the_one_in_one_go(
    name: str, moment: tuple[int, int], cut_off: Any, tmp_path: Path
) -> None:
    cut_off.assert_same_end(KERAS[name], tmp_path, moment)
    files = [sorted(p.name for p in (tmp_path / part).glob("*.keras")) for part in ("whole", "parts")]
    assert files[0] == files[1]
    for file in files[0]:
        ours, theirs = (keras.saving.load_model(tmp_path / part / file) for part in ("whole", "parts"))
        assert all(map(same, ours.get_weights(), theirs.get_weights()))


@pytest.mark.parametrize("append", [False, True], ids=["anew", "appended"])
def test_log_of_keras_has_each_epoch_once(append: bool, moment: tuple[int, int], cut_off: Any, tmp_path: Path) -> None:
    def make(folder: Path) -> list[keras.callbacks.Callback]:
        folder.mkdir(exist_ok=True)
        if append and not (folder / "log.csv").exists():
            (folder / "log.csv").write_text("epoch,loss\r\n0,1\r\n")
        return [Made(), keras.callbacks.CSVLogger(str(folder / "log.csv"), append=append)]

    cut_off.assert_same_end(make, tmp_path, moment)
    whole, parts = ((tmp_path / part / "log.csv").read_bytes() for part in ("whole", "parts"))
    assert whole == parts
    assert len(whole.splitlines()) == 7 + append


@pytest.mark.parametrize("freq", ["epoch", 2])
def test_event_files_of_keras_have_no_point_twice(
    freq: Any, moment: tuple[int, int], cut_off: Any, tmp_path: Path
) -> None:
    def make(folder: Path) -> list[keras.callbacks.Callback]:
        return [keras.callbacks.TensorBoard(str(folder), update_freq=freq, write_graph=False)]

    def points(folder: Path) -> dict[str, Any]:
        found = EventAccumulator(str(folder), size_guidance={"tensors": 0})
        found.Reload()
        return {
            tag: [(event.step, float(make_ndarray(event.tensor_proto))) for event in found.Tensors(tag)]
            for tag in found.Tags()["tensors"]
        }

    whole = cut_off.trained(make(tmp_path / "whole"))
    first = cut_off.trained(make(tmp_path / "parts"), until=moment)
    # Its writers, which are TensorFlow's default ones, would end with the process.
    first.callbacks[0].on_train_end()
    again = cut_off.trained(make(tmp_path / "parts"), resumed=first.taken)
    assert same(again.variables, whole.variables)
    for split in ("train", "validation"):
        found, right = points(tmp_path / "parts" / split), points(tmp_path / "whole" / split)
        assert len(right["epoch_loss"]) == 6
        assert found == right
