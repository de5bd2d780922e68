"""Schedules take their length from the training, are Keras' own, and say what they need where nobody knows it."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.batches import ArrayBatches, Batches
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.spec import spec_of
from pipeline.errors import ConfigError
from pipeline.schedules import with_training_steps
from pipeline.schedules.build import training_steps
from pipeline.schedules.cosine import cosine
from pipeline.schedules.exponential import exponential
from pipeline.schedules.piecewise import piecewise
from pipeline.training.optimizers import build_optimizer

COSINE: dict[str, Any] = {
    "initial_learning_rate": 0.0, "warmup_target": 0.5, "warmup_share": None, "warmup_steps": None,
    "decay_steps": None, "alpha": 0.0,
}  # fmt: skip
EXPONENTIAL: dict[str, Any] = {
    "initial_learning_rate": 0.5, "decay_steps": None, "decay_rate": 0.01, "staircase": False
}  # fmt: skip
PIECEWISE: dict[str, Any] = {"boundaries": [0.5, 0.75], "learning_rate": 0.5, "factors": [1, 0.1, 0.01], "values": None}


def rates(schedule: Any, steps: int) -> list[float]:
    return [float(schedule(step)) for step in range(steps)]


@pytest.mark.parametrize("steps", [1, 2, 9, 100, 1000])
def test_cosine_leaves_the_warm_up_after_its_share_and_ends_with_the_training(steps: int) -> None:
    schedule = cosine(**COSINE, training_steps=steps)
    found, warmup = [float(schedule(step)) for step in (round(0.1 * steps), steps - 1, steps)], round(0.1 * steps)
    assert found[0] == 0.5
    left = steps - warmup
    assert found[1] == pytest.approx(0.25 * (1 + np.cos(np.pi * (left - 1) / left)), abs=1e-7)
    assert found[2] == pytest.approx(0, abs=1e-7)


def test_warm_up_and_decay_in_steps_and_shares() -> None:
    by_share = rates(cosine(**COSINE | {"warmup_share": 0.5}, training_steps=8), 8)
    assert by_share[:5] == pytest.approx([0, 0.125, 0.25, 0.375, 0.5])
    assert rates(cosine(**COSINE | {"warmup_steps": 4}, training_steps=8), 8) == by_share
    assert rates(cosine(**COSINE | {"warmup_steps": 4, "decay_steps": 4}, training_steps=None), 8) == by_share
    none = rates(cosine(**COSINE | {"warmup_share": 0.0, "alpha": 0.5}, training_steps=8), 9)
    assert (none[0], none[8]) == (0.5, 0.25)


def test_exponential_comes_to_its_rate_at_the_end() -> None:
    schedule = exponential(**EXPONENTIAL, training_steps=40)
    assert [float(schedule(step)) for step in (0, 20, 40)] == pytest.approx([0.5, 0.05, 0.005])
    stairs = exponential(**EXPONENTIAL | {"decay_steps": 2, "staircase": True}, training_steps=None)
    assert rates(stairs, 4) == pytest.approx([0.5, 0.5, 0.005, 0.005])


def test_piecewise_changes_at_shares_and_at_steps() -> None:
    expected = pytest.approx([0.5] * 4 + [0.05] * 2 + [0.005] * 2)
    assert rates(piecewise(**PIECEWISE, training_steps=8), 8) == expected
    in_steps = PIECEWISE | {"boundaries": [3, 5], "values": [0.5, 0.05, 0.005]}
    assert rates(piecewise(**in_steps, training_steps=None), 8) == expected


@pytest.mark.parametrize(
    ("build", "arguments", "steps", "expected"),
    [
        (
            cosine,
            COSINE,
            None,
            "the length of an epoch is unknown; set trainer.steps_per_epoch, or set schedule.decay_steps",
        ),
        (cosine, COSINE, 0, "there are no steps to train; set trainer.epochs above trainer.initial_epoch"),
        (
            cosine,
            COSINE | {"warmup_steps": 9},
            8,
            "schedule.warmup_steps: 9 of the 8 training steps leave none for the decay",
        ),
        (cosine, COSINE | {"warmup_steps": 9, "warmup_share": 0.1}, 8, "set only one of them"),
        (
            cosine,
            COSINE | {"warmup_share": 1.0},
            8,
            "schedule.warmup_share: expected a number from 0 to below 1, got 1.0",
        ),
        (
            cosine,
            COSINE | {"decay_steps": 0},
            8,
            "schedule.decay_steps: expected 1 or more, or null for all steps, got 0",
        ),
        (exponential, EXPONENTIAL, None, "or set schedule.decay_steps in steps"),
        (exponential, EXPONENTIAL | {"staircase": True}, 8, "the only drop would come after the last step"),
        (piecewise, PIECEWISE, None, "or set schedule.boundaries in steps"),
        (
            piecewise,
            PIECEWISE | {"boundaries": [5, 0.1]},
            8,
            "schedule.boundaries: expected increasing steps, got [5, 0.1]",
        ),
        (
            piecewise,
            PIECEWISE | {"boundaries": [1.5, 3]},
            8,
            "expected a share below 1 or a whole number of steps, got 1.5",
        ),
        (piecewise, PIECEWISE | {"values": [1.0]}, 8, "schedule.values: expected 3 for 2 boundaries, got 1"),
    ],
)
def test_lengths_that_make_no_sense_are_told(
    build: Callable[..., Any], arguments: dict[str, Any], steps: int | None, expected: str
) -> None:
    with pytest.raises(ConfigError) as error:
        build(**arguments, training_steps=steps)
    assert expected in str(error.value)


def batches() -> Batches:
    x = np.zeros((10, 1), "float32")
    return ArrayBatches(Examples(spec_of({"x": x}, {"y": x}), {"x": x}, {"y": x}), 4, shuffle=False, seed=0)


def test_length_is_that_of_the_epochs_that_are_trained() -> None:
    assert training_steps(batches(), TrainerConfig(epochs=5)) == 15
    assert training_steps(batches(), TrainerConfig(epochs=5, initial_epoch=3)) == 6
    assert training_steps(batches(), TrainerConfig(epochs=5, steps_per_epoch=7, gradient_accumulation_steps=2)) == 35
    examples = batches().examples
    assert examples is not None
    endless = GeneratorLoader(4, False, "generator", "endless").batches(examples, seed=0, training=True)
    assert training_steps(endless, TrainerConfig(epochs=2)) is None
    assert training_steps(endless, TrainerConfig(epochs=2, steps_per_epoch=3)) == 6


def node_of(node: Any, **trainer: Any) -> Any:
    return with_training_steps(PipelineConfig(schedule=node, trainer=TrainerConfig(**trainer)), batches).schedule


def test_schedules_of_keras_and_of_the_user_get_the_length_only_where_they_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "def asks(training_steps):\n    return 1\n\n\ndef does_not(steps):\n    return 1\n"
    (tmp_path / "my_schedules.py").write_text(own)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PIPELINE_TRUST", "my_schedules")
    assert node_of(None) is None
    asks, without = {"_target_": "my_schedules.asks"}, {"_target_": "my_schedules.does_not", "steps": 3}
    assert node_of(asks, epochs=2) == asks | {"training_steps": 6}
    assert node_of(asks | {"training_steps": 4}) == asks | {"training_steps": 4}
    assert node_of(without) is without
    of_keras = {"_target_": "keras.optimizers.schedules.CosineDecay", "initial_learning_rate": 0.1}
    assert node_of(of_keras | {"decay_steps": 3}) == of_keras | {"decay_steps": 3}
    assert node_of(of_keras | {"decay_steps": None, "warmup_steps": 5}, epochs=4)["decay_steps"] == 7


def test_a_schedule_counts_all_steps_of_accumulated_gradients() -> None:
    node = {"_target_": "pipeline.schedules.exponential.exponential", **EXPONENTIAL, "training_steps": 4}
    optimizer = build_optimizer({"name": "sgd", "gradient_accumulation_steps": 2}, node)
    weight = keras.Variable(0.0)
    for _ in range(4):
        optimizer.apply([np.float32(1)], [weight])
    assert float(optimizer.learning_rate) == pytest.approx(0.005)
    # Updates after the second and the fourth step, with the rates of those.
    assert float(weight) == pytest.approx(-0.5 * (0.01**0.25 + 0.01**0.75))


def saved_schedule(folder: Path) -> dict[str, Any]:
    with zipfile.ZipFile(folder / "model.keras") as archive:
        text = archive.read("config.json").decode()
    assert "pipeline" not in text
    optimizer = json.loads(text)["compile_config"]["optimizer"]["config"]
    found: dict[str, Any] = optimizer.get("inner_optimizer", {"config": optimizer})["config"]["learning_rate"]
    assert found["module"] == "keras.optimizers.schedules"
    return dict(found["config"])


def test_sweep_of_schedules_in_mixed_precision_is_saved_evaluated_and_resumed(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    quick = ("+experiment=quickstart", "report=false", "loader.batch_size=128", "optimizer.learning_rate=0.01")
    settings = ("trainer.epochs=4", "trainer.initial_epoch=2", "trainer.gradient_accumulation_steps=2")
    done = command("-m", *quick, *settings, "precision=mixed_float16,null", "schedule=cosine,exponential")
    assert done.code == 0, done.err
    jobs = sorted(tmp_path.glob("multirun/*/*/[0-9]*"))
    policies = [json.loads((job / "run.json").read_text())["precision"] for job in jobs]
    assert policies == ["mixed_float16", "mixed_float16", "float32", "float32"]
    assert keras.config.dtype_policy().name == "float32"
    before, decay = (saved_schedule(job) for job in jobs[:2])
    # 10 steps an epoch.
    assert (before["warmup_steps"], before["decay_steps"], decay["decay_steps"]) == (2, 20 - 2, 20)

    model = keras.saving.load_model(jobs[0] / "model.keras")
    assert [layer.dtype_policy.name for layer in model.layers[-2:]] == ["mixed_float16", "float32"]
    for task in ("evaluate", "predict"):
        again = command(f"task={task}", f"run={jobs[0]}")
        assert again.code == 0, again.err
        assert again.json("run.json")["precision"] == "mixed_float16"
    resumed = command(f"resume={jobs[0]}", "trainer.epochs=6")
    assert resumed.code == 0, resumed.err
    after = saved_schedule(jobs[0])
    assert (after["warmup_steps"], after["decay_steps"]) == (4, 40 - 4)
