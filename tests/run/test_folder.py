"""The run folder: what run.json says, and reading a run back."""

import json
import os
import socket
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.report.run_files import read_run
from pipeline.run.folder import start_run
from pipeline.run.read_back import config_of_run, model_file


def test_run_json_has_versions_seed_command_and_durations(tmp_path: Path) -> None:
    run = start_run(tmp_path, ["/bin/pipeline", "seed=3"])
    with run.stage("data"):
        run.record(spec="small")
    run.finish("finished", 0)
    facts = json.loads((tmp_path / "run.json").read_text())
    assert facts["status"] == "finished"
    assert facts["spec"] == "small"
    assert facts["versions"]["keras"].startswith("3.")
    assert facts["durations_seconds"]["data"] >= 0
    assert facts["command"] == ["pipeline", "seed=3"]


def test_run_json_says_from_the_start_that_the_run_is_running(tmp_path: Path) -> None:
    start_run(tmp_path, ["pipeline"])
    facts = json.loads((tmp_path / "run.json").read_text())
    assert (facts["status"], facts["pid"], facts["host"]) == ("running", os.getpid(), socket.gethostname())
    assert read_run(tmp_path).facts["status"] == "running"


def test_resumed_run_keeps_its_start_and_lists_when_it_went_on(tmp_path: Path) -> None:
    start_run(tmp_path, ["pipeline"])
    facts = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**facts, "started": "long ago"}))
    for times in (1, 2):
        start_run(tmp_path, ["pipeline"], resumes=True).finish("interrupted", 130)
        facts = json.loads((tmp_path / "run.json").read_text())
        assert (facts["started"], len(facts["resumed"])) == ("long ago", times)
    (tmp_path / "run.json").write_text("{")
    start_run(tmp_path, ["pipeline"], resumes=True)
    assert "resumed" not in json.loads((tmp_path / "run.json").read_text())


def test_stage_that_fails_is_measured_too(tmp_path: Path) -> None:
    run = start_run(tmp_path, ["pipeline"])
    with pytest.raises(ZeroDivisionError), run.stage("training"):
        1 / 0  # noqa: B018
    assert "training" in run.durations


def test_contents_lists_the_files_that_are_there(tmp_path: Path) -> None:
    run = start_run(tmp_path, ["pipeline"])
    run.finish("finished", 0)
    assert [line.split()[0] for line in run.contents()] == ["run.json"]


def test_folder_of_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a folder"):
        config_of_run(tmp_path / "nothing")
    with pytest.raises(ConfigError, match=r"has no .hydra/config.yaml"):
        config_of_run(tmp_path)
    with pytest.raises(ConfigError, match="its training did not finish"):
        model_file(tmp_path)
