"""Splits are set apart from every form of data that has a length."""

import logging
from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

from pipeline.config.schema import SplitConfig
from pipeline.data.examples import Examples
from pipeline.data.spec import TIME, DataSpec, InputSpec, TargetSpec, spec_of
from pipeline.data.splits import Splits, check_splits, set_apart
from pipeline.data.streams import BatchStream, Data, ExampleStream
from pipeline.errors import ConfigError, DataError
from pipeline.security.trust import trust_of, trusting

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


def grouped(sizes: list[int], labels: list[int], as_stream: bool = False) -> Data:
    """Rows of groups of these sizes, each of one class, in mixed order."""
    groups = np.repeat([f"p{index}" for index in range(len(sizes))], sizes).astype(object)
    kinds, order = np.repeat(labels, sizes), np.random.default_rng(0).permutation(sum(sizes))
    inputs, targets = {"x": np.arange(sum(sizes))}, {"y": kinds[order]}
    columns = {"patient": groups[order]}
    data = Examples(spec_of(inputs, targets), inputs, targets, columns=columns)
    if not as_stream:
        return data
    tensors = (inputs, targets, {"patient": columns["patient"].astype(str)})
    return ExampleStream(data.spec, tf.data.Dataset.from_tensor_slices(tensors))


def patients(data: Data | None) -> set[str]:
    assert data is not None
    chunks = [data] if isinstance(data, Examples) else list(data.chunks())
    return {v.decode() if isinstance(v, bytes) else v for chunk in chunks for v in chunk.columns["patient"]}


@pytest.mark.parametrize("as_stream", [False, True], ids=["memory", "stream"])
def test_groups_stay_together_in_sizes_and_shares_near_to_what_is_asked(as_stream: bool) -> None:
    data = grouped([9, 9, 8, 6, 5, 5, 4, 4, 3, 3, 2, 2], [0, 1] * 6, as_stream)
    config = SplitConfig(validation=0.2, test=0.2, method="group", column="patient")
    splits, again, other = (set_apart(Splits(data), config, seed) for seed in (0, 0, 1))
    parts = [patients(part) for _, part in splits.present()]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 12
    for part in (splits.validation, splits.test):
        assert part is not None
        assert abs(len(rows(part)) - 12) <= 1
        assert np.abs(part.class_counts("y") - np.array([6, 6])).max() <= 1
    assert patients(again.test) == patients(splits.test) != patients(other.test)


def test_rows_without_a_group_belong_to_none_and_each_split_gets_a_group() -> None:
    data = grouped([90, 5, 5], [0, 0, 1])
    assert isinstance(data, Examples)
    config = SplitConfig(validation=0.1, test=0.1, method="group", column="patient")
    assert sorted(len(rows(part)) for _, part in set_apart(Splits(data), config, seed=0).present()) == [5, 5, 90]
    data.columns["patient"][:] = ""  # type: ignore[index]
    assert len(rows(set_apart(Splits(data), config, seed=0).test)) == 10
    data.columns["patient"][:] = "one"  # type: ignore[index]
    with pytest.raises(ConfigError, match=r"expected at least one group per split .* in 'patient', got 1"):
        set_apart(Splits(data), config, seed=0)


def timed(times: object) -> Examples:
    array = np.array(times)
    inputs, targets = {"x": np.arange(len(array))}, {"y": np.arange(len(array)) % 2}
    return Examples(spec_of(inputs, targets), inputs, targets, columns={"when": array})


@pytest.mark.parametrize(
    "times",
    [
        ["2020-03-01", "2019-12-31", "2020-01-15", "2020-01-01", "2020-02-01"],
        ["01.03.2020", "31.12.2019", "15.01.2020", "01.01.2020", "01.02.2020"],
        ["2020-03-01T00:00:00.5Z", "2019-12-31", "2020-01-15", "2020-01-01 10:00", "2020-02-01"],
        ["100", "7", "12", "9", "20"],
        [20200301.0, 20191231.0, 20200115.0, 20200101.0, 20200201.0],
    ],
    ids=["iso", "day first", "iso of any length", "numbers as text", "numbers"],
)
def test_the_latest_rows_are_tested_and_the_oldest_trained_on(times: list[object]) -> None:
    splits = set_apart(Splits(timed(times)), SplitConfig(1, 1, method="time", column="when"), seed=0)
    assert [rows(part) for _, part in splits.present()] == [[1, 2, 3], [4], [0]]


