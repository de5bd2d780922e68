"""What MLflow's own client reads back, from a SQLite file and from a server in another process."""

import logging
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import hydra
import pytest
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from pipeline.config.schema import PipelineConfig
from pipeline.errors import ConfigError
from pipeline.tracking import build_tracking
from pipeline.tracking.mlflow import MLflowTracker

mlflow = pytest.importorskip("mlflow")

FILES = ["model.keras", "metrics.json", "history.csv", ".hydra/config.yaml"]
METRICS = {"test": {"loss": 0.5, "outputs": {"y": {"mae": 0.25}}}}
WARNINGS = "pipeline.tracking.mlflow_store"


def tracker(run_folder: Path, uri: str | None = None) -> MLflowTracker:
    node = {
        "_target_": "pipeline.tracking.mlflow.MLflowTracker",
        "experiment": "pipeline",
        "uri": uri,
        "files": FILES,
        "timeout_seconds": 3,
    }
    (built,) = build_tracking(PipelineConfig(tracking={"mlflow": node}), run_folder)
    assert isinstance(built, MLflowTracker)
    return built


def runs(uri: str) -> list[Any]:
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("pipeline")
    return list(client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"]))


def history(uri: str, run: Any, name: str) -> list[tuple[int, float]]:
    client = mlflow.MlflowClient(tracking_uri=uri)
    return [(metric.step, metric.value) for metric in client.get_metric_history(run.info.run_id, name)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of an MLflow server of the tests' own."""
    for package in ("flask", "flask_cors", "aiohttp"):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "files"),
    ]
    settings = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    uri = f"http://127.0.0.1:{port}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=settings, cwd=folder, start_new_session=True)
    try:
        until = time.monotonic() + 120
        while not answers(f"{uri}/health"):
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.2)
            if process.returncode is not None or time.monotonic() > until:
                pytest.fail(f"mlflow server did not start: {(folder / 'log').read_text()[-2000:]}")
        yield uri
    finally:
        process.terminate()
        process.wait()


def answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


