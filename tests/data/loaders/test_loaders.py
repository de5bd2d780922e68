"""Every loader gives the same examples in its own form, and refuses what it cannot feed."""

from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

from pipeline.data import BatchStream, Examples, ExampleStream
from pipeline.data.batches import Batches
from pipeline.data.examples import ragged
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.loaders.loader import Loader, checked_batch_size
from pipeline.data.loaders.numpy import NumpyLoader
from pipeline.data.loaders.stream import StreamLoader
from pipeline.data.loaders.tf_data import TfDataLoader
from pipeline.data.spec import spec_of
from pipeline.errors import ConfigError, DataError

SIX = np.arange(6)


def images() -> Examples:
    inputs, targets = {"image": np.arange(24, dtype="uint8").reshape(6, 2, 2)}, {"digit": SIX % 3}
    return Examples(spec_of(inputs, targets), inputs, targets, {"digit": (SIX / 2).astype("float32")})


def series() -> Examples:
    inputs = {"series": ragged([np.full((length, 2), length, "float32") for length in (1, 3, 2, 2, 5, 4)])}
    return Examples(spec_of(inputs, {}), inputs, {})


def example_stream() -> ExampleStream:
    e = images()
    return ExampleStream(e.spec, tf.data.Dataset.from_tensor_slices((dict(e.inputs), dict(e.targets), {})), 6)


def batch_stream() -> BatchStream:
    def open_pass(number: int) -> Iterator[Examples]:
        return (images().rows(slice(i, i + 2)) for i in (0, 2, 4))

    return BatchStream(images().spec, open_pass, steps=3)


LOADERS = [
    NumpyLoader(4, shuffle=False),
    TfDataLoader(4, shuffle_buffer=0, take=None),
    GeneratorLoader(4, shuffle=False, form="generator", length="known"),
    GeneratorLoader(4, shuffle=False, form="generator", length="unknown"),
    GeneratorLoader(4, shuffle=False, form="py_dataset", length="known"),
]
SHUFFLING = [
    NumpyLoader(4, shuffle=True),
    TfDataLoader(4, shuffle_buffer=6, take=None),
    GeneratorLoader(4, shuffle=True, form="generator", length="known"),
    GeneratorLoader(4, shuffle=True, form="py_dataset", length="known"),
]


def seen(batches: Batches, epoch: int = 0, skip: int = 0) -> list[list[int]]:
    return [batch.inputs["image"][:, 0, 0].tolist() for batch in batches.epoch(epoch, skip)]


@pytest.mark.parametrize("loader", LOADERS, ids=repr)
def test_batches_have_shapes_dtypes_targets_and_weights_of_the_data(loader: Loader) -> None:
    first, second = loader.batches(images(), seed=0, training=True).epoch(0)
    assert first.inputs["image"].shape == (4, 2, 2)
    assert first.inputs["image"].dtype == "uint8"
    assert second.inputs["image"].tolist() == [[[16, 17], [18, 19]], [[20, 21], [22, 23]]]
    assert second.targets["digit"].tolist() == [1, 2]
    assert second.targets["digit"].dtype == "int64"
    assert second.weights["digit"].tolist() == [2, 2.5]


@pytest.mark.parametrize("loader", SHUFFLING, ids=repr)
def test_shuffle_is_of_training_only_and_repeats_in_another_process(loader: Loader) -> None:
    first, again = (loader.batches(images(), seed=3, training=True) for _ in range(2))
    assert seen(first, 1) == seen(again, 1) != seen(first, 0)
    assert sorted(x for batch in seen(first) for x in batch) == [0, 4, 8, 12, 16, 20]
    assert seen(first, 1, skip=1) == seen(first, 1)[1:]
    assert seen(loader.batches(images(), seed=3, training=False), 1) == [[0, 4, 8, 12], [16, 20]]


@pytest.mark.parametrize(
    "loader", [NumpyLoader(3, shuffle=False), TfDataLoader(3, 0, None), GeneratorLoader(3, False, "generator", "known")]
)
def test_series_of_varying_length_are_padded_to_the_longest_of_their_batch(loader: Loader) -> None:
    first, second = loader.batches(series(), seed=0, training=True).epoch(0)
    assert first.inputs["series"].shape == (3, 3, 2)
    assert second.inputs["series"].shape == (3, 5, 2)
    assert first.inputs["series"][0, :, 0].tolist() == [1, 0, 0]


