"""Every command of the README does what it says there."""

import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
MODULE = """
import keras
import numpy as np

def points(count):
    x = np.random.default_rng(0).normal(size=(count, 2)).astype("float32")
    return x, (x[:, 0] > 0).astype("int64")

def network(spec):
    inputs = keras.Input((2,))
    return keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(inputs))

class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, number):
        x, y = points(100)
        return x[number * 20 : (number + 1) * 20], y[number * 20 : (number + 1) * 20]

class Metric(keras.metrics.SparseCategoricalAccuracy):
    pass

class Callback(keras.callbacks.Callback):
    pass
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


COMMANDS = [line.partition("python -m pipeline ")[2] for block in blocks("sh") for line in block.splitlines()
            if "python -m pipeline " in line]  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, for tests to copy."""
    from pipeline.cli import main

    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["pipeline", "+experiment=quickstart", "trainer.epochs=1"])
        assert main() == 0
    return next(folder.glob("outputs/*/*"))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    age, city = generator.uniform(20, 70, 200), generator.choice(["Oslo", "Rome"], 200)
    people = pd.DataFrame({"age": age, "city": city, "churn": np.where(age > 45, "yes", "no")})
    people.to_csv(tmp_path / "people.csv", index=False)
    people.to_parquet(tmp_path / "people.parquet")
    np.savez(tmp_path / "points.npz", x=generator.normal(size=(100, 2)), y=generator.integers(0, 2, 100))
    for label in ("cat", "dog"):
        (tmp_path / "images" / label).mkdir(parents=True)
        for index in range(40):
            keras.utils.save_img(tmp_path / "images" / label / f"{index}.png", generator.uniform(0, 255, (16, 16, 3)))
    (tmp_path / "my_parts.py").write_text(MODULE)
    (tmp_path / "my_conf" / "experiment").mkdir(parents=True)
    (tmp_path / "my_conf" / "experiment" / "mine.yaml").write_text(blocks("yaml")[0])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_parts", raising=False)


@pytest.mark.slow
@pytest.mark.parametrize("line", COMMANDS)
def test_command_runs(
    line: str,
    trained: Path,
    files: None,
    command: Callable[..., Any],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "mnist/" in line:
        monkeypatch.setenv("PIPELINE_DATA_DIR", str(request.getfixturevalue("mnist")))
    # Nobody listens there, which is a warning.
    monkeypatch.setenv("NOTIFY_URL", "json://127.0.0.1:1")
    for folder in re.findall(r"outputs/[^\s,\]]+", line):
        shutil.copytree(trained, folder)
    done = command(*shlex.split(line))
    assert done.code == 0, done.errors


def test_mistakes_are_told_as_shown(command: Callable[..., Any]) -> None:
    (block,) = (block for block in blocks("text") if block.startswith("$ "))
    first, *expected = block.strip().splitlines()
    done = command(*shlex.split(first.partition("python -m pipeline ")[2]))
    assert [f"error: {line}" for line in done.errors] == expected


def test_call_from_a_script_runs() -> None:
    (block,) = blocks("python")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    names: dict[str, Any] = {"model": model, "x": np.ones((40, 2)), "y": np.ones((40, 1))}
    exec(block, names)
    assert len(names["history"].history["val_loss"]) == 5


def test_every_command_was_found() -> None:
    # One is in the first lines of all, and the completion of Bash has a test of its own.
    assert len(COMMANDS) == README.count("python -m pipeline ") - README.count('eval "$(python -m pipeline ') - 1
