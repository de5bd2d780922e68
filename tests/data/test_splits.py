"""Splits are set apart from every form of data that has a length."""

from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

from pipeline.config import SplitConfig
from pipeline.data.examples import Examples
from pipeline.data.spec import spec_of
from pipeline.data.splits import Splits, check_splits, set_apart
from pipeline.data.streams import BatchStream, Data, ExampleStream
from pipeline.errors import ConfigError, DataError

COUNT = 20
PARTS = np.array(["train"] * 12 + ["validation"] * 4 + ["test"] * 4, object)


def in_memory(count: int = COUNT) -> Examples:
    inputs, targets = {"x": np.arange(count)}, {"y": np.arange(count) % 2}
    return Examples(spec_of(inputs, targets), inputs, targets, columns={"part": PARTS[:count]})


def stream(**more: object) -> ExampleStream:
    e = in_memory()
    parts = (dict(e.inputs), dict(e.targets), {"part": PARTS.astype(str)})
    return ExampleStream(e.spec, tf.data.Dataset.from_tensor_slices(parts), **{"length": COUNT, **more})  # type: ignore[arg-type]


def batches(steps: int | None = 5, endless: bool = False) -> BatchStream:
    def open_pass(number: int) -> Iterator[Examples]:
        for start in range(0, COUNT, 4):
            yield in_memory().rows(slice(start, start + 4))

    return BatchStream(in_memory().spec, open_pass, steps=steps, endless=endless)


def rows(data: Data | None) -> list[int]:
    assert data is not None
    if isinstance(data, Examples):
        return list(data.inputs["x"].tolist())
    return [x for chunk in data.chunks() for x in chunk.inputs["x"].tolist()]


@pytest.mark.parametrize("data", [in_memory(), stream(), batches()], ids=["memory", "stream", "batches"])
def test_last_examples_are_set_apart(data: Data) -> None:
    splits = set_apart(Splits(data), SplitConfig(validation=0.2, test=0.2), seed=0)
    assert rows(splits.train) == list(range(12))
    assert rows(splits.validation) == list(range(12, 16))
    assert rows(splits.test) == list(range(16, 20))


@pytest.mark.parametrize("data", [in_memory(), stream()], ids=["memory", "stream"])
def test_random_examples_are_set_apart_by_the_seed(data: Data) -> None:
    config = SplitConfig(validation=5, method="random")
    first, again, other = (set_apart(Splits(data), config, seed) for seed in (0, 0, 1))
    assert rows(first.validation) == rows(again.validation)
    assert set(rows(first.validation)) != set(rows(other.validation))
    assert sorted(rows(first.train) + rows(first.validation)) == list(range(COUNT))


@pytest.mark.parametrize("data", [in_memory(), stream()], ids=["memory", "stream"])
def test_stratified_splits_keep_the_shares_of_classes(data: Data) -> None:
    splits = set_apart(Splits(data), SplitConfig(validation=0.2, test=0.2, method="stratified"), seed=0)
    for part in (splits.validation, splits.test):
        assert sorted(x % 2 for x in rows(part)) == [0, 0, 1, 1]
    together = rows(splits.train) + rows(splits.validation) + rows(splits.test)
    assert sorted(together) == list(range(COUNT))


@pytest.mark.parametrize("data", [in_memory(), stream()], ids=["memory", "stream"])
def test_column_names_the_split_of_each_example(data: Data) -> None:
    splits = set_apart(Splits(data), SplitConfig(method="column", column="part"), seed=0)
    assert rows(splits.train) == list(range(12))
    assert rows(splits.validation) == list(range(12, 16))
    assert rows(splits.test) == list(range(16, 20))


@pytest.mark.parametrize(
    ("data", "config", "expected"),
    [
        (batches(steps=None), SplitConfig(validation=0.2), "set data.steps"),
        (batches(endless=True), SplitConfig(validation=0.2), "set data.validation to a source of its own"),
        (stream(length=None), SplitConfig(validation=0.2), "set data.length"),
        (batches(), SplitConfig(validation=0.2, method="random"), "'last' is right"),
        (batches(), SplitConfig(method="column", column="part"), "'last' is right"),
        (in_memory(), SplitConfig(validation=COUNT), "leave nothing of 20 to train on"),
        (in_memory(), SplitConfig(validation=0.001), "split.validation: 0.001 of 20 is nothing"),
        (in_memory(), SplitConfig(validation=2.5), "neither a share below 1 nor a whole number"),
        (in_memory(), SplitConfig(validation=1, method="stratified"), "split.method=random is right"),
        (in_memory(), SplitConfig(validation=4, method="stratified", target="z"), "split.target: no target 'z'"),
        (
            in_memory(),
            SplitConfig(method="column", column="prt"),
            "split.column: no column 'prt'; did you mean 'part'?",
        ),
    ],
)
def test_split_that_cannot_be_is_told_with_what_to_set(data: Data, config: SplitConfig, expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        set_apart(Splits(data), config, seed=0)
    assert expected in str(error.value)


def test_split_that_the_data_brings_is_not_replaced() -> None:
    with pytest.raises(ConfigError, match="the data brings its own test split"):
        set_apart(Splits(in_memory(), test=in_memory()), SplitConfig(test=0.5), seed=0)


def test_column_with_another_word_is_told_by_row() -> None:
    examples = in_memory()
    wrong = Examples(examples.spec, examples.inputs, examples.targets, columns={"part": PARTS.copy()})
    wrong.columns["part"][3] = "trian"
    with pytest.raises(DataError, match="column 'part': row 3 has 'trian'"):
        set_apart(Splits(wrong), SplitConfig(method="column", column="part"), seed=0)


def test_named_split_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="the data has no test split; it has train"):
        Splits(in_memory()).named("test")
    with pytest.raises(ConfigError, match="did you mean 'test'"):
        Splits(in_memory()).named("tests")


def test_empty_split_is_told() -> None:
    with pytest.raises(DataError, match="train split: has no examples"):
        check_splits(Splits(in_memory(0)))


def test_auto_keeps_the_shares_of_classes_and_is_random_for_other_targets() -> None:
    rare = np.array([1] * 4 + [0] * 16)
    targets = {"kind": rare, "price": np.linspace(0.5, 2.5, COUNT), "one": np.array([1] + [0] * 19)}
    for name, shares in (("kind", [1, 3]), ("price", None), ("one", None)):
        inputs, target = {"x": np.arange(COUNT)}, {name: targets[name]}
        data = Examples(spec_of(inputs, target), inputs, target)
        splits = set_apart(Splits(data), SplitConfig(method="auto", test=0.25), seed=0)
        assert isinstance(splits.test, Examples)
        assert len(splits.test) == 5
        assert list(splits.test.inputs["x"]) != list(range(15, 20))
        if shares is not None:
            assert [int((splits.test.targets[name] == 1).sum()), int((splits.train.targets[name] == 1).sum())] == shares  # type: ignore[union-attr]


@pytest.mark.parametrize("method", ["auto", "stratified"])
def test_the_only_example_of_a_class_is_trained_on_and_the_rest_stratified(method: str) -> None:
    inputs, targets = {"x": np.arange(41)}, {"y": np.append(np.arange(40) % 2, 2)}
    data = Examples(spec_of(inputs, targets), inputs, targets)
    splits = set_apart(Splits(data), SplitConfig(validation=8, test=8, method=method), seed=0)
    counts = [part.class_counts("y").tolist() for _, part in splits.present()]  # type: ignore[union-attr]
    assert counts == [[12, 12, 1], [4, 4, 0], [4, 4, 0]]
