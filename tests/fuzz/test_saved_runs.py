"""Evaluating and predicting with a saved run on other data: it works, or ends with exit code 2 and a line a mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

# What is drawn says nothing of what is tested, and measuring it takes as long as the tests.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

ARRAYS = [
    "data=npz", "data.path=points.npz", "data.inputs=[x]", "data.targets=[y]", "split.test=4", "model.units=2",
    "trainer.epochs=1", "loader.batch_size=4", "report=false",
]  # fmt: skip
TABLE = [
    "data=csv", "data.path=people.csv", "data.targets=[kind]", "split.test=4", "model=tabular", "model.units=2",
    "trainer.epochs=1", "loader.batch_size=4", "report=false",
]  # fmt: skip
CHANGES = [
    "loader.batch_size=3", "loader=tf_data", "loader=generator", "loader=stream", "task.split=train",
    "task.split=validation", "task.split=tset", "task.form=npz", "task.form=csv", "loss=mse", "metrics=[mae]",
    "metrics=null", "weighting=balanced", "weighting=class_weight", "data.classes=5", "data.classes=0", "split.test=0",
    "split.validation=2", "seed=7", "model.units=9", "model=cnn", "optimizer=sgd", "trainer.epochs=0", "data.scale=2",
    "data.inputs=[z]", "data.targets=[z]", "data.targets=[]", "data=digits", "data=csv", "run=.", "run=''", "run=null",
    "callbacks=[early_stopping]", "+experiment=quickstart", "data.path=null", "data.path=gone.npz", "loss=null",
    "data.validation=points.npz", "data.test=people.csv", "evaluate_splits=[]", "model=null", "model._target_=no.thing",
    "loader.batch_size=0", "loader.batch_size=1000", "validation_sets={a: {}}", "data.missing=[]",
    "data.categories=[a]",
]  # fmt: skip
CELLS = ["0.5", "1", "-3", "", "NA", "x", "ü", "1e99", "nan", "True", "a b"]


@st.composite
def commands(draw: st.DrawFn) -> tuple[str, list[str], bytes | dict[str, np.ndarray] | None]:
    """Which run, what the command changes, and the other data that it names if it does."""
    kind = draw(st.sampled_from(["arrays", "table"]))
    arguments = [f"task={draw(st.sampled_from(['evaluate', 'predict']))}"]
    arguments += draw(st.lists(st.sampled_from(CHANGES), max_size=2, unique=True))
    if not draw(st.integers(0, 2)):
        return kind, arguments, None
    return kind, arguments, draw(other_arrays() if kind == "arrays" else other_tables())


@st.composite
def other_arrays(draw: st.DrawFn) -> dict[str, np.ndarray]:
    """Arrays much like those of the training, often not quite."""
    length = draw(st.sampled_from([6, 6, 1, 0]))
    shape = draw(st.sampled_from([(3,), (3,), (3,), (4,), (), (3, 1)]))
    dtype = draw(st.sampled_from(["float32", "float32", "float64", "int64", "uint8", "bool", "<U2", "complex64"]))
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    x = generator.integers(0, 3, (length, *shape)).astype(dtype)
    if x.dtype.kind == "f" and x.size and draw(st.integers(0, 3)) == 0:
        x.flat[0] = np.nan
    y = generator.integers(0, draw(st.sampled_from([2, 3, 4, 9])), length) - draw(st.sampled_from([0, 0, 0, 1]))
    y = y.astype(draw(st.sampled_from(["int64", "int64", "uint8", "float32", "<U2"])))
    keys = draw(st.sampled_from([["x", "y"], ["x", "y"], ["x"], ["y"], ["X", "y"]]))
    return {key: {"x": x, "y": y}[key.lower()] for key in keys}


@st.composite
def other_tables(draw: st.DrawFn) -> bytes:
    """A table much like that of the training, often not quite."""
    rows = draw(st.sampled_from([6, 6, 1, 0]))
    names = draw(
        st.sampled_from([["a", "b", "kind"]] * 3 + [["b", "a", "kind"], ["a", "b"], ["a", "kind"], ["a", "b", "c"]])
    )
    columns = []
    for name in names:
        usual = {"a": ["0.5", "1", "2"], "b": ["x", "y"], "kind": ["red", "blue"]}.get(name, CELLS)
        cell = st.sampled_from(CELLS if draw(st.integers(0, 3)) == 0 else usual)
        columns.append(draw(st.lists(cell, min_size=rows, max_size=rows)))
    lines = [",".join(names), *(",".join(row) for row in zip(*columns, strict=True))]
    return "\n".join(lines).encode()


def test_a_saved_run_works_on_other_data_or_tells_why_not(
    tmp_path: Path, command: Callable[..., Any], judged: Any, fuzzed: Callable[..., None]
) -> None:
    points = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
    np.savez(tmp_path / "points.npz", x=points, y=np.arange(16) % 3)
    rows = [f"{number % 5}.5,{'xyz'[number % 3]},{('red', 'blue')[number % 2]}" for number in range(16)]
    (tmp_path / "people.csv").write_text("\n".join(["a,b,kind", *rows]))
    runs = {kind: command(*given).folder for kind, given in (("arrays", ARRAYS), ("table", TABLE))}

    def check(case: Any) -> None:
        kind, arguments, data = case
        if isinstance(data, dict):
            np.savez(tmp_path / "other.npz", **data)
            arguments = [*arguments, "data.path=other.npz"]
        elif data is not None:
            (tmp_path / "other.csv").write_bytes(data)
            arguments = [*arguments, "data.path=other.csv"]
        judged(f"run={runs[kind]}", *arguments)

    fuzzed(8, commands(), check)
