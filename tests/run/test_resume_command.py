"""`resume=auto` and `resume=DIR`: which run goes on, and what may be otherwise."""

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]
SHORT = ("+experiment=quickstart", "report=false", "loader.batch_size=128")


def rows(folder: Path) -> list[str]:
    return [line.split(",")[0] for line in (folder / "history.csv").read_text().splitlines()[1:]]


def stopped(command: Command, *arguments: str) -> Path:
    """Returns the folder of a run that was killed after two epochs."""
    done = command(*SHORT, "trainer.epochs=2", *arguments)
    assert done.code == 0, done.err
    facts = done.json("run.json")
    (done.folder / "run.json").write_text(json.dumps({**facts, "status": "running"}))
    folder: Path = done.folder
    return folder


def test_its_folder_alone_goes_on_with_more_epochs(command: Command, tmp_path: Path) -> None:
    folder = stopped(command)
    whole = command(*SHORT, "trainer.epochs=4")
    done = command(f"resume={folder}", "trainer.epochs=4")
    assert (done.code, done.folder) == (0, None)
    assert "resuming at the start of epoch 3" in done.out
    assert (folder / "history.csv").read_bytes() == (whole.folder / "history.csv").read_bytes()
    assert (folder / "metrics.json").read_bytes() == (whole.folder / "metrics.json").read_bytes()
    facts = json.loads((folder / "run.json").read_text())
    assert facts["status"] == "finished"
    assert len(facts["resumed"]) == 1
    # Fewer than are trained would only have the run say that of itself.
    config = (folder / ".hydra" / "config.yaml").read_bytes()
    fewer = command(f"resume={folder}", "trainer.epochs=3")
    assert (fewer.code, (folder / ".hydra" / "config.yaml").read_bytes()) == (2, config)
    assert fewer.errors == [f"trainer.epochs: 3, but the run '{folder}' has trained 4; expected 4 or more"]
    assert json.loads((folder / "run.json").read_text()) == facts
    # Once more, it has nothing left to do, and knows that it was to train four epochs.
    again = command(f"resume={folder}")
    assert again.code == 0
    assert rows(folder) == ["0", "1", "2", "3"]


def test_another_log_of_hydra_is_no_other_config(command: Command) -> None:
    folder = stopped(command)
    done = command(f"resume={folder}", "trainer.epochs=3", "hydra/job_logging=stdout")
    assert done.code == 0, done.err
    assert len(rows(folder)) == 3


def test_auto_finds_the_run_of_the_same_config_that_did_not_finish(command: Command) -> None:
    folder = stopped(command)
    stopped(command, "seed=3")
    done = command(*SHORT, "trainer.epochs=3", "resume=auto")
    assert (done.code, done.folder) == (0, None)
    assert rows(folder) == ["0", "1", "2"]


def test_auto_takes_the_run_that_came_furthest_whatever_the_clock_said(command: Command, tmp_path: Path) -> None:
    near = stopped(command)
    far = stopped(command)
    (far / "snapshots").joinpath("000000000999.snapshot").write_bytes(b"damaged")
    # As if the clock had been set back between the two.
    earlier = tmp_path / "outputs" / "2001-01-01" / "00-00-00"
    earlier.parent.mkdir(parents=True)
    far.rename(earlier)
    done = command(*SHORT, "trainer.epochs=3", "resume=auto")
    assert (done.code, done.folder) == (0, None)
    assert rows(near) == ["0", "1"]
    assert rows(earlier) == ["0", "1", "2"]


def test_auto_begins_a_run_where_there_is_none_to_resume(command: Command) -> None:
    command(*SHORT, "trainer.epochs=1")
    done = command(*SHORT, "trainer.epochs=1", "resume=auto")
    assert done.code == 0
    assert done.folder is not None
    assert "no snapshot to resume from: training begins" in done.out


def test_the_whole_command_with_its_folder_goes_on(command: Command) -> None:
    folder = stopped(command)
    done = command(*SHORT, "trainer.epochs=3", f"resume={folder}")
    assert done.code == 0
    assert rows(folder) == ["0", "1", "2"]


def test_another_config_is_refused_by_what_differs_and_the_run_stays_as_it_is(command: Command) -> None:
    folder = stopped(command)
    before = (folder / "run.json").read_bytes()
    for arguments in ((*SHORT, "model.units=3", "seed=1"), ("model.units=3", "seed=1")):
        done = command(*arguments, f"resume={folder}", "trainer.epochs=3")
        assert done.code == 2
        assert [line.partition(";")[0] for line in done.errors] == [
            f"model.units: 3, but 64 in the run '{folder}'",
            f"seed: 1, but 0 in the run '{folder}'",
        ]
        assert (folder / "run.json").read_bytes() == before


def test_a_run_of_own_parts_that_is_not_trusted_stays_as_it_is(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_rows.py").write_text(
        "import numpy as np\n\n\ndef rows():\n"
        "    x = np.linspace(-1, 1, 40, dtype='float32').reshape(20, 2)\n    return x, (x[:, :1] > 0).astype('int64')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    typed = (
        "data=arrays",
        "data.train._target_=my_rows.rows",
        "model=mlp",
        "report=false",
        "split.test=0.2",
        "loader.batch_size=8",
    )
    done = command(*typed, "trainer.epochs=1")
    assert done.code == 0, done.errors

    def files() -> dict[Path, bytes]:
        found = [path for path in done.folder.rglob("*") if path.is_file() and path.name != ".lock"]
        return {path: path.read_bytes() for path in found}

    before = files()
    refused = command(f"resume={done.folder}", "trainer.epochs=2")
    assert refused.code == 2
    assert "trust=[my_rows]" in refused.errors[-1]
    assert files() == before
    assert command(f"resume={done.folder}", "trainer.epochs=2", "trust=[my_rows]").code == 0


