"""Validation within epochs comes at the moments asked for, leaves the training as it was, and is told to callbacks."""

from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.batches import ArrayBatches
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.errors import ConfigError
from pipeline.training import compile_model, fit
from pipeline.training.cadence import NEVER, Cadence


def test_steps_are_counted_through_all_epochs() -> None:
    cadence = Cadence(steps=4)
    assert [cadence.until_next(done, done % 6, 6) for done in (0, 3, 4, 6)] == [4, 1, 4, 2]
    assert [done for done in range(1, 13) if cadence.is_due(done, done % 6, 6)] == [4, 8, 12]


def test_fractions_are_those_of_each_epoch() -> None:
    cadence = Cadence(fractions=[0.75, 0.25])
    assert [cadence.until_next(step, step, 8) for step in (0, 2, 6)] == [2, 4, NEVER]
    assert [step for step in range(1, 9) if cadence.is_due(step, step, 8)] == [2, 6]
    assert cadence.until_next(0, 0, None) == NEVER


def test_seconds_count_from_the_last_such_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    cadence = Cadence(seconds=10)
    due = []
    for clock[0] in (9.0, 11.0, 20.0, 21.5):
        due.append(cadence.is_due(1, 1, None))
    assert due == [False, True, False, True]


class Told(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.validations: list[Any] = []
        self.failure: BaseException | None = None

    def on_validation_end(self, epoch: int, step: int, logs: dict[str, float]) -> None:
        self.validations.append((epoch, step, sorted(logs)))

    def on_train_failure(self, error: BaseException) -> None:
        self.failure = error


def fitted(model: keras.Model, config: PipelineConfig, several: Examples, told: Told, **trainer: Any) -> Any:
    named = compile_model(model, config, several.spec)
    train = ArrayBatches(several, 2, shuffle=False, seed=0)
    sets = {
        "": ArrayBatches(several, 4, shuffle=False, seed=0),
        "half": ArrayBatches(several, 8, shuffle=False, seed=0),
    }
    return fit(named, train, sets, TrainerConfig(epochs=2, **trainer), [told])


def test_training_that_is_shorter_than_the_steps_between_validations_is_told() -> None:
    told = [Cadence(steps=4).remark(done) for done in (0, 3, 4)]
    line = (
        "validation_interval: 4 steps are more than the 3 of the training, which validated only at the ends of epochs"
    )
    assert told == [None, line, None]
    assert Cadence(seconds=10, fractions=[0.5]).remark(3) is None


def test_callbacks_are_told_of_every_set_at_every_moment(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    told = Told()
    names = [f"{prefix}{name}" for prefix in ("val_", "val_half_") for name in ("kind_loss", "loss", "score_loss")]
    found = fitted(two_outputs, config, several, told, validation_fractions=[0.5])
    assert told.validations == [(0, 2, sorted(names)), (1, 2, sorted(names))]
    assert [(v["epoch"], v["step"]) for v in found.validations] == [(0, 2), (1, 2)]
    assert found.history["val_loss"] == pytest.approx(found.history["val_half_loss"])
    assert len(found.history["val_loss"]) == 2


def test_validation_each_few_seconds_comes_after_every_call_at_the_least(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig, caplog: pytest.LogCaptureFixture
) -> None:
    told = Told()
    # That no validation is due by steps is then nothing to tell.
    with caplog.at_level("WARNING"):
        fitted(two_outputs, config, several, told, validation_seconds=1e-9, validation_interval=9)
    assert [(epoch, step) for epoch, step, _ in told.validations] == [(0, 4), (1, 4)]
    assert caplog.messages == []


def test_log_tells_that_no_validation_by_steps_was_due(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING"):
        fitted(two_outputs, config, several, Told(), validation_interval=9)
    (line,) = caplog.messages
    assert line.startswith("trainer.validation_interval: 9 steps are more than the 8 of the training")


def test_failure_is_told_to_callbacks(two_outputs: keras.Model, several: Examples, config: PipelineConfig) -> None:
    class Failing(Told):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise RuntimeError("no more")

    told = Failing()
    with pytest.raises(ConfigError, match=r"Failing raised in on_epoch_end: RuntimeError: no more"):
        fitted(two_outputs, config, several, told)
    assert isinstance(told.failure, RuntimeError)


def test_fractions_of_an_epoch_of_unknown_length_are_refused(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    named = compile_model(two_outputs, config, several.spec)
    batches = GeneratorLoader(4, False, "generator", "unknown").batches(several, seed=0, training=True)
    with pytest.raises(ConfigError, match=r"set trainer\.validation_interval instead"):
        fit(named, batches, None, TrainerConfig(epochs=1, validation_fractions=[0.5]))


def test_weights_are_those_of_a_training_without_such_moments(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    copy = keras.models.clone_model(two_outputs)
    copy.set_weights(two_outputs.get_weights())
    plain = fitted(two_outputs, config, several, Told())
    watched = fitted(copy, config, several, Told(), validation_interval=1)
    assert watched.history == plain.history
    for one, other in zip(copy.get_weights(), two_outputs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
