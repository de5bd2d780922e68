"""A run folder with a config, and a small training for trackers to watch."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.batches import ArrayBatches
from pipeline.data.examples import Examples
from pipeline.data.spec import spec_of
from pipeline.training import compile_model, fit
from pipeline.training.stages import Fitted

CONFIG = """
model: {_target_: pipeline.models.mlp.Mlp, units: [8, 4]}
metrics: [accuracy, {_target_: keras.metrics.Recall, name: 'a|b'}]
data: {password: '${oc.env:PASSWORD}', rows: '${seed}'}
schedule: null
seed: 3
tracking: {mlflow: {uri: 'http://me:secret@host'}}
"""


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run whose working directory is the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / "outputs" / "2030-01-02" / "03-04-05"
    (folder / ".hydra").mkdir(parents=True)
    (folder / ".hydra" / "config.yaml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file of MLflow's, which takes seconds to make."""
    mlflow = pytest.importorskip("mlflow")
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    mlflow.MlflowClient(tracking_uri=f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def local(run_folder: Path, empty_store: Path) -> str:
    """The tracking URI of the SQLite file that is in the working directory."""
    return f"sqlite:///{shutil.copy(empty_store, run_folder.parents[2])}"


class Taken(keras.callbacks.Callback):  # type: ignore[misc]
    """Takes the state of a tracker at the end of the first epoch, as a snapshot does, or puts one back.

    Attributes:
        state: The state.
    """

    def __init__(self, tracker: Any, state: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.state, self._tracker = state, tracker

    def on_train_begin(self, logs: Any = None) -> None:
        if self.state is not None:
            self._tracker.set_state(self.state)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.state is None:
            self.state = copy.deepcopy(self._tracker.get_state())


@pytest.fixture
def taken() -> type[Taken]:
    """A callback, to be put after a tracker, that takes its state or puts one back."""
    return Taken


@pytest.fixture
def train() -> Callable[..., Fitted]:
    """Trains a model of one layer for two epochs of four steps, validated each three steps and after each epoch."""
    x = np.arange(16, dtype="float32").reshape(8, 2) / 16
    y = x.sum(axis=1, keepdims=True)
    spec = spec_of({"x": x}, {"y": y})

    def run(*callbacks: keras.callbacks.Callback, **trainer: object) -> Fitted:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((2,), name="x"), keras.layers.Dense(1, name="y")])
        config = PipelineConfig(optimizer={"name": "sgd", "learning_rate": 0.125}, loss="mse", metrics=None)
        named = compile_model(model, config, spec)
        batches = ArrayBatches(Examples(spec, {"x": x}, {"y": y}), 2, shuffle=False, seed=0)
        settings = TrainerConfig(**{"epochs": 2, "validation_interval": 3, **trainer})  # type: ignore[arg-type]
        return fit(named, batches, batches, settings, callbacks)

    return run