def test_a_split_by_an_input_of_times_says_dates(caplog: pytest.LogCaptureFixture) -> None:
    when = np.array(["2024-12-01", "2024-12-04", "2024-12-04T10:30"], "datetime64[s]").astype("float64")
    spec = DataSpec({"when": InputSpec((), "float64", kind=TIME)}, {"y": TargetSpec((), "float32")})
    data = Examples(spec, {"when": when}, {"y": np.zeros(3, "float32")})
    with caplog.at_level(logging.INFO):
        set_apart(Splits(data), SplitConfig(1, 1, method="time", column="when"), seed=0)
    expected = "'when': train until 2024-12-01, validation from 2024-12-04, test from 2024-12-04 10:30:00"
    assert expected in caplog.messages


def test_rows_of_one_time_stay_together_and_those_without_one_are_trained_on() -> None:
    data = timed(["2020-01-01"] * 4 + ["2020-01-02"] * 5 + ["2020-01-03"] * 4 + [""])
    splits = set_apart(Splits(data), SplitConfig(2, 3, method="time", column="when"), seed=0)
    assert rows(splits.test) == [9, 10, 11, 12]
    assert rows(splits.validation) == [4, 5, 6, 7, 8]
    assert rows(splits.train) == [0, 1, 2, 3, 13]
    # There is nowhere to cut but within a time.
    splits = set_apart(Splits(timed([5.0] * 6)), SplitConfig(2, 2, method="time", column="when"), seed=0)
    assert [len(rows(part)) for _, part in splits.present()] == [2, 2, 2]
    with pytest.raises(DataError, match="row 2 of 'when': expected dates in one format"):
        set_apart(Splits(timed(["2020-01-01", "2020-01-02", "soon"])), SplitConfig(1, method="time", column="when"), 0)


@pytest.mark.parametrize(
    ("data", "config", "expected"),
    [
        (batches(), SplitConfig(1, method="group", column="part"), "set split.method=last"),
        (in_memory(), SplitConfig(1, method="time", column="xx"), "no column 'xx'; did you mean 'x'?"),
        (batches(steps=None), SplitConfig(validation=0.2), "set data.steps"),
        (batches(endless=True), SplitConfig(validation=0.2), "set data.validation to a separate source"),
        (stream(length=None), SplitConfig(validation=0.2), "set data.length"),
        (batches(), SplitConfig(validation=0.2, method="random"), "set split.method=last"),
        (batches(), SplitConfig(method="column", column="part"), "set split.method=last"),
        (in_memory(), SplitConfig(validation=COUNT), "of 20 examples leave none to train on"),
        (in_memory(), SplitConfig(validation=0.001), "split.validation: 0.001 of 20 examples is less than one"),
        (in_memory(), SplitConfig(validation=2.5), "expected a share below 1 or a whole number"),
        (in_memory(), SplitConfig(validation=1, method="stratified"), "set split.method=random"),
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
    brought = Splits(in_memory(), test=in_memory(3))
    splits = set_apart(brought, SplitConfig(test=0.5, validation=0.25), seed=0)
    assert [len(rows(data)) for _, data in splits.present()] == [15, 5, 3]
    with (
        trusting(trust_of(["split.test=0.5"])),
        pytest.raises(ConfigError, match=r"the data has its own test split; set split\.test=0"),
    ):
        set_apart(brought, SplitConfig(test=0.5), seed=0)


def test_column_with_another_word_is_told_by_row() -> None:
    examples = in_memory()
    wrong = Examples(examples.spec, examples.inputs, examples.targets, columns={"part": PARTS.copy()})
    wrong.columns["part"][3] = "trian"
    with pytest.raises(DataError, match="column 'part': row 3: expected train, validation or test, got 'trian'"):
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
