"""Other data for a run is told by its place alone: what its columns mean comes from the training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from pipeline.config.composition.other_data import names_other_data, take_from_training

TRAINED = {
    "_target_": "Csv", "path": "old.csv", "targets": ["y"], "inputs": None, "missing": ["-"],
    "read": {"separator": ";"}, "validation": "held.csv",
}  # fmt: skip


def taken(folder: Path, data: dict[str, Any], *typed: str) -> Any:
    spec: Any = {"inputs": {"a": {}, "${b}": {}}, "targets": {"y": {}}}
    (folder / "run.json").write_text(json.dumps({"spec": spec}))
    node = OmegaConf.create(data)
    take_from_training(node, TRAINED, ["data", *typed], folder)
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


def test_columns_to_carry_on_are_no_other_data() -> None:
    assert not names_other_data(["run", "task", "data.columns", "loader.batch_size"])
    for key in ("data", "data.path", "data.train._target_", "data@data"):
        assert names_other_data(["data.columns", key])
