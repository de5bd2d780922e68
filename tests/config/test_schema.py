"""The schema: values are checked, new folders are new."""

from pathlib import Path

import pytest

from pipeline.config.schema import PipelineConfig, SplitConfig, TrainerConfig, new_folder
from pipeline.config.value_checks import value_mistakes


def test_defaults_have_no_mistakes() -> None:
    assert value_mistakes(PipelineConfig()) == []


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (PipelineConfig(trainer=TrainerConfig(epochs=0)), "trainer.epochs: expected 1 or more, got 0"),
        (
            PipelineConfig(trainer=TrainerConfig(steps_per_epoch=0)),
            "trainer.steps_per_epoch: expected 1 or more, got 0",
        ),
        (PipelineConfig(trainer=TrainerConfig(epochs=3, initial_epoch=3)), "trainer.initial_epoch: 3 leaves none"),
        (PipelineConfig(trainer=TrainerConfig(verbose=3)), "trainer.verbose: expected auto, 0, 1 or 2, got 3"),
        (PipelineConfig(split=SplitConfig(validation=-0.1)), "split.validation: expected 0 or more, got -0.1"),
        (PipelineConfig(split=SplitConfig(method="randm")), "did you mean 'random'?"),
        (PipelineConfig(split=SplitConfig(method="column")), "split.column: missing"),
        (PipelineConfig(split=SplitConfig(method="group")), "split.column: missing; split.method=group needs the"),
        (PipelineConfig(split=SplitConfig(method="auto", column="a")), "split.column: split.method=auto ignores"),
        (PipelineConfig(split=SplitConfig(validation=0.5, test=0.5)), "leave nothing to train on"),
        (PipelineConfig(evaluate_splits=["tests"]), "evaluate_splits: no split 'tests'; did you mean 'test'?"),
        (PipelineConfig(seed=-1), "seed: expected 0 or more, got -1"),
        (PipelineConfig(seed=2**32), "seed: expected 4294967295 or less, got 4294967296"),
        (PipelineConfig(split=SplitConfig(test=float("nan"))), "split.test: expected 0 or more, got nan"),
        (PipelineConfig(trainer=TrainerConfig(validation_seconds=float("nan"))), "expected more than 0, got nan"),
    ],
)
def test_wrong_value_is_told_with_its_key(config: PipelineConfig, expected: str) -> None:
    (line,) = value_mistakes(config)
    assert expected in line


@pytest.mark.parametrize("target", ["keras.callbacks.EarlyStopping", "tensorflow.keras.callbacks.ReduceLROnPlateau"])
@pytest.mark.parametrize(("value", "is_wrong"), [(-3, True), (1.5, True), (None, True), ("3", True), (0, False)])
def test_epochs_that_callbacks_of_keras_wait_for_are_whole_numbers(target: str, value: object, is_wrong: bool) -> None:
    config = PipelineConfig(callbacks={"mine": {"_target_": target, "patience": value}, "other": None})
    assert [line.partition(",")[0] for line in value_mistakes(config)] == [
        "callbacks.mine.patience: expected a whole number of 0 or more"
    ] * is_wrong


def test_patience_of_a_callback_of_the_user_is_theirs_to_judge() -> None:
    assert value_mistakes(PipelineConfig(callbacks={"mine": {"_target_": "my_parts.Stop", "patience": -3}})) == []


def test_new_folder_is_never_one_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folders = [new_folder("outputs") for _ in range(3)]
    assert len(set(folders)) == 3
    assert all(Path(folder).is_dir() for folder in folders)