@pytest.mark.parametrize("loader", LOADERS, ids=repr)
@pytest.mark.parametrize(
    ("size", "expected"), [(0, "expected 1 or more, got 0"), (7, "expected at most 6, the size of")]
)
def test_batch_size_of_zero_or_beyond_the_data_is_told(loader: Loader, size: int, expected: str) -> None:
    from dataclasses import replace

    with pytest.raises(ConfigError, match=expected):
        replace(loader, batch_size=size).batches(images(), seed=0, training=True)  # type: ignore[type-var]


def test_take_keeps_the_first_batches_after_the_shuffle_in_training_only() -> None:
    loader = TfDataLoader(2, shuffle_buffer=6, take=1)
    batches = loader.batches(images(), seed=0, training=True)
    assert batches.steps == 1
    assert len(seen(batches)) == 1
    assert len(seen(loader.batches(images(), seed=0, training=False))) == 3
    drawn = {x for epoch in range(20) for x in seen(batches, epoch)[0]}
    assert len(drawn) > 4


@pytest.mark.parametrize(
    ("loader", "expected"),
    [
        (TfDataLoader(2, 0, 0), "loader.take: expected 1 or more, or null for all batches, got 0"),
        (TfDataLoader(2, -1, None), "loader.shuffle_buffer: expected 0 or more, got -1"),
        (GeneratorLoader(2, True, "generater", "known"), "did you mean 'generator'"),
        (GeneratorLoader(2, True, "generator", "unknwn"), "did you mean 'unknown'"),
        (GeneratorLoader(2, True, "py_dataset", "endless"), "set loader.length=known"),
    ],
)
def test_wrong_argument_is_told(loader: Loader, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        loader.batches(images(), seed=0, training=True)


@pytest.mark.parametrize(
    ("loader", "data", "right"),
    [
        (NumpyLoader(2, True), example_stream(), "loader=tf_data"),
        (NumpyLoader(2, True), batch_stream(), "loader=stream"),
        (TfDataLoader(2, 0, None), batch_stream(), "loader=stream"),
        (StreamLoader(shuffle=False), images(), "loader=numpy"),
        (StreamLoader(shuffle=False), example_stream(), "loader=tf_data"),
    ],
)
def test_loader_that_cannot_feed_the_data_names_the_one_that_can(
    loader: Loader, data: Examples | ExampleStream | BatchStream, right: str
) -> None:
    with pytest.raises(ConfigError, match=right):
        loader.batches(data, seed=0, training=True)


def test_stream_of_examples_is_batched_by_tf_data() -> None:
    batches = TfDataLoader(4, 0, None).batches(example_stream(), seed=0, training=True)
    assert batches.steps == 2
    assert seen(batches) == [[0, 4, 8, 12], [16, 20]]
    weighed = example_stream().weighed_by(lambda e: {"digit": e.targets["digit"] + 1})
    first = next(TfDataLoader(4, 0, None).batches(weighed, seed=0, training=True).epoch(0))
    assert first.weights["digit"].tolist() == [1, 2, 3, 1]


def test_stream_without_examples_is_told() -> None:
    empty = ExampleStream(images().spec, example_stream().dataset.take(0))
    with pytest.raises(DataError, match="no examples"):
        list(TfDataLoader(4, 0, None).batches(empty, seed=0, training=True).epoch(0))


def test_batches_of_a_stream_are_fed_as_they_are() -> None:
    batches = StreamLoader(shuffle=False).batches(batch_stream(), seed=0, training=True)
    assert seen(batches) == [[0, 4], [8, 12], [16, 20]]
    assert seen(batches, skip=2) == [[16, 20]]
    assert batches.batch_size is None


@pytest.mark.parametrize("key", ["take", "shuffle_buffer"])
def test_number_that_tf_data_cannot_hold_is_told(key: str) -> None:
    loader = TfDataLoader(**{"batch_size": 2, "shuffle_buffer": 0, "take": None, key: 10**20})
    with pytest.raises(ConfigError, match=f"loader.{key}: expected at most .*, got 100000000000000000000"):
        loader.batches(images(), seed=0, training=True)


@pytest.mark.parametrize(
    ("length", "size"),
    [(10, 10), (200, 32), (20_000, 64), (70_000, 256), (700_000, 1024), (9_000_000, 1024), (None, 256)],
)
def test_batch_size_is_found_by_the_number_of_examples(length: int | None, size: int) -> None:
    assert checked_batch_size("auto", length) == size


@pytest.mark.parametrize("size", ["many", True, 3.5])
def test_batch_size_that_is_no_number_is_told(size: object) -> None:
    with pytest.raises(
        ConfigError, match=r"loader\.batch_size: expected a number of examples such as 32, or auto, got .*"
    ):
        checked_batch_size(size)  # type: ignore[arg-type]
