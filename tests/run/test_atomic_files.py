"""Files are whole or absent."""

import json
from pathlib import Path

import pytest

from pipeline.run.atomic_files import write_atomically, write_json, write_text


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    write_text(path, "old")

    def fail(beside: Path) -> None:
        beside.write_text("ne")
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["metrics.json"]


def test_nan_and_infinity_become_null_as_json_has_neither(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"loss": float("nan"), "all": [1.5, float("-inf")]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"loss": None, "all": [1.5, None]}


def test_temporary_file_keeps_the_suffix_on_which_writers_insist(tmp_path: Path) -> None:
    write_atomically(tmp_path / "model.keras", lambda beside: beside.write_text(beside.suffix))
    assert (tmp_path / "model.keras").read_text() == ".keras"


def test_error_names_the_file_that_is_meant_or_its_folder_if_that_is_gone(tmp_path: Path) -> None:
    def full(beside: Path) -> None:
        raise ValueError("cannot end the archive") from OSError(28, "No space left on device")

    with pytest.raises(OSError, match=r"No space left on device: '.*/model\.keras'"):
        write_atomically(tmp_path / "model.keras", full)
    with pytest.raises(FileNotFoundError, match=r"No such file or directory: '.*/gone'"):
        write_text(tmp_path / "gone" / "metrics.json", "new")
    with pytest.raises(ValueError, match="something else"):
        write_atomically(tmp_path / "a.json", lambda beside: int("something else"))
