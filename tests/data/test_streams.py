"""Streams are checked and weighed as they are drawn, and say when they ended too early."""

from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

from pipeline.data.examples import Examples
from pipeline.data.spec import spec_of
from pipeline.data.streams import BatchStream, ExampleStream
from pipeline.errors import DataError


def chunk(values: list[float]) -> Examples:
    inputs, targets = {"x": np.array(values)}, {"y": np.arange(len(values)) % 2}
    return Examples(spec_of(inputs, targets, classes=2), inputs, targets)


def of_chunks(*chunks: list[float], steps: int | None = None) -> BatchStream:
    def open_pass(number: int) -> Iterator[Examples]:
        return (chunk(values) for values in chunks)

    return BatchStream(chunk([0.0, 1.0]).spec, open_pass, steps=steps)


def test_stream_that_ends_too_early_says_after_how_many_batches() -> None:
    with pytest.raises(DataError, match=r"ended after 2 of the 3 batches of an epoch; set data.steps=2"):
        list(of_chunks([1.0], [2.0], steps=3).batches(0))


def test_stream_without_batches_is_told() -> None:
    with pytest.raises(DataError, match="yields no batches"):
        list(of_chunks().batches(0))
    with pytest.raises(DataError, match="no examples"):
        of_chunks().fingerprint()


def test_pass_of_known_length_stops_there() -> None:
    assert len(list(of_chunks([1.0], [2.0], [3.0], steps=2).batches(0))) == 2


def test_wrong_value_is_told_when_it_is_drawn() -> None:
    drawn = of_chunks([1.0], [np.nan]).batches(0)
    next(drawn)
    with pytest.raises(DataError, match="input 'x': row 0: expected finite numbers, got nan"):
        next(drawn)


def test_weights_are_given_as_batches_are_drawn() -> None:
    stream = of_chunks([1.0, 2.0]).weighed_by(lambda e: {"y": e.inputs["x"] * 2})
    (batch,) = stream.batches(0)
    assert batch.weights["y"].tolist() == [2, 4]


def test_classes_are_counted_by_a_pass_over_the_data_unless_it_never_ends() -> None:
    assert of_chunks([1.0, 2.0], [3.0]).class_counts("y") is not None
    assert of_chunks([1.0, 2.0], [3.0]).class_counts("y").tolist() == [2, 1]  # type: ignore[union-attr]
    endless = BatchStream(chunk([1.0]).spec, lambda _: iter(()), endless=True)
    assert endless.class_counts("y") is None


def test_fingerprint_of_a_stream_is_that_of_its_beginning() -> None:
    assert of_chunks([1.0], [2.0], steps=2).fingerprint()["batches"] == 2
    assert of_chunks([1.0]).fingerprint()["sha256"] == of_chunks([1.0], [5.0]).fingerprint()["sha256"]
    assert of_chunks([1.0]).fingerprint()["sha256"] != of_chunks([1.5]).fingerprint()["sha256"]


def test_example_stream_is_drawn_in_batches_checked_and_weighed() -> None:
    whole = chunk([1.0, 2.0, 3.0])
    dataset = tf.data.Dataset.from_tensor_slices((dict(whole.inputs), dict(whole.targets), {}))
    stream = ExampleStream(whole.spec, dataset, 3).weighed_by(lambda e: {"y": e.inputs["x"]})
    drawn = list(stream.batches(dataset.batch(2)))
    assert [b.weights["y"].tolist() for b in drawn] == [[1, 2], [3]]
    assert stream.class_counts("y").tolist() == [2, 1]  # type: ignore[union-attr]
    assert stream.fingerprint()["examples"] == 3
    assert ExampleStream(whole.spec, dataset.repeat(), endless=True).class_counts("y") is None
