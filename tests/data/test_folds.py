"""Folds hold each row out once, keep groups together and the order of time, and are the same for the same seed."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.config.schema import SplitConfig
from pipeline.data.examples import Examples
from pipeline.data.folds import Fold, fold_splits, folds_of, seed_of_fold
from pipeline.data.spec import spec_of
from pipeline.data.splits import Splits
from pipeline.data.streams import BatchStream, Data, ExampleStream
from pipeline.errors import ConfigError

COUNT = 24
COLUMNS = {
    "patient": np.array([f"p{row % 8}" for row in range(COUNT)], object),
    "when": np.array([f"2020-01-{24 - row // 2:02}" for row in range(COUNT)], object),
}


def data(as_stream: bool = False) -> Data:
    inputs, targets = {"x": np.arange(COUNT)}, {"y": np.arange(COUNT) % 2}
    examples = Examples(spec_of(inputs, targets), inputs, targets, columns=COLUMNS)
    if not as_stream:
        return examples
    tensors = (inputs, targets, {name: values.astype(str) for name, values in COLUMNS.items()})
    return ExampleStream(examples.spec, tf.data.Dataset.from_tensor_slices(tensors), length=COUNT)


def config(method: str, **more: float) -> SplitConfig:
    column = {"group": "patient", "time": "when"}.get(method)
    return SplitConfig(method=method, column=column, **more)  # type: ignore[arg-type]


def held_out(folds: list[Fold]) -> list[list[int]]:
    return [fold.held_out.tolist() for fold in folds]


@pytest.mark.parametrize("method", ["random", "stratified", "auto", "group", "last"])
def test_each_row_is_held_out_once_and_trained_on_in_the_other_folds(method: str) -> None:
    folds, again, other = (folds_of(data(), config(method), 4, seed) for seed in (0, 0, 1))
    assert sorted(row for held in held_out(folds) for row in held) == list(range(COUNT))
    for fold in folds:
        assert len(fold.held_out) == COUNT / 4
        assert sorted([*fold.train, *fold.held_out]) == list(range(COUNT))
    assert held_out(folds) == held_out(again)
    assert (held_out(folds) == held_out(other)) == (method == "last")


def test_folds_keep_shares_of_classes_groups_and_the_order_of_rows() -> None:
    assert [sum(row % 2 for row in held) for held in held_out(folds_of(data(), config("stratified"), 4, 0))] == [3] * 4
    groups = [set(COLUMNS["patient"][held]) for held in held_out(folds_of(data(), config("group"), 4, 0))]
    assert sum(map(len, groups)) == len(set().union(*groups)) == 8
    assert held_out(folds_of(data(), config("last"), 2, 0)) == [list(range(12)), list(range(12, 24))]


@pytest.mark.parametrize("as_stream", [False, True], ids=["memory", "stream"])
def test_folds_by_time_train_on_what_was_before(as_stream: bool) -> None:
    given = data(as_stream)
    folds = folds_of(given, config("time"), 3, 0)
    assert held_out(folds) == [list(range(12, 18)), list(range(6, 12)), list(range(6))]
    assert [fold.train.min() for fold in folds] == [18, 12, 6]
    splits = fold_splits(Splits(given), folds[0], config("time", validation=2, test=0.5), seed=0)
    rows = {}
    for name, part in splits.present():
        chunks = [part] if isinstance(part, Examples) else part.chunks()
        rows[name] = [int(x) for chunk in chunks for x in chunk.inputs["x"]]
    assert rows == {"train": [20, 21, 22, 23], "validation": [18, 19], "test": list(range(12, 18))}


def test_a_part_of_the_rows_to_train_on_validates_unless_the_data_brings_that() -> None:
    given = data()
    fold = folds_of(given, config("random"), 3, 0)[0]
    splits = fold_splits(Splits(given, test=given), fold, config("random", validation=0.25), seed=0)
    assert {name: len(part) for name, part in splits.present()} == {"train": 12, "validation": 4, "test": 8}  # type: ignore[arg-type]
    brought = fold_splits(Splits(given, given), fold, config("random"), seed=0)
    assert brought.validation is given


@pytest.mark.parametrize(
    ("given", "split", "count", "expected"),
    [
        (
            BatchStream(data().spec, lambda number: [], steps=3),
            config("last"),
            2,
            "folds: needs data in memory, such as data=arrays, got a stream of batches",
        ),
        (data(), config("random"), 25, "folds: expected at most 24, the number of examples, got 25"),
        (data(), config("group"), 9, "folds: expected at most 8, the number of groups of 'patient', got 9"),
        (data(), config("time"), 24, "folds: 24 folds by 'when' need 25 rows with a time"),
        (data(), config("stratified"), 13, "folds: cannot be stratified: "),
    ],
)
def test_folds_that_cannot_be_are_told(given: Data, split: SplitConfig, count: int, expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        folds_of(given, split, count, seed=0)
    assert expected in str(error.value)


def test_folds_are_random_where_that_is_left_to_the_data_and_classes_are_too_rare() -> None:
    folds = folds_of(data(), config("auto"), 13, 0)
    assert sorted(row for held in held_out(folds) for row in held) == list(range(COUNT))


def test_each_fold_has_a_seed_of_its_own() -> None:
    seeds = [seed_of_fold(seed, number) for seed in (0, 1) for number in (1, 2, 3)]
    assert len(set(seeds)) == 6
    assert seeds[0] == seed_of_fold(0, 1)
