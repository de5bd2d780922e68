"""The listing of a run folder has what is declared where it is written, and what is there."""

from pathlib import Path

import pytest

from pipeline.run import contents


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "_declared", {})


def test_declared_files_are_listed_between_results_and_records(tmp_path: Path) -> None:
    assert contents.holds("layers.json", "the weights in each layer") == "layers.json"
    contents.holds("absent.json", "nothing")
    contents.holds("working.npz", None)
    for name in ("run.json", "layers.json", "model.keras", "working.npz", "mine.txt"):
        (tmp_path / name).touch()
    assert [line.split()[0] for line in contents.listed(tmp_path)] == ["model.keras", "layers.json", "run.json"]
    assert "layers.json          the weights in each layer" in contents.listed(tmp_path)


def test_declared_files_are_those_of_the_folder() -> None:
    contents.holds("working.npz", None)
    assert {"working.npz", "model.keras", ".lock", ".hydra"} <= contents.names()
    assert "mine.txt" not in contents.names()
