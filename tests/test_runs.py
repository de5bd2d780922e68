"""The run folder: what run.json says, and reading a run back."""

import json
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.runs import config_of_run, model_file, start_run


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
