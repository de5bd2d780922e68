"""Links in the folder of a run that a stranger gives away: what they lead to is not read, cut, removed or written."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
PRIVATE = "b7a4d0c1\n"


@pytest.fixture
def given(trained: Path, tmp_path: Path) -> Path:
    """The folder of a run, given to a user who has a private file and a folder of files beside it."""
    (tmp_path / "private.txt").write_text(PRIVATE)
    (tmp_path / "mine" / "validation").mkdir(parents=True)
    for name in ("000000000009.snapshot", "epoch-01-loss-0.1.keras", "config.yaml", "validation/events.out.tfevents.1"):
        (tmp_path / "mine" / name).write_text(PRIVATE)
    return Path(shutil.copytree(trained, tmp_path / "given"))


def replaced(path: Path, target: Path) -> None:
    """Puts a link in place of a file or a folder."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def assert_refused(done: Any, given: Path, name: str, tmp_path: Path) -> None:
    assert done.code == 2, done.out + done.err
    (line,) = done.errors
    assert f"'{given / name}' is a symbolic link" in line
    assert (tmp_path / "private.txt").read_text() == PRIVATE
    files = [path for path in (tmp_path / "mine").rglob("*") if path.is_file()]
    assert len(files) == 4
    assert all(path.read_text() == PRIVATE for path in files)
    real = [path for path in given.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not any(PRIVATE.strip().encode() in path.read_bytes() for path in real)


FOLDERS = ["snapshots", "checkpoints", "tensorboard", ".hydra"]
FILES = ["run.json", "history.csv", "metrics.json", "model.keras", "report.html", "report_data.json", "a/deep/file"]


@pytest.mark.parametrize("name", [*FOLDERS, *FILES])
def test_run_that_holds_a_link_is_not_resumed(name: str, given: Path, tmp_path: Path, command: Command) -> None:
    (given / name).parent.mkdir(parents=True, exist_ok=True)
    if name == ".hydra":
        shutil.copy(given / name / "config.yaml", tmp_path / "mine")
        (tmp_path / "mine" / "config.yaml").write_text((given / name / "config.yaml").read_text())
    replaced(given / name, tmp_path / ("mine" if name in FOLDERS else "private.txt"))
    if name == ".hydra":
        text = (tmp_path / "mine" / "config.yaml").read_text()
        done = command(f"resume={given}", "trainer.epochs=2")
        assert done.code == 2
        assert "is a symbolic link" in done.errors[0]
        assert (tmp_path / "mine" / "config.yaml").read_text() == text
        return
    assert_refused(command(f"resume={given}", "trainer.epochs=2", "callbacks=[]"), given, name, tmp_path)


@pytest.mark.parametrize("name", ["run.json", "history.csv", "metrics.json", "model.keras", "report_data.json"])
@pytest.mark.parametrize("task", ["report", "evaluate", "predict"])
def test_run_that_holds_a_link_is_not_read(task: str, name: str, given: Path, tmp_path: Path, command: Command) -> None:
    replaced(given / name, tmp_path / "private.txt")
    assert_refused(command(f"task={task}", f"run={given}"), given, name, tmp_path)


def test_pipe_in_a_run_folder_is_not_waited_for(given: Path, command: Command) -> None:
    (given / "metrics.json").unlink()
    os.mkfifo(given / "metrics.json")
    done = command("task=report", f"run={given}")
    assert done.code == 2
    assert "no file but a pipe" in done.errors[0]


def test_folder_of_a_run_may_itself_be_a_link(given: Path, tmp_path: Path, command: Command) -> None:
    (tmp_path / "linked").symlink_to(given)
    done = command("resume=linked", "trainer.epochs=2")
    assert done.code == 0, done.err
    assert command("task=report", "run=linked").code == 0
    assert json.loads((given / "run.json").read_text())["status"] == "finished"


def test_links_beside_the_files_of_a_run_are_the_users_own(given: Path, tmp_path: Path, command: Command) -> None:
    (given / "latest").symlink_to(tmp_path / "private.txt")
    assert command("task=evaluate", f"run={given}").code == 0
    assert command("+experiment=quickstart", "trainer.epochs=1", "report=false", f"hydra.run.dir={given}").code == 0
    assert (tmp_path / "private.txt").read_text() == PRIVATE


@pytest.mark.parametrize("name", [".lock", "pipeline.log", "history.csv", "tensorboard/validation/events"])
def test_file_that_is_one_elsewhere_too_is_not_written_into(
    name: str, given: Path, tmp_path: Path, command: Command
) -> None:
    (given / name).unlink(missing_ok=True)
    (given / name).parent.mkdir(parents=True, exist_ok=True)
    os.link(tmp_path / "private.txt", given / name)
    done = command(f"resume={given}", "trainer.epochs=2")
    assert done.code == 2
    assert "by a hard link" in done.errors[0]
    assert (tmp_path / "private.txt").read_text() == PRIVATE


def test_typed_value_and_not_that_of_a_strangers_run_is_used(tmp_path: Path, command: Command) -> None:
    done = command(
        "+experiment=quickstart", "trainer.epochs=1", "report=false", "callbacks=[checkpoint]", "split.validation=0.1",
        "callbacks.checkpoint.filepath=mine.keras",
    )  # fmt: skip
    assert done.code == 0, done.err
    config = done.folder / ".hydra" / "config.yaml"
    assert command(f"resume={done.folder}", "trainer.epochs=2", "callbacks.checkpoint.filepath=mine.keras").code == 0
    config.write_text(config.read_text().replace("filepath: mine.keras", "filepath: pwned.keras"))
    for key in ("callbacks.checkpoint.filepath", "+callbacks.checkpoint.filepath"):
        again = command(f"resume={done.folder}", "trainer.epochs=3", f"{key}=mine.keras")
        assert again.code == 2
        assert not (tmp_path / "pwned.keras").exists()
