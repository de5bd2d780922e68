"""A callback that raises is named, and the others end in good order."""

from pathlib import Path
from typing import Any

import keras
import pytest

from pipeline.callbacks import HistoryFile
from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.batches import ArrayBatches
from pipeline.data.examples import Examples
from pipeline.errors import ConfigError
from pipeline.training import compile_model, fit
from pipeline.training.snapshots import SnapshotSchedule, SnapshotStore


class Ended(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.ends = 0

    def on_train_end(self, logs: Any = None) -> None:
        self.ends += 1


class Failing(Ended):
    def __init__(self, hook: str) -> None:
        super().__init__()
        setattr(self, hook, self.fail)

    def fail(self, *arguments: Any, **named: Any) -> None:
        raise ZeroDivisionError("by nothing")


def trained(
    model: keras.Model,
    config: PipelineConfig,
    data: Examples,
    callbacks: list[Any],
    schedule: SnapshotSchedule | None = None,
) -> None:
    named = compile_model(model, config, data.spec)
    batches = ArrayBatches(data, 4, shuffle=True, seed=0)
    fit(named, batches, None, TrainerConfig(epochs=3), callbacks, schedule)


@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_train_batch_end", "on_epoch_end"])
def test_the_one_that_raises_is_named_and_the_others_end(
    hook: str, two_outputs: keras.Model, config: PipelineConfig, several: Examples
) -> None:
    before, failing, after = Ended(), Failing(hook), Ended()
    with pytest.raises(ConfigError, match=r"^callbacks: .*\.Failing raised in fail: ZeroDivisionError: by nothing$"):
        trained(two_outputs, config, several, [before, failing, after])
    assert (before.ends, failing.ends, after.ends) == (1, 0, 1)


def test_one_that_raises_at_the_begin_ends_those_that_began(
    two_outputs: keras.Model, config: PipelineConfig, several: Examples
) -> None:
    class Beginning(Ended):
        def on_train_begin(self, logs: Any = None) -> None:
            raise ZeroDivisionError

    before, after = Ended(), Ended()
    with pytest.raises(ConfigError, match="raised in on_train_begin"):
        trained(two_outputs, config, several, [before, Beginning(), after])
    assert (before.ends, after.ends) == (1, 0)


def test_one_that_raises_at_the_end_leaves_those_before_ended_once(
    two_outputs: keras.Model, config: PipelineConfig, several: Examples
) -> None:
    class Ending(Ended):
        def on_train_end(self, logs: Any = None) -> None:
            raise ZeroDivisionError

    before, after = Ended(), Ended()
    with pytest.raises(ConfigError, match="raised in on_train_end"):
        trained(two_outputs, config, several, [before, Ending(), after])
    assert (before.ends, after.ends) == (1, 1)


def test_the_snapshot_before_it_stays(
    two_outputs: keras.Model, config: PipelineConfig, several: Examples, tmp_path: Path
) -> None:
    class Third(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 2:
                raise ZeroDivisionError

    folder = SnapshotStore(tmp_path / "snapshots")
    with pytest.raises(ConfigError, match="Third"):
        trained(
            two_outputs, config, several, [Third(), HistoryFile(tmp_path / "history.csv")], SnapshotSchedule(folder)
        )
    found = folder.newest()
    assert found is not None
    assert (found.position.epoch, found.position.done) == (2, 4)


def test_an_error_of_the_data_is_no_callbacks(
    two_outputs: keras.Model, config: PipelineConfig, several: Examples
) -> None:
    class Broken(ArrayBatches):
        def rows(self, index: int, skip: int = 0) -> Any:
            raise ZeroDivisionError("in the data")

    ended = Ended()
    named = compile_model(two_outputs, config, several.spec)
    broken = Broken(several, 4, shuffle=True, seed=0)
    with pytest.raises(ZeroDivisionError, match="in the data"):
        fit(named, broken, None, TrainerConfig(epochs=1), [ended])
    assert ended.ends == 1
