"""Everything that a user can get wrong: one line, exit code 2, no traceback, nothing written over."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

MODULE = """
import numpy as np

X, Y = np.ones((40, 3), "float32"), np.arange(40) % 2
HOT = np.eye(2, dtype="float32")[Y]


def arrays(kind):
    x, y = X.copy(), Y.copy()
    w = np.ones(40)
    if kind == "short": return x, y[:-1]
    if kind == "nan input": x[3, 1] = np.nan
    if kind == "infinite input": x[3, 1] = np.inf
    if kind == "nan target": return x, np.where(np.arange(40) == 5, np.nan, 1.0)
    if kind == "nan weight": w[7] = np.nan
    if kind == "negative weight": w[7] = -1
    if kind == "one class": y[:] = 1
    if kind == "one hot": return x, HOT
    if kind == "negative class": y[2] = -1
    if kind in ("nan weight", "negative weight"): return x, y, w
    return x, y


def batches(kind):
    if kind == "no tuple": yield X
    if kind == "four parts": yield X, Y, Y, Y
    if kind == "two inputs": yield [X, X], Y
    if kind == "nan later": yield X, Y; yield X * np.nan, Y
    if kind == "good": yield X, Y
    if kind == "class later": yield X, Y; yield X, Y + 1
    if kind == "endless":
        while True: yield X, Y


def narrow():
    import keras
    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(2, activation="softmax")])


