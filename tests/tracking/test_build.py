"""Trackers by config, every choice of the group, and the end of a run told to those that listen."""

import sys
from pathlib import Path
from typing import Any

import keras
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from pipeline.config.conf_folder import conf_folder
from pipeline.config.schema import PipelineConfig
from pipeline.errors import ConfigError
from pipeline.tracking import build_tracking, end_tracking, tracked
from pipeline.tracking.mlflow import MLflowTracker
from pipeline.tracking.tensorboard import TensorBoardTracker


def composed(choice: str) -> PipelineConfig:
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        group: Any = OmegaConf.to_container(compose(f"tracking/{choice}"))
    return PipelineConfig(tracking=group["tracking"])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("none", []),
        ("tensorboard", [TensorBoardTracker]),
        ("mlflow", [MLflowTracker]),
        ("all", [TensorBoardTracker, MLflowTracker]),
    ],
)
def test_each_choice_builds_its_trackers(choice: str, expected: list[type], run_folder: Path) -> None:
    if MLflowTracker in expected:
        pytest.importorskip("mlflow")
    found = build_tracking(composed(choice), run_folder)
    assert [type(tracker) for tracker in found] == expected
    assert sorted(path.name for path in run_folder.iterdir()) == [".hydra"]


def test_any_callback_may_track_and_null_switches_one_off(run_folder: Path) -> None:
    nodes = {"lines": {"_target_": "keras.callbacks.CSVLogger", "filename": "lines.csv"}, "mlflow": None}
    (tracker,) = build_tracking(PipelineConfig(tracking=nodes), run_folder)
    assert isinstance(tracker, keras.callbacks.CSVLogger)


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ("mlflow", r"tracking: expected a mapping, got 'mlflow'"),
        ({"x": "mlflow"}, r"tracking.x: expected a mapping with a _target_, or null, got 'mlflow'"),
        ({"x": {"_target_": "keras.metrics.Mean"}}, r"tracking.x: expected a keras.callbacks.Callback, got a Mean"),
        ({"x": {"_target_": "pipeline.tracking.tensorboard.TensorBoardTracker"}}, r"tracking.x: .* refused its arg"),
    ],
)
def test_mistake_is_told_in_a_line(nodes: Any, message: str, run_folder: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        build_tracking(PipelineConfig(tracking=nodes), run_folder)


def test_missing_mlflow_is_told_with_what_to_install(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(
        ConfigError, match=r"^tracking.mlflow: .* 'mlflow'.* install it with pip install \"pipeline\[mlflow\]\""
    ):
        build_tracking(composed("mlflow"), run_folder)


def test_unknown_kind_of_tracking_uri_is_told(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "htp://somewhere")
    with pytest.raises(ConfigError, match=r"'htp:' does not begin a tracking URI; did you mean 'http'\?"):
        build_tracking(composed("mlflow"), run_folder)


class Listening(keras.callbacks.Callback):
    """Hears the end of a run."""

    heard: tuple[dict[str, Any], str]

    def on_run_end(self, metrics: dict[str, Any], status: str) -> None:
        self.heard = metrics, status


def test_end_is_told_to_those_that_listen() -> None:
    listening = Listening()
    end_tracking([keras.callbacks.Callback(), listening], {"test": {}}, "finished")
    assert listening.heard == ({"test": {}}, "finished")


@pytest.mark.parametrize(
    ("error", "status"),
    [(ConfigError("no"), "failed"), (KeyboardInterrupt(), "interrupted"), (SystemExit(143), "terminated")],
)
def test_end_is_told_however_it_comes(error: BaseException, status: str, run_folder: Path) -> None:
    listening = Listening()

    def run() -> None:
        with tracked(PipelineConfig(), run_folder) as tracking:
            tracking.callbacks.append(listening)
            raise error

    with pytest.raises(type(error)):
        run()
    assert listening.heard == ({}, status)


def test_end_brings_the_metrics(run_folder: Path) -> None:
    listening = Listening()
    with tracked(PipelineConfig(), run_folder) as tracking:
        tracking.callbacks.append(listening)
        tracking.metrics["test"] = {"loss": 0.5}
    assert listening.heard == ({"test": {"loss": 0.5}}, "finished")
