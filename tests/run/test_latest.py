"""`latest` stands for the newest run that fits, wherever a command names a run, and the log says for which."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.run.latest import with_latest_run
from pipeline.run.names import TRAIN


def make_run(folder: str, started: str, *, model: bool = True, task: str = TRAIN) -> str:
    """Makes the files of a run by which it is found."""
    path = Path(folder)
    (path / ".hydra").mkdir(parents=True)
    (path / ".hydra" / "config.yaml").write_text(f"task: {{_target_: {task}}}\n")
    (path / "run.json").write_text(json.dumps({"started": started}))
    if model:
        (path / "model.keras").touch()
    return folder


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep's job with a model that is newer than a run, and a training and an evaluation that are newer still."""
    monkeypatch.chdir(tmp_path)
    make_run("outputs/2026-01-02/10-00-00", "2026-01-02T10:00:00+00:00")
    make_run("multirun/2026-01-01/10-00-00/0", "2026-01-03T10:00:00+00:00")
    make_run("outputs/2026-01-04/10-00-00", "2026-01-04T10:00:00+00:00", model=False)
    make_run(
        "outputs/2026-01-05/10-00-00", "2026-01-05T10:00:00+00:00", model=False, task="pipeline.tasks.evaluate.evaluate"
    )


@pytest.mark.usefixtures("runs")
def test_run_is_the_newest_with_a_model_and_resume_the_newest_training() -> None:
    arguments, lines = with_latest_run(["task=evaluate", "run=latest", "runs=[latest, a, 'latest']", "resume=latest"])
    with_model, unfinished = "multirun/2026-01-01/10-00-00/0", "outputs/2026-01-04/10-00-00"
    assert arguments == [
        "task=evaluate", f"run={with_model}", f"runs=[{with_model}, a, {with_model}]", f"resume={unfinished}",
    ]  # fmt: skip
    assert lines == [f"run=latest: {with_model}", f"runs=latest: {with_model}", f"resume=latest: {unfinished}"]


@pytest.mark.usefixtures("runs")
def test_a_cross_validation_is_a_run_with_a_model() -> None:
    make_run("outputs/2026-01-06/10-00-00", "2026-01-06T10:00:00+00:00", model=False)
    make_run("outputs/2026-01-06/10-00-00/fold_1", "2026-01-06T10:00:01+00:00")
    assert with_latest_run(["run=latest"])[0] == ["run=outputs/2026-01-06/10-00-00"]


@pytest.mark.usefixtures("runs")
def test_other_arguments_and_a_folder_of_that_name_stay_as_they_are() -> None:
    arguments = ["model.name=latest", "run=./latest", "runs=[latest_one,b]", "resume=auto", "--cfg"]
    assert with_latest_run(arguments) == (arguments, [])


def test_no_such_run_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^run: latest, but no run with a trained model is in 'outputs' and"):
        with_latest_run(["run=latest"])
    with pytest.raises(ConfigError, match=r"^resume: latest, but no training is in"):
        with_latest_run(["resume=latest"])


def test_folder_with_odd_characters_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_run("outputs/2026-01-02/it's, {mine}", "2026-01-02T10:00:00+00:00")
    assert with_latest_run(["run=latest"])[0] == [r"run='outputs/2026-01-02/it\'s, {mine}'"]


@pytest.mark.usefixtures("broken_part")
def test_commands_take_it_and_say_so_and_mistakes_leave_no_folder(command: Callable[..., Any], tmp_path: Path) -> None:
    quick = ("+experiment=quickstart", "report=false", "trainer.epochs=1")
    for mistake in (("trainer.epochs=0",), ("optimizer.name=adma",), ("data=csv", "data.path=none.csv")):
        assert command(*quick, *mistake).code == 2
    assert not list(tmp_path.glob("outputs*"))
    trained = command(*quick).folder
    assert trained is not None
    assert command("run=latest", "task=evaluate", "model.unts=3").code == 2
    assert command("run=latest", "task=evaluate", f"hydra.run.dir={tmp_path / 'named'}", "loss=msee").code == 2
    assert list((tmp_path / "named").iterdir()) == []
    done = command("resume=latest", "trainer.epochs=2")
    assert (done.code, done.folder) == (0, None)
    assert f"resume=latest: {os.path.relpath(trained, tmp_path)}\n" in done.out
    # A training that failed keeps its folder, and one in a sweep does whatever it was that failed.
    failed = command(*quick, "+callbacks.broken._target_=broken_part.Broken")
    assert failed.code == 2
    assert failed.json("run.json")["status"] == "failed"
    assert command("-m", *quick, "optimizer.name=adma").code == 2
    (job,) = tmp_path.glob("multirun/*/*/0/run.json")
    assert "adma" in json.loads(job.read_text())["error"]
