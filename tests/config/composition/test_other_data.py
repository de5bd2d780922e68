"""Other data for a run is told by its place alone: what its columns mean comes from the training."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from pipeline.config.composition.other_data import AS_TRAINED, names_other_data, take_from_training
from pipeline.config.conf_folder import conf_folder

TRAINED = {
    "_target_": "Csv", "path": "old.csv", "targets": ["y"], "inputs": None, "missing": ["-"],
    "read": {"separator": ";"}, "validation": "held.csv",
}  # fmt: skip


def taken(folder: Path, data: dict[str, Any], *typed: str, trained: Any = TRAINED) -> Any:
    spec: Any = {"inputs": {"a": {}, "${b}": {}}, "targets": {"y": {}}}
    (folder / "run.json").write_text(json.dumps({"spec": spec}))
    node = OmegaConf.create(data)
    take_from_training(node, trained, ["data", *typed], folder)
    return OmegaConf.to_container(node, resolve=True)


def test_another_kind_of_file_has_the_inputs_and_targets_of_the_training_and_a_place_of_its_own(tmp_path: Path) -> None:
    data: Any = {"_target_": "Parquet", "path": "new.parquet", "targets": "???", "inputs": None, "missing": []}
    data |= {"read": None, "validation": None}
    assert taken(tmp_path, data, "data.path") == {
        **data, "targets": ["y"], "inputs": ["a", "${b}"], "missing": ["-"]
    }  # fmt: skip
    assert taken(tmp_path, data, "data.missing", "data.inputs")["inputs"] is None
    assert taken(tmp_path, {**data, "_target_": "Csv"})["read"] == {"separator": ";"}
    assert taken(tmp_path, {"_target_": "mine", "train": "???"}) == {"_target_": "mine", "train": "???"}


def test_a_source_of_the_users_own_has_no_argument_of_the_training_but_what_says_how_to_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trained = {"_target_": "mine.Lines", "file": "rows.jsonl", "folder": "a", "window": 7, "missing": ["-"], "y": 1}
    chosen = {"_target_": "mine.Lines", "file": "new.jsonl", "folder": "???", "window": 5, "missing": [], "y": 2}
    with caplog.at_level(logging.INFO):
        assert taken(tmp_path, chosen, "data.y", trained=trained) == {**chosen, "missing": ["-"]}
    said = "data.{}: as the chosen data says, and not as in the training"
    assert caplog.messages == [said.format("file"), said.format("window")]
    assert taken(tmp_path, {**trained, "file": "b"}, "data.file", trained=trained) == {**trained, "file": "b"}


def test_each_key_of_the_packages_data_says_where_it_is_or_how_to_read_it() -> None:
    places = {
        "_target_", "defaults", "path", "train", "validation", "test", "query", "url", "table", "name", "steps",
        "endless", "data_dir", "download",
    }  # fmt: skip
    files = (conf_folder() / "data").glob("*.yaml")
    assert {key for file in files for key in yaml.safe_load(file.read_text())} == places | AS_TRAINED


def test_columns_to_carry_on_are_no_other_data() -> None:
    assert not names_other_data(["run", "task", "data.columns", "loader.batch_size"])
    for key in ("data", "data.path", "data.train._target_", "data@data"):
        assert names_other_data(["data.columns", key])