def two_units():
    import keras
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
"""


def arrays(kind: str, *more: str) -> list[str]:
    return ["data=arrays", f"data.train={{_target_: bad_parts.arrays, kind: {kind}}}", *more]


def batches(kind: str, *more: str) -> list[str]:
    train = f"data.train={{_target_: bad_parts.batches, _partial_: true, kind: {kind}}}"
    return ["data=batches", "loader=stream", train, "data.classes=2", *more]


def csv(name: str, *more: str) -> list[str]:
    return ["data=csv", "model=tabular", f"data.path={name}", "data.targets=[y]", *more]


def npz(name: str, *more: str) -> list[str]:
    return ["data=npz", f"data.path={name}", "data.inputs=[x]", "data.targets=[y]", *more]


@dataclass
class Case:
    arguments: list[str]
    expected: str


CASES = {
    "unknown experiment": Case(["+experiment=quikstart"], "did you mean 'quickstart'?"),
    "unknown group": Case(["modell=mlp"], "modell: the config has no 'modell'; did you mean 'model'?"),
    "unknown choice": Case(["model=mlpp"], "model: there is no 'mlpp'; did you mean 'mlp'?"),
    "unknown key": Case(["trainer.epohs=3"], "trainer.epohs: trainer has no 'epohs'; did you mean 'epochs'?"),
    "value of another type": Case(["trainer.epochs=many"], "trainer.epochs: expected a whole number, got 'many'"),
    "missing file": Case(csv("none.csv"), "data.path: no file 'none.csv'"),
    "empty file": Case(csv("empty.csv"), "data.path: 'empty.csv' is empty"),
    "file that is no text": Case(csv("binary.csv"), "is not UTF-8 text"),
    "missing column": Case(csv("good.csv", "data.targets=[z]"), "has no column 'z'"),
    "text in a number column": Case(csv("text.csv"), "row 20: column 'a': expected a number as in the other rows, got 'oops'"),
    "ragged rows": Case(csv("ragged.csv"), "row 3 has 3 values for 2 columns"),
    "archive without a key": Case(npz("good.npz", "data.inputs=[X]"), "has no key 'X'; did you mean 'x'?"),
    "archive with pickled objects": Case(npz("pickled.npz"), "pickled objects, which are never loaded"),
    "archive that is none": Case(npz("empty.npz"), "empty.npz': is empty"),
    "different length": Case(arrays("short"), "input 'input' has 40, target 'target' has 39"),
    "input shape": Case(arrays("good", "model._target_=bad_parts.narrow"), "has shape (3,), but the model expects (5,)"),
    "class id outside the range": Case(
        arrays("good", "model._target_=bad_parts.two_units", "data.classes=3"), "outside the model's range 0 to 1"
    ),
    "negative class id": Case(arrays("negative class"), "row 2: expected a class id from 0 to 1, got -1"),
    "class id beyond data.classes": Case(batches("class later"), "row 1: expected a class id from 0 to 1, got 2"),
    "nan in inputs": Case(arrays("nan input"), "input 'input' of the train split: row 3: expected finite numbers, got nan"),
    "infinity in inputs": Case(arrays("infinite input"), "row 3: expected finite numbers, got inf"),
    "nan in targets": Case(arrays("nan target", "loss=mse", "metrics=null"), "target 'target' of the train split: row 5: expected finite numbers, got nan"),
    "nan in weights": Case(arrays("nan weight"), "sample weight of 'target' of the train split: row 7: expected finite numbers, got nan"),
    "negative weights": Case(arrays("negative weight"), "row 7: expected 0 or more, got -1"),
    "nan in a stream": Case(batches("nan later"), "input 'input': row 0: expected finite numbers, got nan"),
    "class weight for no class": Case(
        ["weighting=class_weight", "weighting.weights={12: 2.0}", "weighting.others=1"], "has no class '12'"
    ),
    "missing class weight": Case(["weighting=class_weight", "weighting.weights={5: 2.0}"], "class 0, 1, 2, 3, 4, 6"),
    "class weight for a class that does not occur": Case(
        arrays("good", "data.classes=3", "weighting=class_weight", "weighting.weights={2: 2.0}", "weighting.others=1"),
        "no training example of target 'target' has class '2'",
    ),
    "output that the model lacks": Case(["loss={digits: mse}"], "the model has no output 'digits'; did you mean 'digit'?"),
    "generator of no tuples": Case(batches("no tuple"), "a tuple (inputs, targets)"),
    "generator of wrong tuples": Case(batches("four parts"), "got a tuple of 4 parts"),
    "generator of too many inputs": Case(batches("two inputs"), "input 'input' has 2, target 'target' has 40"),
    "generator that ends too early": Case(batches("good", "data.steps=3"), "ended after 1 of the 3 batches"),
    "generator that yields nothing": Case(batches("nothing"), "yields no batches"),
    "endless stream without steps": Case(batches("endless", "data.endless=true"), "trainer.steps_per_epoch: missing"),
    "validation split of an endless stream": Case(
        batches("endless", "data.endless=true", "split.validation=0.2"), "set data.validation to a separate source"
    ),
    "batch size 0": Case(["loader.batch_size=0"], "loader.batch_size: expected 1 or more, got 0"),
    "batch size beyond the data": Case(["loader.batch_size=9999"], ", the size of the training data, got 9999"),
    "one class only": Case(arrays("one class", "data.classes=2"), "expected two or more classes, got only class 1"),
    "unknown optimizer": Case(["optimizer.name=adma"], "Keras has no optimizer 'adma'"),
    "unknown loss": Case(["loss=sparce_categorical_crossentropy"], "did you mean 'sparse_categorical_crossentropy'?"),
    "unknown metric": Case(["metrics=[acuracy]"], "did you mean 'accuracy'?"),
    "argument of another type": Case(["model.units=many"], "model.units: expected a whole number, got 'many'"),
    "no schedule of numbers": Case(["schedule=exponential", "schedule.decay_rate=x"], "schedule.decay_rate: expected a number, got 'x'"),
    "plateau with a schedule": Case(["schedule=cosine", "callbacks=[plateau]"], "use schedule=constant"),
    "own rate with a schedule": Case(["schedule=cosine", "callbacks=[roll_back]"], "callbacks.roll_back: cannot change"),
    "callback's argument": Case(
        ["callbacks=[early_stopping]", "+callbacks.early_stopping.patiense=3"], "did you mean 'patience'?"
    ),
    "missing value": Case(["data=csv", "data.targets=[y]"], "data.path: missing"),
    "folder that is no run": Case(["task=predict", "run=nowhere"], "run: 'nowhere' is not a folder"),
    "no run": Case(["task=evaluate"], "run: missing"),
    "run for a training": Case(["run=somewhere"], "run: 'somewhere' is not a folder"),
    "loader that does not suit": Case(batches("good", "loader=numpy"), "use loader=stream"),
    "unknown sweep metric": Case(["optimized_metric=val_acc", "trainer.epochs=1"], "optimized_metric: no metric 'val_acc'"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bad_parts.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("bad_parts", None)
    good = "".join(f"{i},{i % 2}\n" for i in range(30))
    (tmp_path / "good.csv").write_text("a,y\n" + good)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "binary.csv").write_bytes(b"a,y\n\xff\xfe,1\n")
    (tmp_path / "text.csv").write_text("a,y\n" + good.replace("18,0", "oops,0"))
    (tmp_path / "ragged.csv").write_text("a,y\n1,0\n2,1,5\n")
    x, y = np.ones((4, 2)), np.array([0, 1, 0, 1])
    np.savez(tmp_path / "good.npz", x=x, y=y)
    np.savez(tmp_path / "pickled.npz", x=np.array([{}, {}], object), y=y[:2])
    (tmp_path / "empty.npz").write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize("name", CASES)
def test_mistake_is_one_line_and_exit_code_2(name: str, folder: Path, command: Callable[..., Any]) -> None:
    case = CASES[name]
    done = command(*case.arguments)
    assert done.code == 2, done.errors
    (line,) = done.errors
    assert case.expected in line
    assert "Traceback" not in done.out + done.err
    if done.folder is not None:
        assert not (done.folder / "model.keras").exists() or "optimized" in line
        facts = done.json("run.json")
        assert (facts["status"], facts["exit_code"], facts["error"]) == ("failed", 2, line)


def test_all_mistakes_are_told_at_once(command: Callable[..., Any]) -> None:
    done = command("trainer.epochs=0", "+model.unts=3", "+loader.shufle=true", "split.method=rand")
    assert done.code == 2
    assert [line.split(":")[0] for line in done.errors] == [
        "trainer.epochs", "split.method", "loader.shufle", "model.unts",
    ]  # fmt: skip


def test_all_unknown_keys_are_told_at_once(command: Callable[..., Any]) -> None:
    done = command("trainer.epocs=1", "model.unts=3")
    assert done.errors == [
        "trainer.epocs: trainer has no 'epocs'; did you mean 'epochs'?",
        "model.unts: model has no 'unts'; did you mean 'units'?",
    ]


def test_traceback_is_shown_on_request(command: Callable[..., Any]) -> None:
    assert "Traceback" not in command("loader.batch_size=0").err
    assert "Traceback" in command("loader.batch_size=0", "debug=true").err
