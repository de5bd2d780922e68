"""A store that fails is let alone for a while; several that ask for the run of a folder get one."""

import logging
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipeline.tracking.mlflow_store import MLflowStore

mlflow = pytest.importorskip("mlflow")


def failing(client: Any) -> None:
    raise OSError("disk full at //me:sesame@host")


def test_store_that_failed_is_let_alone_for_a_while(local: str) -> None:
    store = MLflowStore(local, 3)
    asked: list[Any] = []
    assert not store.attempt(failing)
    assert not store.attempt(asked.append)
    assert not asked
    assert store.attempt(asked.append, at_once=True)
    assert len(asked) == 1


def test_store_is_asked_again_after_the_pause_and_warns_once(local: str, caplog: pytest.LogCaptureFixture) -> None:
    store = MLflowStore(local, 3, pause_seconds=0)
    asked: list[Any] = []
    assert not store.attempt(failing)
    assert not store.attempt(failing)
    assert store.attempt(asked.append)
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.endswith("failed, the run continues: OSError: disk full at //…@host")


def test_all_that_ask_for_the_run_of_a_folder_get_the_same(local: str, run_folder: Path) -> None:
    client = mlflow.MlflowClient(tracking_uri=local)

    def asked(number: int) -> str:
        store = MLflowStore(local, 3)
        experiment = store.experiment(client, "pipeline")
        return str(store.run(client, experiment, run_folder, "sweep", {}).info.run_id)

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(asked, range(4)))
    (run,) = client.search_runs([client.get_experiment_by_name("pipeline").experiment_id])
    assert ids == {run.info.run_id}


def test_log_of_mlflow_is_shown_without_control_characters(local: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert MLflowStore(local, 3).attempt(lambda client: logging.getLogger("mlflow.store").warning("\x1b[31mred"))
    assert capsys.readouterr().err == "WARNING mlflow.store: \\x1b[31mred\n"


@pytest.mark.slow
@pytest.mark.exhaustive
def test_processes_that_make_one_store_at_once_all_succeed(tmp_path: Path) -> None:
    code = (
        "import sys; from pipeline.tracking.mlflow_store import MLflowStore;"
        f"store = MLflowStore('sqlite:///{tmp_path}/new/mlflow.db', 3);"
        "sys.exit(not store.attempt(lambda client: store.experiment(client, 'pipeline')))"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said


def test_folder_may_have_quotes_in_its_name(local: str, tmp_path: Path) -> None:
    client = mlflow.MlflowClient(tracking_uri=local)
    store = MLflowStore(local, 3)
    experiment = store.experiment(client, "pipeline")
    folder = tmp_path / "it's"
    folder.mkdir()
    first, again = (store.run(client, experiment, folder, "run", {}).info.run_id for _ in range(2))
    assert first == again


def test_database_that_cannot_be_opened_is_let_alone_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "mlflow.db").mkdir()
    store = MLflowStore(f"sqlite:///{tmp_path}/mlflow.db", 3)
    begun = time.monotonic()
    assert not store.attempt(lambda client: None)
    assert time.monotonic() - begun < 20
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert "unable to open database file" in line


@pytest.mark.parametrize(
    "uri",
    [
        "http://me:sesame@127.0.0.1:9", "http://me:ses@me@127.0.0.1:9", "http://me:ses/ame@127.0.0.1:9",
        "http://127.0.0.1:9/?token=sesame", "postgresql://127.0.0.1/x?user=me&password=sesame",
    ],
)  # fmt: skip
def test_place_of_a_store_holds_no_password(uri: str) -> None:
    place = MLflowStore(uri, 3).place
    assert not any(secret in place for secret in ("sesame", "ses@me", "ses/ame", "me@127"))
    assert "127.0.0.1" in place
