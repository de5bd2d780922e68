"""A training whose loss is no number goes on from the last good snapshot with a lower learning rate."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.callbacks.roll_back import RollBackOnNaN
from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.batches import ArrayBatches
from pipeline.data.examples import Examples
from pipeline.errors import ConfigError
from pipeline.training import compile_model, fit
from pipeline.training.roll_back import RollBack
from pipeline.training.snapshots import SnapshotSchedule, SnapshotStore
from pipeline.training.stages import Fitted


class Diverges(keras.callbacks.Callback):  # type: ignore[misc]
    """Raises the learning rate beyond all measure, in one epoch or in each."""

    def __init__(self, *epochs: int) -> None:
        super().__init__()
        self.epochs, self.begun = epochs, []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch in self.epochs and epoch not in self.begun:
            self.model.optimizer.learning_rate = 1e30
        self.begun.append(epoch)

    def get_state(self) -> dict[str, Any]:
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        pass


def trained(
    model: keras.Model, config: PipelineConfig, data: Examples, folder: Path, callbacks: list[Any], **schedule: Any
) -> Fitted:
    named = compile_model(model, config, data.spec)
    batches = ArrayBatches(data, 2, shuffle=True, seed=0)
    schedule = SnapshotSchedule(SnapshotStore(folder), **schedule)
    return fit(named, batches, None, TrainerConfig(epochs=4), callbacks, schedule)


def test_it_goes_on_with_a_lower_rate_from_before(
    two_outputs: keras.Model, config: PipelineConfig, several: Examples, tmp_path: Path
) -> None:
    diverges = Diverges(2)
    fitted = trained(two_outputs, config, several, tmp_path, [diverges, RollBackOnNaN(factor=0.5, most=3)])
    assert diverges.begun == [0, 1, 2, 2, 3]
    assert len(fitted.history["loss"]) == 4
    assert np.isfinite(fitted.history["loss"]).all()
    assert float(two_outputs.optimizer.learning_rate) == pytest.approx(0.05)


def test_it_goes_back_to_the_begin_where_there_is_nothing_later(
    two_outputs: keras.Model, config: PipelineConfig, several: Examples, tmp_path: Path
) -> None:
    config.optimizer = {"name": "sgd", "learning_rate": 1e30}
    fitted = trained(two_outputs, config, several, tmp_path, [RollBackOnNaN(factor=1e-31, most=3)])
    assert np.isfinite(fitted.history["loss"]).all()
    assert float(two_outputs.optimizer.learning_rate) == pytest.approx(0.1)


def test_it_stops_after_so_many_times(
    two_outputs: keras.Model, config: PipelineConfig, several: Examples, tmp_path: Path, caplog: Any
) -> None:
    caplog.set_level("INFO")
    config.optimizer = {"name": "sgd", "learning_rate": 1e30}
    fitted = trained(two_outputs, config, several, tmp_path, [RollBackOnNaN(factor=0.5, most=2)])
    assert not np.isfinite(fitted.history["loss"]).all()
    assert len(fitted.history["loss"]) == 1
    assert caplog.text.count("training continues from step 0 of epoch 1") == 2
    assert float(two_outputs.optimizer.learning_rate) == pytest.approx(0.25e30)


class Once(keras.callbacks.Callback):  # type: ignore[misc]
    """Goes back once, after the first steps, whatever the loss is."""

    asked = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not self.asked:
            self.asked = True
            raise RollBack(0.5)


class Declared(Once):
    rolls_back = survives_roll_back = True


def test_a_callback_of_the_users_own_goes_back_to_the_begin_if_it_says_so_and_is_told_to_otherwise(
    two_outputs: keras.Model, config: PipelineConfig, several: Examples, tmp_path: Path
) -> None:
    rate = config.optimizer["learning_rate"]
    trained(two_outputs, config, several, tmp_path, [Declared()])
    assert float(two_outputs.optimizer.learning_rate) == pytest.approx(rate / 2)
    with pytest.raises(
        ConfigError, match=r"raised RollBack, and there is no snapshot .* or rolls_back = True in the cl"
    ):
        trained(two_outputs, config, several, tmp_path, [Once()])
    config.optimizer = {"name": "sgd", "learning_rate": keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)}
    with pytest.raises(ConfigError, match="cannot be set while it follows a schedule; set schedule=constant"):
        trained(two_outputs, config, several, tmp_path, [Declared()])


def test_without_a_snapshot_it_says_what_to_do(
    two_outputs: keras.Model, config: PipelineConfig, several: Examples, tmp_path: Path
) -> None:
    config.optimizer = {"name": "sgd", "learning_rate": 1e30}
    config.trainer.run_eagerly = True
    with pytest.raises(ConfigError, match="no snapshot to roll back to"):
        trained(two_outputs, config, several, tmp_path, [RollBackOnNaN(factor=0.5, most=2)])
