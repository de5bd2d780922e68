"""The examples at the classes and protocols that a new part has for a base are code that runs."""

import inspect
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from pipeline.callbacks import Callback
from pipeline.config.schema import TrainerConfig
from pipeline.data import Batches, Data, Examples, Splits
from pipeline.data.batches import ArrayBatches
from pipeline.data.examples import Weigh
from pipeline.data.loaders import Loader
from pipeline.data.loaders.loader import examples_only
from pipeline.data.sources import Source
from pipeline.data.sources.table import TableFiles
from pipeline.data.sources.table_source import TableSource
from pipeline.data.spec import spec_of
from pipeline.data.tables.table import Table
from pipeline.tracking import Tracker
from pipeline.training import fit
from pipeline.training.signature import named_model
from pipeline.weighting import Weighting, weigh

NAMES = {
    named.__name__: named
    for named in (
        *(Callback, Tracker, TableFiles, TableSource, Table, Splits, Examples, ArrayBatches, Batches, Path, Sequence),
        *(dataclass, spec_of, examples_only),
    )
} | {"np": np, "pd": pd, "Data": Data, "Weigh": Weigh}
TABLE: dict[str, Any] = {
    "inputs": None, "columns": [], "categories": [], "missing": [""], "classes": None
}  # fmt: skip


def example_of(kind: type) -> type:
    """Returns the class in the docstring of another one."""
    (code,) = re.findall(r":\n\n((?: {4}.*\n|\n)+)", f"{inspect.getdoc(kind)}\n")[:1]
    code = textwrap.dedent(code)
    # Like a module of the user's, whose annotations are not looked at.
    names = {**NAMES, "__name__": __name__}
    exec(compile(f"from __future__ import annotations\n{code}", kind.__name__, "exec", dont_inherit=True), names)
    found: type = names[re.findall(r"class (\w+)", code)[0]]
    return found


@pytest.fixture
def squares() -> Examples:
    train = example_of(Source)().load().train
    assert isinstance(train, Examples)
    return train


def test_source_gives_inputs_and_targets_or_inputs_alone(squares: Examples) -> None:
    assert squares.targets["y"][9] == 81
    assert not example_of(Source)().load(with_targets=False).train.targets


def test_table_source_has_all_that_tables_have() -> None:
    ages = example_of(TableSource)(rows=40, targets=["adult"], **TABLE).load().train
    assert ages.spec.inputs["age"].kind == "number"
    assert ages.class_counts("adult").tolist() == [18, 22]


def test_table_files_read_another_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("b=1.5 y=no\nb=2.5 y=yes\n")
    kind = example_of(TableFiles)
    train = kind(path=str(tmp_path / "a.log"), validation=None, test=None, targets=["y"], **TABLE).load().train
    assert train.inputs["b"].tolist() == [1.5, 2.5]


def test_loader_gives_its_order_in_training_only(squares: Examples) -> None:
    loader: Loader = example_of(Loader)(batch_size=10)
    first = next(loader.batches(squares, seed=0, training=True).epoch(0))
    assert first.inputs["x"][:2].tolist() == [99, 98]
    assert next(loader.batches(squares, seed=0, training=False).epoch(0)).inputs["x"][0] == 0


def test_weighting_weighs_the_splits_that_it_names(squares: Examples) -> None:
    weighting: Weighting = example_of(Weighting)(splits=["train"])
    weighed = weigh(Splits(squares, validation=squares), [weighting])
    assert isinstance(weighed.train, Examples)
    assert weighed.train.weights["y"][[0, 99]].tolist() == [1, 2]
    assert isinstance(weighed.validation, Examples)
    assert not weighed.validation.weights


def test_callback_counts_and_tracker_writes_what_a_training_does(squares: Examples, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((1,), name="x"), keras.layers.Dense(1, name="y")])
    model.compile("sgd", "mse")
    inputs = {"x": squares.inputs["x"][:, None].astype("float32")}
    examples = Examples(spec_of(inputs, squares.targets), inputs, squares.targets)
    counter, tracker = example_of(Callback)(batch_size=10), example_of(Tracker)(tmp_path)
    batches = ArrayBatches(examples, 10, shuffle=False, seed=0)
    fit(named_model(model, examples.spec), batches, None, TrainerConfig(epochs=2), [counter, tracker])
    resumed = example_of(Tracker)(tmp_path)
    resumed.set_state({"lines": tracker.get_state()["lines"][:1]})
    resumed.on_epoch_end(1, {"loss": 0.5})
    assert resumed.file.read_text().splitlines() == [tracker.lines[0], "2 {'loss': 0.5}"]
    assert counter.seen == 200
    again = example_of(Callback)(batch_size=10)
    again.set_state(counter.get_state())
    assert again.seen == 200
    tracker.on_run_end({"test": {"loss": 1.0}}, "finished")
    first, second, end = (tmp_path / "lines.txt").read_text().splitlines()
    assert first.startswith("1 {")
    assert second.startswith("2 {")
    assert end.startswith("finished")
