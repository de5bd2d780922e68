"""Cross-validation by one command: folds are runs of their own, resumed where they stopped, and told together."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

Command = Callable[..., Any]
OWN = ("folds=2", "loader.batch_size=16", "trainer.epochs=2", "seed=3", "split.validation=0.2")


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    x = generator.normal(size=120)
    frame = pd.DataFrame({"x": x, "patient": np.arange(120) // 6, "y": (x > 0).astype("int64")})
    save(tmp_path, frame)
    return frame


def save(folder: Path, frame: pd.DataFrame) -> None:
    arrays = {name: column.to_numpy() for name, column in frame.items()}
    np.savez(folder / "people.npz", **{**arrays, "x": arrays["x"][:, None]})


def trained(command: Command, *arguments: str) -> Any:
    made = ("data=npz", "data.path=people.npz", "data.inputs=[x]", "data.targets=[y]", "split.method=group")
    return command(*made, "split.column=patient", *OWN, *arguments)


def test_folds_are_trained_resumed_and_told_together(command: Command, table: pd.DataFrame, tmp_path: Path) -> None:
    done = trained(command, "callbacks=[checkpoint]")
    assert done.code == 0, done.err
    folder: Path = done.folder
    folds = [folder / "fold_1", folder / "fold_2"]

    # Mean and deviation, in the file, on the terminal and on the page, which leads to those of the folds.
    of_folds = [json.loads((fold / "metrics.json").read_text())["test"]["outputs"]["y"]["accuracy"] for fold in folds]
    test = done.json("metrics.json")["test"]
    assert test["outputs"]["y"]["accuracy"] == pytest.approx(np.mean(of_folds))
    assert test["deviation"]["outputs"]["y"]["accuracy"] == pytest.approx(np.std(of_folds, ddof=1))
    told = f"accuracy {np.mean(of_folds):.4f} ± {np.std(of_folds, ddof=1):.4f}"
    assert told in done.out
    page = (folder / "report.html").read_text()
    assert 'href="fold_1/report.html"' in page
    assert f"{np.mean(of_folds):.4f} ± " in page
    assert all((fold / name).is_file() for fold in folds for name in ("report.html", "model.keras", "checkpoint.keras"))

    # Each row is predicted by the fold that held its group out, which is no input.
    predicted = pd.read_parquet(folder / "predictions.parquet")
    assert list(predicted.row) == list(range(120))
    assert (predicted.groupby(table.patient).fold.nunique() == 1).all()
    right = (predicted.label.astype(int) == table.y).groupby(predicted.fold).mean()
    assert list(right) == pytest.approx(of_folds)
    assert list(json.loads((folds[1] / "run.json").read_text())["spec"]["inputs"]) == ["x"]

    # As after a kill in the second fold: the first is left alone, the second ends as it did.
    facts = json.loads((folds[1] / "run.json").read_text())
    (folds[1] / "run.json").write_text(json.dumps({**facts, "status": "running"}))
    max((folds[1] / "snapshots").iterdir()).unlink()
    before = {file: file.stat().st_mtime_ns for file in folds[0].glob("[!.]*.*")}
    metrics = (folder / "metrics.json").read_bytes()
    resumed = command(f"resume={folder}", "report=false")
    assert resumed.code == 0, resumed.err
    assert "fold 1 of 2: is finished" in resumed.out
    assert "resuming at the start of epoch 2" in resumed.out
    assert {file: file.stat().st_mtime_ns for file in folds[0].glob("[!.]*.*")} == before
    assert (folder / "metrics.json").read_bytes() == metrics

    # A fold is a run like any other, and alone it is what it is among the others.
    alone = trained(command, "report=false", "fold=2")
    assert (alone.folder / "history.csv").read_bytes() == (folds[1] / "history.csv").read_bytes()
    assert (alone.folder / "metrics.json").read_bytes() == (folds[1] / "metrics.json").read_bytes()
    assert command("task=evaluate", f"run={folds[1]}").json("metrics.json")["test"]["outputs"]["y"][
        "accuracy"
    ] == pytest.approx(of_folds[1])
    refused = command("task=evaluate", f"run={folder}")
    assert refused.errors == [
        f"run: '{folder}' is of 2 folds, each with a model; use one of them, such as run={folds[0]}"
    ]

    # Other data is no reason to mix old folds with new ones.
    save(tmp_path, table.assign(x=0.0))
    (error,) = command(f"resume={folder}").errors
    assert "the examples of 'train' changed since the run began" in error


def test_a_mistake_that_the_first_fold_finds_leaves_nothing(command: Command, table: pd.DataFrame) -> None:
    mistake = trained(command, "callbacks=[early_stopping]", "callbacks.early_stopping.monitor=val_acuracy")
    assert (mistake.code, mistake.folder) == (2, None)