def test_other_data_is_refused_by_what_differs(command: Command, tmp_path: Path) -> None:
    def save(seed: int) -> None:
        x = np.random.default_rng(seed).normal(size=(90, 2))
        np.savez(tmp_path / "points.npz", x=x, y=(x[:, 0] > 0).astype("int64"))

    data = ("data=npz", "data.path=points.npz", "data.inputs=[x]", "data.targets=[y]", "report=false")
    save(0)
    done = command(*data, "trainer.epochs=1")
    assert done.code == 0, done.err
    save(1)
    resumed = command(f"resume={done.folder}", "trainer.epochs=2")
    assert resumed.code == 2
    (error,) = resumed.errors
    assert error.startswith("data: the examples of 'train' changed since the run began: 90 examples, hash ")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("resume=nowhere",), "resume: 'nowhere' is not a folder"),
        (("resume=.",), "resume: '.' is not a run's: it has no .hydra/config.yaml"),
        (("-m", "seed=1,2", "resume=auto"), "resume: a sweep cannot be resumed as a whole"),
        (("snapshots.every_steps=0",), "snapshots.every_steps: expected 1 or more, got 0"),
        (("snapshots.every_seconds=-1",), "snapshots.every_seconds: expected more than 0, got -1.0"),
        (("snapshots.every=1",), "snapshots.every: "),
    ],
)
def test_what_cannot_be_resumed_is_told_in_a_line(command: Command, arguments: tuple[str, ...], error: str) -> None:
    done = command(*arguments)
    assert done.code == 2
    (line,) = done.errors
    assert line.startswith(error)


def test_a_damaged_snapshot_is_passed_over(command: Command) -> None:
    folder = stopped(command)
    last = max((folder / "snapshots").iterdir())
    last.write_bytes(last.read_bytes()[:-1])
    done = command(f"resume={folder}", "trainer.epochs=2")
    assert done.code == 0
    assert "resuming at the start of epoch 2" in done.out
    assert rows(folder) == ["0", "1"]


def test_a_run_without_snapshots_begins_anew(command: Command) -> None:
    folder = stopped(command)
    shutil.rmtree(folder / "snapshots")
    done = command(f"resume={folder}")
    assert done.code == 0
    assert "no snapshot to resume from: training begins" in done.out
    assert rows(folder) == ["0", "1"]


def test_a_new_training_removes_the_snapshots_of_another_one_in_its_folder(command: Command, tmp_path: Path) -> None:
    place = f"hydra.run.dir={tmp_path / 'same'}"
    command(*SHORT, "trainer.epochs=3", place)
    command(*SHORT, "trainer.epochs=1", place)
    names = [path.name for path in (tmp_path / "same" / "snapshots").iterdir()]
    assert len(names) == 1


def test_what_was_typed_is_asked_for_again_by_one_command_that_works(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAME_OF_METRIC", "hits")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_part.py").write_text("import keras\n\n\nclass Own(keras.callbacks.Callback):\n    pass\n")
    folder = stopped(
        command,
        "+callbacks.own._target_=own_part.Own",
        f"+callbacks.log={{_target_: keras.callbacks.CSVLogger, filename: {tmp_path / 'log.csv'}}}",
        'metrics=[{_target_: keras.metrics.SparseCategoricalAccuracy, name: "${oc.env:NAME_OF_METRIC}"}]',
    )
    refused = command(f"resume={folder}")
    assert (refused.code, refused.folder) == (2, None)
    right = refused.errors[-1].partition("if you trust it: python -m pipeline ")[2]
    assert shlex.split(right) == [
        f"resume={folder.relative_to(tmp_path)}",
        "trust=[own_part,environment]",
        f"callbacks.log.filename={tmp_path / 'log.csv'}",
    ]
    done = command(*shlex.split(right), "trainer.epochs=3")
    assert done.code == 0, done.errors
    assert rows(folder) == ["0", "1", "2"]


OWN = """
from pathlib import Path

import keras

from pipeline.tasks.train import train


def task(config, run):
    return train(config, run)


class Interrupt(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1 and not Path("asked").exists():
            Path("asked").touch()
            raise KeyboardInterrupt
"""


def test_a_task_of_the_users_own_can_be_resumed_if_it_says_that_it_trains(command: Command, tmp_path: Path) -> None:
    (tmp_path / "own_task.py").write_text(OWN)
    own = (*SHORT, "trainer.epochs=2", "task._target_=own_task.task", "+callbacks.stop._target_=own_task.Interrupt")
    silent = command(*own)
    assert (silent.code, "resume with" in silent.out + silent.err) == (130, False)
    assert command(f"resume={silent.folder}", "trust=[own_task]").errors == [
        "resume: only training can be resumed; use task=train, or run=DIR for other tasks; a task of your own that "
        "trains says so in its YAML file, by _trains_: true"
    ]
    (tmp_path / "asked").unlink()
    done = command(*own, "+task._trains_=true")
    assert done.code == 130
    assert "stopped; resume with: python -m pipeline resume=" in done.out
    assert command("resume=latest", "trust=[own_task]").code == 0
    assert rows(done.folder) == ["0", "1"]
    assert command(*own, "+task._trains_=true", "resume=auto").code == 0