@pytest.fixture(params=["file", "server"])
def uri(request: pytest.FixtureRequest, run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The tracking URI that a run takes with `uri: null`."""
    if request.param == "file":
        return str(request.getfixturevalue("local"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", request.getfixturevalue("server"))
    return str(os.environ["MLFLOW_TRACKING_URI"])


def test_config_metrics_files_and_tags_of_a_run_are_read_back(
    uri: str, run_folder: Path, train: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", "sesame")
    monkeypatch.setattr(sys, "argv", ["pipeline", "+experiment=mnist/numpy", "model.units=[8, 4]"])
    for name in FILES[:3]:
        (run_folder / name).write_text(name)
    tracking = tracker(run_folder)
    fitted = train(tracking)
    tracking.on_run_end(METRICS, "finished")
    run = runs(uri)[-1]
    assert run.data.params["model.units"] == "[8, 4]"
    assert run.data.params["data.password"] == "${oc.env:PASSWORD}"
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "2030-01-02/03-04-05"
    assert run.data.tags["status"] == "finished"
    assert run.data.tags["command"] == "pipeline +experiment=mnist/numpy 'model.units=[8, 4]'"
    assert run.data.tags["run_folder"] == str(run_folder)
    assert history(uri, run, "loss") == list(zip([4, 8], fitted.history["loss"], strict=True))
    assert history(uri, run, "learning_rate") == [(4, 0.125), (8, 0.125)]
    assert history(uri, run, "epoch") == [(4, 1), (8, 2)]
    within = [(int(4 * found["epoch"] + found["step"]), found["val_loss"]) for found in fitted.validations]
    assert history(uri, run, "val_loss") == sorted([*within, *zip([4, 8], fitted.history["val_loss"], strict=True)])
    assert history(uri, run, "test/loss") == [(8, 0.5)]
    assert history(uri, run, "test/y/mae") == [(8, 0.25)]
    client = mlflow.MlflowClient(tracking_uri=uri)
    for name in FILES:
        copy = client.download_artifacts(run.info.run_id, name, str(run_folder.parents[2]))
        assert Path(copy).read_text() == (run_folder / name).read_text()


def test_git_commit_is_a_tag(
    local: str, run_folder: Path, train: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", "first"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    train(tracker(run_folder), epochs=1)
    (run,) = runs(local)
    assert run.data.tags["git_commit"] == run.data.tags["mlflow.source.git.commit"] == commit
    assert run.info.status == "RUNNING"


@pytest.mark.parametrize(
    ("status", "expected"), [("failed", "FAILED"), ("interrupted", "KILLED"), ("terminated", "KILLED")]
)
def test_run_that_failed_before_training_is_marked(status: str, expected: str, local: str, run_folder: Path) -> None:
    tracker(run_folder).on_run_end({}, status)
    (run,) = runs(local)
    assert run.info.status == expected
    assert run.data.params["seed"] == "3"
    assert run.data.tags["status"] == status


def test_run_that_failed_in_training_has_its_error_and_what_was_measured(
    local: str, run_folder: Path, train: Callable[..., Any]
) -> None:
    class Failing(MLflowTracker):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                raise ConfigError("no more")

    tracking = Failing(run_folder, "pipeline", None, FILES, 3)
    with pytest.raises(ConfigError):
        train(tracking)
    tracking.on_train_failure(ConfigError("no more"))
    tracking.on_run_end({}, "failed")
    (run,) = runs(local)
    assert run.info.status == "FAILED"
    assert run.data.tags["error"] == "ConfigError: no more"
    assert "loss" in run.data.metrics


def test_run_that_goes_on_in_its_folder_goes_on_in_mlflow(
    local: str, run_folder: Path, train: Callable[..., Any]
) -> None:
    first = tracker(run_folder)
    train(first, epochs=1)
    first.on_run_end({}, "interrupted")
    config = run_folder / ".hydra" / "config.yaml"
    config.write_text(config.read_text().replace("seed: 3", "seed: 4") + "more: 1\n")
    second = tracker(run_folder)
    train(second, initial_epoch=1)
    assert first.run_id == second.run_id
    (run,) = runs(local)
    assert run.info.status == "RUNNING"
    assert run.data.tags["status"] == "running"
    assert (run.data.params["seed"], run.data.params["more"]) == ("3", "1")


def test_training_that_is_resumed_in_another_folder_goes_on_in_the_same_run(
    local: str, run_folder: Path, train: Callable[..., Any], taken: Any
) -> None:
    first = tracker(run_folder)
    snapshot = taken(first)
    train(first, snapshot, epochs=1)
    first.on_train_failure(ConfigError("no more"))
    first.on_run_end({}, "failed")
    moved = run_folder.rename(run_folder.with_name("moved"))
    again = tracker(moved)
    train(again, taken(again, snapshot.state), initial_epoch=1)
    (run,) = runs(local)
    assert again.run_id == first.run_id == run.info.run_id
    assert run.info.status == "RUNNING"
    assert (run.data.tags["status"], run.data.tags["run_folder"]) == ("running", str(moved))
    assert "error" not in run.data.tags
    assert [value for _, value in history(local, run, "epoch")] == [1, 2]


def test_run_that_is_gone_is_made_anew(local: str, run_folder: Path, train: Callable[..., Any], taken: Any) -> None:
    first = tracker(run_folder)
    snapshot = taken(first)
    train(first, snapshot, epochs=1)
    mlflow.MlflowClient(tracking_uri=local).delete_run(first.run_id)
    for state in (snapshot.state, {**snapshot.state, "run_id": "unknown"}):
        again = tracker(run_folder)
        train(again, taken(again, state), initial_epoch=1)
        (run,) = runs(local)
        assert again.run_id == run.info.run_id != first.run_id


def test_metrics_that_were_not_sent_are_sent_by_the_resumed_training(
    run_folder: Path, train: Callable[..., Any], taken: Any
) -> None:
    blocked = run_folder / "store"
    blocked.write_text("a file where the store wants a folder")
    uri = f"sqlite:///{blocked}/mlflow.db"
    first = tracker(run_folder, uri)
    snapshot = taken(first)
    train(first, snapshot, epochs=1)
    blocked.unlink()
    again = tracker(run_folder, uri)
    train(again, taken(again, snapshot.state), initial_epoch=1)
    (run,) = runs(uri)
    assert [value for _, value in history(uri, run, "epoch")] == [1, 2]


def test_long_values_and_odd_names_are_fitted_to_the_limits_of_mlflow(
    uri: str, run_folder: Path, train: Callable[..., Any]
) -> None:
    names = "\n".join(f"n{number}: {number}" for number in range(250))
    (run_folder / ".hydra" / "config.yaml").write_text(f"{names}\ntext: {'x' * 7000}\n'a(b)': 1\n{'k' * 300}: 2\n")
    tracking = tracker(run_folder)
    train(tracking, epochs=1)
    tracking.on_run_end({"test": {f"m[{number}]": float(number) for number in range(2500)}}, "finished")
    run = runs(uri)[-1]
    assert len(run.data.params) == 253
    assert run.data.params["text"] == "x" * 5999 + "…"
    assert run.data.params["a_b_"] == "1"
    assert run.data.params["k" * 250] == "2"
    assert run.data.metrics["test/m_2499_"] == 2499
    assert run.info.status == "FINISHED"


def test_jobs_of_a_sweep_are_below_a_run_of_its_own(
    uri: str, run_folder: Path, train: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = run_folder.parents[2] / "multirun" / "2030-01-02" / "03-04-05"
    settings = [f"hydra.sweep.dir={sweep}", "hydra.sweep.subdir=jobs/${hydra.job.num}", "hydra.job.chdir=false"]
    monkeypatch.setattr(sys, "argv", ["pipeline", "-m", "+units=3,5", *settings])
    GlobalHydra.instance().clear()

    @hydra.main(version_base="1.3", config_path=str(run_folder))
    def job(config: DictConfig) -> None:
        tracking = tracker(Path(hydra.core.hydra_config.HydraConfig.get().runtime.output_dir))
        train(tracking, epochs=1)
        tracking.on_run_end(METRICS, "finished" if config.units == 3 else "failed")

    job()
    found = {run.info.run_name: run for run in runs(uri) if str(sweep) in run.data.tags["run_folder"]}
    assert sorted(found) == ["2030-01-02/03-04-05", "jobs/0", "jobs/1"]
    parent = found["2030-01-02/03-04-05"]
    assert [found[name].data.tags["mlflow.parentRunId"] for name in ("jobs/0", "jobs/1")] == [parent.info.run_id] * 2
    assert [found[name].info.status for name in ("jobs/0", "jobs/1")] == ["FINISHED", "FAILED"]
    assert parent.info.status == "FINISHED"
    assert [found[name].data.params["units"] for name in ("jobs/0", "jobs/1")] == ["3", "5"]
    assert found["jobs/1"].data.tags["command"] == "pipeline +units=5"


def test_dead_server_costs_one_warning_and_no_time(
    run_folder: Path, train: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    train()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        tracking = tracker(run_folder, f"http://me:sesame@127.0.0.1:{unused.getsockname()[1]}")
        start = time.perf_counter()
        train(tracking, epochs=20)
        tracking.on_run_end(METRICS, "finished")
        assert time.perf_counter() - start < 5
    (line,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.name == WARNINGS
    assert "failed, the run continues: ConnectionRefusedError: [Errno 111] Connection refused" in line.message
    assert "sesame" not in line.message


def test_server_that_never_answers_costs_one_warning_and_a_few_seconds(
    run_folder: Path, train: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    train()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        tracking = tracker(run_folder, f"http://127.0.0.1:{silent.getsockname()[1]}")
        start = time.perf_counter()
        train(tracking, epochs=20)
        tracking.on_run_end(METRICS, "finished")
        # Once at the beginning and once at the end, three seconds each.
        assert 6 <= time.perf_counter() - start < 10
    (line,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "TimeoutError" in line.message


def test_what_a_store_did_not_take_is_sent_when_it_answers_again(
    run_folder: Path, train: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    blocked = run_folder / "store"
    blocked.write_text("a file where the store wants a folder")
    tracking = tracker(run_folder, f"sqlite:///{blocked}/mlflow.db")
    fitted = train(tracking)
    blocked.unlink()
    tracking.on_run_end(METRICS, "finished")
    (run,) = runs(f"sqlite:///{blocked}/mlflow.db")
    assert history(f"sqlite:///{blocked}/mlflow.db", run, "loss") == list(
        zip([4, 8], fitted.history["loss"], strict=True)
    )
    assert run.info.status == "FINISHED"
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


def test_settings_of_mlflow_are_left_as_they_were(local: str, run_folder: Path, train: Callable[..., Any]) -> None:
    before = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW")}
    train(tracker(run_folder), epochs=1)
    assert {name: value for name, value in os.environ.items() if name.startswith("MLFLOW")} == before
