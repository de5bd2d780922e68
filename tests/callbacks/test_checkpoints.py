"""Checkpoints: when they are saved, which are kept, and that the best and the last one are right and whole."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import pipeline
from pipeline.callbacks.checkpoints import Checkpoints
from pipeline.errors import ConfigError
from pipeline.training.block_size import looks_at_batches

X = np.linspace(-1, 1, 32, dtype="float32")[:, None]


class Values(keras.callbacks.Callback):  # type: ignore[misc]
    """Gives each epoch a value of its own making, and keeps the weights with which it ended."""

    def __init__(self, values: list[float]) -> None:
        super().__init__()
        self.values = values
        self.weights: list[list[np.ndarray]] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["made_accuracy"] = self.values[epoch]
        self.weights.append(self.model.get_weights())


def trained(*callbacks: keras.callbacks.Callback, model: keras.Model | None = None, **fit: Any) -> keras.Model:
    if model is None:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.01), "mse")
    data = {"validation_data": (X, 3 * X), "batch_size": 4, "verbose": 0}
    pipeline.fit(model, X, 3 * X, callbacks=list(callbacks), **{**data, **fit})
    return model


def checkpoints(folder: Path, **arguments: Any) -> Checkpoints:
    return Checkpoints(str(folder), **{"monitor": "made_accuracy", "keep": 1, "every_epochs": 1, **arguments})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(("epoch", ".")))


def assert_weights(path: Path, expected: list[np.ndarray]) -> None:
    for found, value in zip(keras.saving.load_model(path).get_weights(), expected, strict=True):
        np.testing.assert_array_equal(found, value)


def test_best_ones_are_kept_and_best_and_last_are_right(tmp_path: Path) -> None:
    values = Values([0.5, 0.9, 0.7, 0.8])
    trained(values, checkpoints(tmp_path, keep=2), epochs=4)
    assert names(tmp_path) == ["epoch-02-made_accuracy-0.9000.keras", "epoch-04-made_accuracy-0.8000.keras"]
    assert_weights(tmp_path / "best.keras", values.weights[1])
    assert_weights(tmp_path / "epoch-02-made_accuracy-0.9000.keras", values.weights[1])
    assert_weights(tmp_path / "last.keras", values.weights[3])
    assert not any(path.is_symlink() for path in tmp_path.iterdir())
    listed = json.loads((tmp_path / "checkpoints.json").read_text())
    assert [(one["epoch"], one["value"]) for one in listed] == [(2, 0.9), (4, 0.8)]


def test_direction_can_be_given(tmp_path: Path) -> None:
    trained(Values([0.5, 0.9, 0.7]), checkpoints(tmp_path, mode="min"), epochs=3)
    assert names(tmp_path) == ["epoch-01-made_accuracy-0.5000.keras"]


def test_of_equal_ones_the_earlier_stays_and_nan_is_never_kept(tmp_path: Path) -> None:
    values = Values([float("nan"), 0.5, 0.5])
    trained(values, checkpoints(tmp_path), epochs=3)
    assert names(tmp_path) == ["epoch-02-made_accuracy-0.5000.keras"]
    assert_weights(tmp_path / "last.keras", values.weights[2])


def test_nothing_is_kept_until_the_threshold_is_passed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trained(Values([0.9, 0.97, 0.98]), checkpoints(tmp_path / "passed", threshold=0.97, keep=3), epochs=3)
    assert names(tmp_path / "passed") == ["epoch-03-made_accuracy-0.9800.keras"]
    trained(Values([0.9]), checkpoints(tmp_path / "missed", threshold=0.97), epochs=1)
    assert [path.name for path in (tmp_path / "missed").iterdir()] == ["last.keras"]
    assert "made_accuracy had no value better than 0.97 when one was due" in caplog.text


def test_moments_are_epochs_steps_and_validations(tmp_path: Path) -> None:
    trained(checkpoints(tmp_path / "epochs", monitor=None, keep=9, every_epochs=2), epochs=5)
    assert names(tmp_path / "epochs") == ["epoch-02.keras", "epoch-04.keras"]
    steps = checkpoints(tmp_path / "steps", monitor=None, keep=9, every_epochs=None, every_steps=5)
    trained(steps, epochs=2)
    expected = ["epoch-01-step-00005.keras", "epoch-02-step-00002.keras", "epoch-02-step-00007.keras"]
    assert names(tmp_path / "steps") == expected
    at = checkpoints(tmp_path / "at", monitor="val_loss", keep=9, every_epochs=None, at_validations=True)
    trained(at, epochs=1, validation_interval=3)
    assert [name[:25] for name in names(tmp_path / "at")] == ["epoch-01-step-00003-val_l", "epoch-01-step-00006-val_l"]


def test_steps_are_counted_where_a_call_has_several(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=3)
    trained(checkpoints(tmp_path, monitor=None, keep=9, every_epochs=None, every_steps=4), model=model, epochs=1)
    assert names(tmp_path) == ["epoch-01-step-00006.keras", "epoch-01-step-00008.keras"]


def test_training_metric_decides_at_steps_where_validation_is_not_measured(tmp_path: Path) -> None:
    trained(checkpoints(tmp_path / "loss", monitor="loss", every_epochs=None, every_steps=3), epochs=1)
    assert names(tmp_path / "loss")[0].startswith("epoch-01-step-0000")
    trained(checkpoints(tmp_path / "val", monitor="val_loss", every_epochs=None, every_steps=3), epochs=1)
    assert [path.name for path in (tmp_path / "val").iterdir()] == ["last.keras"]


def test_each_step_is_looked_at_only_if_steps_are_asked_for(tmp_path: Path) -> None:
    assert not looks_at_batches(checkpoints(tmp_path, at_validations=True), "train")
    assert looks_at_batches(checkpoints(tmp_path, every_steps=1), "train")


def test_plain_keras_fit_takes_it_too(tmp_path: Path) -> None:
    model = trained(epochs=1)
    model.fit(X, X, epochs=2, verbose=0, callbacks=[Values([0.1, 0.2]), checkpoints(tmp_path)])
    assert names(tmp_path) == ["epoch-02-made_accuracy-0.2000.keras"]


class Killed(Exception):
    """What a crash is here."""


@pytest.mark.parametrize("moment", range(1, 6))
def test_crash_at_any_moment_of_saving_leaves_whole_files_and_is_taken_up(
    moment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = Values([0.5, 0.6])
    changed: list[str] = []
    replace, unlink = Path.replace, Path.unlink

    def step(path: Path) -> None:
        if len(values.weights) < 2:
            return
        if not path.name.startswith("."):
            changed.append(path.name)
        # Unfinished files are not removed either by a process that is gone.
        if len(changed) >= moment:
            raise Killed

    def replace_or_die(self: Path, target: Path) -> Path:
        step(target)
        return replace(self, target)

    def unlink_or_die(self: Path, missing_ok: bool = False) -> None:
        step(self)
        unlink(self, missing_ok=missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace_or_die)
        patched.setattr(Path, "unlink", unlink_or_die)
        model = trained(epochs=1)
        with pytest.raises(Killed):
            trained(values, checkpoints(tmp_path), model=model, epochs=2)
    old, new = "epoch-01-made_accuracy-0.5000.keras", "epoch-02-made_accuracy-0.6000.keras"
    assert changed == [new, "checkpoints.json", "best.keras", "last.keras", old][:moment]
    assert_weights(tmp_path / "best.keras", values.weights[moment > 3])
    assert_weights(tmp_path / "last.keras", values.weights[moment > 4])
    assert_weights(tmp_path / old, values.weights[0])
    trained(Values([0.0, 0.0, 0.55]), checkpoints(tmp_path), model=model, initial_epoch=2, epochs=3)
    listed = moment > 2
    assert names(tmp_path) == [new if listed else "epoch-03-made_accuracy-0.5500.keras"]
    assert_weights(tmp_path / "best.keras", values.weights[1] if listed else model.get_weights())


def test_resumed_training_knows_the_best_so_far(tmp_path: Path) -> None:
    values = Values([0.5, 0.90004, 0.90001, 0.8])
    model = trained(values, checkpoints(tmp_path), epochs=2)
    trained(values, checkpoints(tmp_path), model=model, initial_epoch=2, epochs=4)
    assert names(tmp_path) == ["epoch-02-made_accuracy-0.9000.keras"]
    assert_weights(tmp_path / "best.keras", values.weights[1])
    assert_weights(tmp_path / "last.keras", values.weights[3])


def test_new_training_takes_no_notice_of_another_one_in_the_folder(tmp_path: Path) -> None:
    trained(Values([0.9]), checkpoints(tmp_path), epochs=1)
    values = Values([0.3, 0.4])
    trained(values, checkpoints(tmp_path), epochs=2)
    assert_weights(tmp_path / "best.keras", values.weights[1])


def test_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = Values([0.5, 0.6])
    model = trained(values, checkpoints(tmp_path), epochs=1)

    def full(path: Path) -> None:
        Path(path).write_bytes(b"PK")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model, "save", full)
    with pytest.raises(OSError, match="No space left"):
        trained(values, checkpoints(tmp_path), model=model, initial_epoch=1, epochs=2)
    assert names(tmp_path) == ["epoch-01-made_accuracy-0.5000.keras"]
    assert_weights(tmp_path / "best.keras", values.weights[0])
    assert_weights(tmp_path / "last.keras", values.weights[0])


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="keep: expected 1 or more, got 0"):
        checkpoints(tmp_path, keep=0)
    with pytest.raises(ConfigError, match="nothing says when to save"):
        checkpoints(tmp_path, every_epochs=None)
    with pytest.raises(ConfigError, match=r"threshold: 0.9 has no metric to apply to"):
        checkpoints(tmp_path, monitor=None, threshold=0.9)
    with pytest.raises(ConfigError, match="expected mode=min or mode=max"):
        trained(checkpoints(tmp_path, monitor="val_mean"))
    with pytest.raises(ConfigError, match="monitor 'val_auc' is not logged; logged are loss, val_loss"):
        trained(checkpoints(tmp_path, monitor="val_auc"))


def test_checkpoints_by_config_with_others(command: Callable[..., Any]) -> None:
    done = command(
        "+experiment=quickstart", "trainer.epochs=8", "report=false", "callbacks=[checkpoints,time_budget,validation]",
        "callbacks.time_budget.minutes=5", "callbacks.checkpoints.monitor=val_accuracy", "callbacks.checkpoints.keep=3",
        "callbacks.checkpoints.at_validations=true", "callbacks.checkpoints.threshold=0.5",
    )  # fmt: skip
    assert done.code == 0, done.errors
    folder = done.folder / "checkpoints"
    assert len(names(folder)) == 3
    measured = [one["val_accuracy"] for one in done.json("run.json")["validations"]] + done.history()["val_accuracy"]
    kept = sorted(one["value"] for one in json.loads((folder / "checkpoints.json").read_text()))
    assert kept == pytest.approx(sorted(measured)[-3:])
    last = keras.saving.load_model(folder / "last.keras").get_weights()
    for found, value in zip(last, keras.saving.load_model(done.folder / "model.keras").get_weights(), strict=True):
        np.testing.assert_array_equal(found, value)


def test_unknown_metric_in_the_config_is_told(command: Callable[..., Any]) -> None:
    wrong = command("+experiment=quickstart", "callbacks=[checkpoints]", "callbacks.checkpoints.monitor=val_acc")
    assert wrong.code == 2
    assert wrong.errors == [
        "callbacks.checkpoints.monitor: 'val_acc' is not logged; did you mean 'val_accuracy'? "
        "Logged are accuracy, loss, val_accuracy, val_loss"
    ]
