"""A user's own arrays and batches."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.data.sources.arrays import Arrays
from pipeline.data.sources.batches import BatchSource
from pipeline.data.sources.image_timeseries import image_timeseries
from pipeline.data.streams import BatchStream
from pipeline.errors import ConfigError, DataError

X, Y = np.arange(8.0).reshape(4, 2), np.array([0, 1, 1, 0])
SETTINGS: dict[str, Any] = {"inputs": ["x"], "targets": ["y"], "validation": None, "test": None, "scale": 1.0}
BATCHES: dict[str, Any] = {**SETTINGS, "steps": None, "endless": False, "varying": [], "classes": 2}


def two_batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    yield X[:2], Y[:2]
    yield X[2:], Y[2:]


def by_epoch(epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    yield X + epoch, Y


class Slices(keras.utils.PyDataset):  # type: ignore[misc]
    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return X[index * 2 : index * 2 + 2], Y[index * 2 : index * 2 + 2]


def stream(train: Any, **more: Any) -> BatchStream:
    data = BatchSource(train=train, **{**BATCHES, **more}).load().train
    assert isinstance(data, BatchStream)
    return data


def seen(data: BatchStream, number: int = 0) -> list[list[list[float]]]:
    return [batch.inputs["x"].tolist() for batch in data.batches(number)]


def test_arrays_with_validation_and_weights() -> None:
    splits = Arrays(train=(X, Y, [1, 2, 1, 1]), **{**SETTINGS, "validation": (X[:1], Y[:1])}, classes=None).load()
    assert splits.train.weights["y"].tolist() == [1, 2, 1, 1]  # type: ignore[union-attr]
    assert splits.validation is not None
    assert splits.validation.spec is splits.train.spec
    assert Arrays(train=X, **SETTINGS, classes=None).load(with_targets=False).train.spec.targets == {}


def test_generator_function_is_started_anew_for_each_pass() -> None:
    data = stream(two_batches)
    assert seen(data) == seen(data) == [X[:2].tolist(), X[2:].tolist()]
    assert data.steps is None
    assert stream(two_batches, steps=2).steps == 2


def test_generator_function_is_told_the_epoch_if_it_asks() -> None:
    assert seen(stream(by_epoch), 3) == [(X + 3).tolist()]


def test_py_dataset_and_batched_tf_data_know_their_length() -> None:
    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).batch(2)
    for data in (stream(Slices()), stream(dataset)):
        assert data.steps == 2
        assert seen(data) == [X[:2].tolist(), X[2:].tolist()]
    assert stream(dataset.repeat()).endless
    assert not stream(dataset).endless


def test_weights_of_batches_are_kept() -> None:
    data = stream(lambda: iter([(X, Y, np.array([1, 2, 3, 4.0]))]))
    assert data.weighted
    assert next(data.batches(0)).weights["y"].tolist() == [1, 2, 3, 4]


def test_varying_length_is_said_by_name() -> None:
    assert stream(two_batches, varying=["x"]).spec.inputs["x"].shape == (None,)


@pytest.mark.parametrize(
    ("train", "more", "expected"),
    [
        (two_batches(), {}, "add `_partial_: true`"),
        (3, {}, "got an int"),
        (lambda: iter([]), {}, "data.train: yields no batches"),
        (lambda: iter([X]), {}, "a tuple (inputs, targets)"),
        (two_batches, {"steps": 0}, "data.steps: expected 1 or more, or null, got 0"),
        (two_batches, {"steps": 3}, "ended after 2 of the 3 batches"),
        (lambda: iter([(X, Y), (X, Y[:2])]), {}, "input 'x' has 4, target 'y' has 2"),
    ],
)
def test_wrong_batches_are_told(train: Any, more: dict[str, Any], expected: str) -> None:
    with pytest.raises((ConfigError, DataError)) as error:
        list(stream(train, **more).batches(0))
    assert expected in str(error.value)


def test_made_up_series_vary_in_length_and_both_forms_are_the_same_data() -> None:
    (images, series), (scores, classes) = image_timeseries(20, 0, "lists", 5, 9)
    assert images.shape == (20, 32, 32, 3)
    assert {len(row) for row in series} <= set(range(5, 10))
    assert len({len(row) for row in series}) > 1
    assert scores.shape == (20, 1)
    inputs, targets = image_timeseries(20, 0, "dicts", 5, 9)
    assert np.array_equal(inputs["image"], images)
    assert np.array_equal(targets["class"], classes)
    with pytest.raises(ConfigError, match="did you mean 'dicts'"):
        image_timeseries(20, 0, "dict", 5, 9)
    with pytest.raises(ConfigError, match="shortest"):
        image_timeseries(20, 0, "dicts", 9, 5)
