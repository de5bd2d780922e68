"""A full disk ends a run with one line that names the file; what was whole stays whole. A report may fail alone."""

import json
import os
import resource
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.run.conftest import Process

TRAINING = ("+experiment=quickstart", "trainer.epochs=2", "callbacks=[checkpoints]")


@pytest.mark.exhaustive
@pytest.mark.parametrize("kilobytes", [8, 16, 64, 180, 300, 460])
def test_each_file_that_finds_no_room_is_told(
    kilobytes: int, disk: Callable[..., Path], command: Callable[..., Any]
) -> None:
    folder = disk(f"size={kilobytes}k") / "run"
    done = command(*TRAINING, f"hydra.run.dir={folder}")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert f"'{folder}" in done.errors[0]
    assert "no space is left on its disk; free some, or use another folder" in done.errors[0]
    for path in _files(folder):
        _check_whole(path)


def test_run_whose_report_finds_no_room_goes_on(disk: Callable[..., Path], command: Callable[..., Any]) -> None:
    folder = disk("size=2m") / "run"
    done = command(*TRAINING, f"hydra.run.dir={folder}")
    assert done.code == 0
    assert [line for line in done.out.splitlines() if "report: not written: " in line and "No space left" in line]
    assert not (folder / "report.html").exists()
    assert json.loads((folder / "run.json").read_text())["status"] == "finished"


def test_full_disk_keeps_the_files_of_the_run_before(disk: Callable[..., Path], command: Callable[..., Any]) -> None:
    folder = disk("size=2m") / "run"
    arguments = (*TRAINING, "report=false", f"hydra.run.dir={folder}")
    assert command(*arguments).code == 0
    before = {path: path.read_bytes() for path in _files(folder)}
    ballast = folder.parent / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    done = command(*arguments, "seed=1")
    assert (done.code, len(done.errors)) == (2, 1)
    changed = {path.name for path, text in before.items() if path.read_bytes() != text}
    assert changed <= {"pipeline.log", ".lock"}


def test_file_larger_than_the_limit_is_told(start: Callable[..., Process], tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    run = start("+experiment=quickstart", "trainer.epochs=1", "hydra.run.dir=run", preexec_fn=limit)
    said = run.communicate()[1]
    assert run.returncode == 2
    assert said.startswith(f"error: '{tmp_path}/run/")
    assert "it would be larger than a file may be there; raise the limit (ulimit -f), or" in said
    assert len(said.splitlines()) == 1
    assert json.loads((tmp_path / "run" / "run.json").read_text())["exit_code"] == 2
    assert not (tmp_path / "run" / "model.keras").exists()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _check_whole(path: Path) -> None:
    assert not path.name.startswith(".") or path.name == ".lock", f"{path} was left over"
    if path.suffix == ".json":
        json.loads(path.read_text())
    elif path.suffix == ".keras":
        assert zipfile.ZipFile(path).testzip() is None
    elif path.suffix == ".csv":
        assert path.read_text().endswith(os.linesep)
