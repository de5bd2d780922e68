"""The log of a run is a file of its own folder: what a stranger has put there instead is refused and not written."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import FileError
from pipeline.run.log import RunLog
from tests.run.conftest import QUICK

EXPECTED = "expected a file of the run folder's own; delete it, or use another folder with hydra.run.dir=DIR"


@pytest.mark.parametrize("arguments", [["resume=given"], [*QUICK, "hydra.run.dir=given"]])
def test_link_to_another_file_is_refused(arguments: list[str], tmp_path: Path, command: Callable[..., Any]) -> None:
    assert command(*QUICK, "trainer.epochs=1", "hydra.run.dir=given").code == 0
    before = (tmp_path / "given" / "run.json").read_text()
    log, private = tmp_path / "given" / "pipeline.log", tmp_path / "private.txt"
    private.write_text("kept")
    log.unlink()
    log.symlink_to(private)
    done = command(*arguments, "trainer.epochs=2")
    assert done.code == 2
    assert done.err == f"error: '{log}': a symbolic link; {EXPECTED}\n"
    assert private.read_text() == "kept"
    assert (tmp_path / "given" / "run.json").read_text() == before


def test_link_to_nowhere_makes_no_file(tmp_path: Path) -> None:
    (tmp_path / "run.log").symlink_to(tmp_path / "made")
    with pytest.raises(FileError, match="a symbolic link"):
        RunLog(str(tmp_path / "run.log"))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("is_read", [False, True])
def test_pipe_is_refused_and_not_waited_for(is_read: bool, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.log")
    reader = os.open(tmp_path / "run.log", os.O_RDONLY | os.O_NONBLOCK) if is_read else None
    with pytest.raises(FileError, match="not a regular file"):
        RunLog(str(tmp_path / "run.log"))
    if reader is not None:
        os.close(reader)


def test_log_is_continued(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text("before\n")
    log = RunLog(str(tmp_path / "run.log"))
    log.emit(logging.makeLogRecord({"msg": "after \udcff ä"}))
    log.close()
    assert (tmp_path / "run.log").read_text(encoding="utf-8") == "before\nafter \\udcff ä\n"
