"""Snapshots of strangers: a folder that is resumed changes, removes, reads and sends nothing but what its config says.

Each attack is a snapshot of a real training, of which one thing is changed. All of them did what they say where the
state of a callback was put back as it is found.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.training.snapshots.snapshot import Snapshot, read_snapshot

RUN = "${hydra:runtime.output_dir}"
CALLBACKS = {
    "csv": f"{{_target_: keras.callbacks.CSVLogger, filename: '{RUN}/log.csv'}}",
    "model": f"{{_target_: keras.callbacks.ModelCheckpoint, filepath: '{RUN}/kept.keras'}}",
    "board": f"{{_target_: keras.callbacks.TensorBoard, log_dir: '{RUN}/board', write_graph: false}}",
    "backup": f"{{_target_: keras.callbacks.BackupAndRestore, backup_dir: '{RUN}/backup', delete_checkpoint: false}}",
    "stop": "{_target_: keras.callbacks.EarlyStopping, monitor: loss, patience: 5, restore_best_weights: true}",
    "best": f"{{_target_: pipeline.callbacks.checkpoints.Checkpoints, folder: '{RUN}/checkpoints', monitor: loss, "
    "keep: 1, every_epochs: 1}",
    "mine": "{_target_: my_part.Mine, where: notes.txt, words: [first-draft]}",
}
MINE = """
from pathlib import Path

import keras


class Mine(keras.callbacks.Callback):
    def __init__(self, where, words):
        super().__init__()
        self.where, self.draft, self.file, self.epochs = where, f"{words[0]}.txt", Path(where), 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        for name in (self.where, self.draft, self.file):
            Path(name).write_text(str(self.epochs))
"""
ARGUMENTS = [f"+callbacks.{name}={node}" for name, node in CALLBACKS.items()]
Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a user's module and, in `outputs`, a training of two epochs with all of these callbacks."""
    from pipeline.cli import main

    folder = tmp_path_factory.mktemp("training")
    (folder / "my_part.py").write_text(MINE)
    arguments = ["+experiment=quickstart", "trainer.epochs=2", "report=false", "trust=[my_part]", *ARGUMENTS]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["pipeline", *arguments])
        assert main() == 0
    return folder


@pytest.fixture
def given(training: Path, tmp_path: Path) -> Path:
    """The folder of that run, given to a user who has a private file and a folder with files beside it."""
    shutil.copy(training / "my_part.py", tmp_path)
    (tmp_path / "private.txt").write_text("b7a4d0c1\n")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "events.out.tfevents.1").write_text("a photo")
    (tmp_path / "photos" / "epoch-01-loss-0.1.keras").write_text("a photo")
    return Path(shutil.copytree(next(training.glob("outputs/*/*")), tmp_path / "given"))


def changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the state in all snapshots of a run, the checksum with it."""
    for path in (folder / "snapshots").iterdir():
        found = read_snapshot(path.read_bytes())
        state = dict(found.state)
        change(state)
        new = Snapshot(found.position, found.variables, found.weights, state)
        path.write_bytes(b"".join(bytes(part) for part in new.parts()))


def of_class(name: str, part: str = "attributes", **values: Any) -> Change:
    """Returns what sets values in the state of a callback."""

    def change(state: dict[str, Any]) -> None:
        (found,) = (one for one in state["callbacks"] if one["class"] == name)
        found[part] = {**found[part], **values}

    return change


def all_of(*changes: Change) -> Change:
    def change(state: dict[str, Any]) -> None:
        for one in changes:
            one(state)

    return change


def files_beside(folder: Path) -> dict[str, str]:
    """Returns the text of all files of the user."""
    names = [path for path in folder.rglob("*") if path.is_file() and "given" not in path.parts]
    return {
        str(path.relative_to(folder)): path.read_text(errors="replace")
        for path in names
        if "__pycache__" not in path.parts and path.name not in ("notes.txt", "first-draft.txt")
    }


KEPT = {"file": "epoch-01-loss-0.1.keras", "epoch": 1, "step": None, "value": 0.1}
ATTACKS: dict[str, tuple[Change, str]] = {
    "a model anywhere": (of_class("ModelCheckpoint", filepath="pwned.keras"), "filepath"),
    "any text into any file": (
        all_of(of_class("CSVLogger", filename="private.txt"), of_class("CSVLogger", "beside", text="pwned")),
        "filename",
    ),
    "a private file's copy in the run folder": (
        all_of(of_class("CSVLogger", filename="private.txt", append=True), of_class("CSVLogger", "beside", text=None)),
        "is not part of its state",
    ),
    "a file of another kind than a text": (of_class("CSVLogger", "beside", text=["pwned"]), "text"),
    "files cut by their paths": (
        of_class("TensorBoard", "beside", lengths={"../../private.txt": 0, "x/../../../private.txt": 0}),
        "",
    ),
    "event files elsewhere cut": (
        all_of(of_class("TensorBoard", log_dir="."), of_class("TensorBoard", "beside", lengths={
            "photos/events.out.tfevents.1": 0})),
        "log_dir",
    ),
    "event files written elsewhere": (of_class("TensorBoard", _train_dir="pwned", _val_dir="pwned"), "_train_dir"),
    "a folder removed": (of_class("BackupAndRestore", backup_dir="photos", delete_checkpoint=True), "backup_dir"),
    "weights written elsewhere": (of_class("BackupAndRestore", _weights_path="pwned.weights.h5"), "_weights_path"),
    "a file removed": (
        of_class("Checkpoints", "state", kept=[KEPT, {**KEPT, "file": "../../photos/epoch-01-loss-0.1.keras"}]),
        "kept.1.file",
    ),
    "a file removed by an absolute path": (
        of_class("Checkpoints", "state", kept=[{**KEPT, "file": "/tmp/epoch-pwned.keras"}]), "kept.0.file",
    ),
    "a private file as the best checkpoint": (
        of_class("Checkpoints", "state", kept=[{**KEPT, "file": "../../private.txt", "value": -1.0}]), "kept.0.file",
    ),
    "a checkpoint of no number": (of_class("Checkpoints", "state", kept=[{**KEPT, "value": "x"}]), "kept.0.value"),
    "an argument of the constructor": (of_class("EarlyStopping", patience=10**9, monitor="loss"), "is not part of its"),
    "a method": (of_class("EarlyStopping", on_epoch_end="pwned"), "on_epoch_end"),
    "a model": (of_class("EarlyStopping", _model=None), "_model"),
    "weights of another model": (of_class("EarlyStopping", best_weights=[np.ones(3)]), "best_weights"),
    "weights that are texts": (of_class("EarlyStopping", best_weights=[np.array(["x"])]), "best_weights"),
    "a wait of a text": (of_class("EarlyStopping", wait="x"), "wait: expected a whole number, got 'x'"),
    "a comparison by name": (of_class("EarlyStopping", "beside", comparison="eval"), "comparison"),
    "what the config set of a user's callback": (of_class("Mine", where="private.txt"), "the config sets it"),
    "what came of it": (of_class("Mine", draft="private.txt"), "its first value comes from the config"),
    "what is no plain value": (of_class("Mine", file="private.txt"), "file: is not part of its state"),
    "a method of a user's callback": (of_class("Mine", on_epoch_end="x"), "on_epoch_end: is not part of its state"),
    "rows that are no numbers": (
        of_class("HistoryFile", "state", text="epoch,loss\n0,=cmd()\n"), "could not convert string to float",
    ),
    "a path of the history": (of_class("HistoryFile", "state", path="private.txt"), "path"),
    "a time beyond all clocks": (of_class("EpochLog", "state", seconds=float("inf")), "less than a century in seconds"),
    "a state of no mapping": (lambda state: state["callbacks"][0].update(attributes=[1]), "attributes"),
    "a callback more": (lambda state: state["callbacks"].append({"class": "Sender"}), "cannot continue where"),
    "random numbers that are none": (lambda state: state["random"].update(python=(1, 2)), "random state"),
    "a place beyond the random numbers": (
        lambda state: state["random"]["numpy"]["state"].update(pos=2**30), "position 1073741824 is outside of"
    ),
    "values of a text": (lambda state: state.update(values={"loss": "x"}), "no snapshot to resume from"),
    "facts of no data": (lambda state: state["facts"]["data"]["data"].update(train={}), "changed since the run began"),
    "values of no mapping": (lambda state: state.update(validations="x"), "no snapshot to resume from"),
    "no facts": (lambda state: state.pop("facts"), "the newest snapshot has no facts"),
}  # fmt: skip
"""What a snapshot says, and what is told."""


@pytest.mark.exhaustive
@pytest.mark.parametrize("attack", ATTACKS)
def test_snapshot_of_a_stranger_touches_nothing_else(
    attack: str, given: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    change, expected = ATTACKS[attack]
    changed(given, change)
    before = files_beside(tmp_path)
    done = command(f"resume={given}", "trainer.epochs=3", "trust=[my_part]")
    assert files_beside(tmp_path) == before
    assert not any(b"b7a4d0c1" in path.read_bytes() for path in given.rglob("*") if path.is_file())
    assert done.code in (0, 2), done.err
    assert "Traceback" not in done.out + done.err
    assert expected in (done.err if done.code else done.out)
    assert len(done.errors) == (done.code == 2)


def test_snapshot_of_ones_own_is_resumed_to_the_same_end(
    training: Path, given: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    done = command(f"resume={given}", "trainer.epochs=3", "trust=[my_part]")
    assert done.code == 0, done.err
    whole = command(
        "+experiment=quickstart", "trainer.epochs=3", "report=false", "trust=[my_part]", *ARGUMENTS
    )  # fmt: skip
    assert whole.code == 0, whole.err
    for name in ("history.csv", "log.csv", "metrics.json"):
        assert (given / name).read_bytes() == (whole.folder / name).read_bytes(), name
    assert (tmp_path / "notes.txt").read_text() == "3"
    assert len((given / "log.csv").read_text().splitlines()) == 4


LISTED: dict[str, tuple[Any, str]] = {
    "a file elsewhere": ([{**KEPT, "file": "../../photos/epoch-01-loss-0.1.keras"}, KEPT], "0.file"),
    "a private file": ([{**KEPT, "file": "../../private.txt"}], "0.file"),
    "an argument more": ([{**KEPT, "path": "x"}], "0.path"),
    "an argument less": ([{"file": "epoch-1.keras"}], "0.epoch"),
    "no list": ({"file": "x"}, "kept"),
    "texts": (["x"], "kept.0"),
    "a text for a number": ([{**KEPT, "value": "0.1"}], "0.value"),
}
"""What `checkpoints.json` says, and what is told of it."""


@pytest.mark.parametrize("attack", LISTED)
def test_list_of_checkpoints_of_a_stranger_names_no_other_files(
    attack: str, given: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    listed, expected = LISTED[attack]
    (given / "checkpoints" / "checkpoints.json").write_text(json.dumps(listed))
    # Without a snapshot, a training goes on by the backup of Keras, and by the list.
    shutil.rmtree(given / "snapshots")
    before = files_beside(tmp_path)
    done = command(f"resume={given}", "trainer.epochs=3", "trust=[my_part]")
    assert files_beside(tmp_path) == before
    assert not any(b"b7a4d0c1" in path.read_bytes() for path in given.rglob("*") if path.is_file())
    assert done.code == 2, done.out
    (line,) = done.errors
    assert "checkpoints.json" in line
    assert expected in line


@pytest.mark.parametrize("text", ["[" * 100_000, "{", '[{"file": 1e999}]'])
def test_list_of_checkpoints_that_is_damaged_is_told(text: str, given: Path, command: Callable[..., Any]) -> None:
    (given / "checkpoints" / "checkpoints.json").write_text(text)
    shutil.rmtree(given / "snapshots")
    done = command(f"resume={given}", "trainer.epochs=3", "trust=[my_part]")
    assert done.code == 2, done.out
    (line,) = done.errors
    assert "checkpoints.json" in line
