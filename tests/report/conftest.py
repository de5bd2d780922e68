"""A run of two outputs, pictures and numbers, whose class names and column names mean harm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import yaml

from pipeline.callbacks import HistoryFile
from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.examples import Examples
from pipeline.data.loaders.numpy import NumpyLoader
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.data.splits import Splits
from pipeline.evaluation import evaluate_splits
from pipeline.evaluation.metrics import values_by_output
from pipeline.report import collect
from pipeline.run.atomic_files import write_json
from pipeline.run.folder import Run, start_run
from pipeline.training import compile_model, fit
from pipeline.training.signature import NamedModel

HARMFUL = "<script>document.title='harmed'</script>"
CLASSES = ("cat", HARMFUL, "a & b")


@dataclass(frozen=True)
class Trained:
    """A trained model with all that `collect` takes."""

    model: NamedModel
    splits: Splits
    batches: dict[str, Any]
    config: PipelineConfig
    run: Run

    def collect(self) -> None:
        collect(self.model, self.splits, self.batches, self.config, self.run)


def examples(count: int, seed: int) -> Examples:
    """Images whose bright rows tell the class, and a number by which to tell the size."""
    random = np.random.default_rng(seed)
    kinds = random.integers(0, 3, count)
    images = random.integers(0, 100, (count, 9, 9, 3)).astype("uint8")
    for row, kind in enumerate(kinds):
        images[row, 3 * kind : 3 * kind + 3] += np.uint8(60)
    width = random.normal(size=(count, 1)).astype("float32")
    spec = DataSpec(
        {"image": InputSpec((9, 9, 3), "uint8", scale=1 / 255), "width": InputSpec((1,), "float32")},
        {"kind": TargetSpec((), "int64", CLASSES), "size": TargetSpec((1,), "float32")},
    )
    weights = np.where(np.arange(count) % 10 == 0, 0, 1).astype("float32")
    return Examples(spec, {"image": images, "width": width}, {"kind": kinds, "size": 2 * width + 1}, {"kind": weights})


def trained(folder: Path) -> Trained:
    """Trains two epochs and leaves what a training leaves, but for the report's own files."""
    keras.utils.set_random_seed(0)
    splits = Splits(examples(300, 0), examples(60, 1), examples(97, 2))
    image, width = keras.Input((9, 9, 3), name="image"), keras.Input((1,), name="width")
    hidden = keras.layers.Dense(8, activation="relu")(keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(image)))
    both = keras.layers.Concatenate()([hidden, width])
    kind = keras.layers.Dense(3, activation="softmax", name="kind")(both)
    model = keras.Model([image, width], {"kind": kind, "size": keras.layers.Dense(1, name="size")(both)})
    config = PipelineConfig(
        model={"_target_": "models.two_inputs"},
        data={"_target_": "data.made_up", "note": HARMFUL},
        optimizer={"name": "adam", "learning_rate": 0.01},
        loss={"kind": "sparse_categorical_crossentropy", "size": "mean_squared_error"},
        metrics={"kind": "accuracy", "size": "mean_absolute_error"},
        trainer=TrainerConfig(epochs=2, validation_interval=4),
    )
    run = start_run(folder, ["pipeline", "+experiment=mine", f"data.note={HARMFUL}"])
    with run.stage("training"):
        named = compile_model(model, config, splits.train.spec)
        loader = NumpyLoader(batch_size=32, shuffle=True)
        batches = {n: loader.batches(data, seed=0, training=False) for n, data in splits.present()}
        history = HistoryFile(folder / "history.csv")
        train = loader.batches(splits.train, seed=0, training=True)
        fitted = fit(named, train, batches["validation"], config.trainer, [history])
    run.record(
        spec=splits.train.spec.as_dict(),
        data={name: data.fingerprint() for name, data in splits.present()},
        parameters=model.count_params(),
        xla={"jit": False, "reason": "of the test", "final": True},
        validations=fitted.validations,
        seed=0,
    )
    values = evaluate_splits(named, batches)
    write_json(
        folder / "metrics.json",
        {n: values_by_output(v, list(named.signature.outputs), weighted=False) for n, v in values.items()},
    )
    (folder / ".hydra").mkdir()
    saved = {"model": config.model, "data": config.data, "trainer": {"epochs": 2}}
    (folder / ".hydra" / "config.yaml").write_text(yaml.safe_dump(saved))
    (folder / ".hydra" / "overrides.yaml").write_text(yaml.safe_dump(["+experiment=mine"]))
    return Trained(named, splits, batches, config, run)


@pytest.fixture
def made(tmp_path: Path) -> Trained:
    """A training whose report's data was not collected yet."""
    return trained(tmp_path)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run, all of the report's data collected."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    folder.mkdir()
    made = trained(folder)
    with made.run.stage("report"):
        made.collect()
    made.run.finish("finished", 0)
    return folder
