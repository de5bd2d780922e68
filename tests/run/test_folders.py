"""Folders and files that cannot be read or written end a command with one line that names them, and exit code 2."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.run.conftest import QUICK, Process, wait_for

SHORT = (*QUICK, "trainer.epochs=1")


@pytest.fixture
def read_only(tmp_path: Path, disk: Callable[..., Path]) -> Path:
    """A folder that nobody may write: a disk that is read-only, as the superuser may write wherever he likes."""
    if os.getuid() == 0:
        return disk("ro")
    folder = tmp_path / "read_only"
    folder.mkdir(mode=0o555)
    return folder


def test_read_only_folder(read_only: Path, command: Callable[..., Any]) -> None:
    for folder in (read_only, read_only / "run"):
        done = command(*SHORT, f"hydra.run.dir={folder}")
        assert done.code == 2
        assert len(done.err.splitlines()) == 1
        assert str(read_only) in done.errors[0]
        assert done.errors[0].endswith("hydra.run.dir=DIR")


def test_run_folder_that_is_a_file_or_in_one(tmp_path: Path, command: Callable[..., Any]) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    advice = "use another path"
    assert command(*SHORT, f"hydra.run.dir={file}").errors == [f"'{file}': expected a folder, found a file; {advice}"]
    assert command(*SHORT, f"hydra.run.dir={file}/run").errors == [
        f"'{file}/run': a part of this path is a file, not a folder; {advice}"
    ]
    assert file.read_text() == "kept"


def test_outputs_that_is_a_file(tmp_path: Path, command: Callable[..., Any]) -> None:
    (tmp_path / "outputs").write_text("kept")
    done = command(*SHORT)
    assert done.code == 2
    assert len(done.errors) == 1
    assert done.errors[0].startswith("hydra.run.dir: cannot create 'outputs/")
    assert done.errors[0].endswith("Not a directory; set hydra.run.dir=DIR to another folder")


def test_run_folder_that_is_deleted_during_the_run(start: Callable[..., Process], tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    run = start(*QUICK, "trainer.epochs=100000", f"hydra.run.dir={folder}")
    wait_for(run, "epoch 2/")
    # In one step, as files are written meanwhile.
    folder.parent.rename(tmp_path / "gone")
    said = run.communicate()[1]
    assert run.returncode == 2
    assert said.startswith(f"error: '{folder}")
    assert len(said.splitlines()) == 1
    assert "not found; it is not there, or was deleted while the command ran" in said
    assert not folder.exists()


@pytest.mark.parametrize("cut", [0.5, 0.999])
def test_data_file_that_ends_half_way(cut: float, tmp_path: Path, command: Callable[..., Any]) -> None:
    np.savez(tmp_path / "whole.npz", x=np.ones((90, 3)), y=np.arange(90) % 2)
    whole = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "part.npz").write_bytes(whole[: int(len(whole) * cut)])
    done = command(*_npz("part.npz"))
    assert (done.code, len(done.errors)) == (2, 1)
    assert done.errors[0].startswith("'part.npz': ")


def test_data_file_that_this_user_may_not_read(tmp_path: Path, command: Callable[..., Any]) -> None:
    if os.getuid() == 0:
        pytest.skip("the superuser may read everything")
    np.savez(tmp_path / "secret.npz", x=np.ones((90, 3)), y=np.arange(90) % 2)
    (tmp_path / "secret.npz").chmod(0)
    done = command(*_npz("secret.npz"))
    assert (done.code, len(done.errors)) == (2, 1)
    assert "secret.npz" in done.errors[0]


def _npz(path: str) -> tuple[str, ...]:
    return ("data=npz", f"data.path={path}", "data.inputs={input: x}", "data.targets={target: y}", "report=false")
