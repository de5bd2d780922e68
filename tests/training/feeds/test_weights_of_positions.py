"""Sample weights of positions reach the steps as they are, whatever makes the batches; values are by hand."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.loaders.numpy import NumpyLoader
from pipeline.data.loaders.stream import StreamLoader
from pipeline.data.loaders.tf_data import TfDataLoader
from pipeline.data.sources.batches import BatchSource
from pipeline.data.splits import Splits
from pipeline.data.streams import Data
from pipeline.data.tuples import Names, examples_of
from pipeline.errors import DataError
from pipeline.evaluation import evaluate_splits
from pipeline.training.signature import named_model
from pipeline.weighting import weigh
from pipeline.weighting.sample_weight import SampleWeight

IDS = np.array([[0, 1], [2, 1], [1, 1], [0, 2], [2, 2], [0, 0]])
WEIGHTS = np.array([[1, 0], [0.5, 1], [1, 0], [0, 0], [3, 1], [1, 1]], "float32")
PROBABILITIES = np.exp([0.0, 1, 2]) / np.exp([0.0, 1, 2]).sum()
LOSS = float((-np.log(PROBABILITIES[IDS]) * WEIGHTS).sum() / WEIGHTS.size)
NAMES = Names(["x"], ["y"])
INPUTS = np.zeros((6, 2, 4), "float32")


def tagger() -> keras.Model:
    """Gives the same probabilities for every position."""
    given = keras.Input((2, 4), name="x")
    bias = keras.initializers.Constant([0.0, 1, 2])
    layer = keras.layers.Dense(3, activation="softmax", kernel_initializer="zeros", bias_initializer=bias, name="y")
    model = keras.Model(given, layer(given))
    model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["sparse_categorical_accuracy"])
    return model


def examples(*weights: Any) -> Examples:
    return examples_of((INPUTS, IDS, *weights), NAMES, classes=0)


def batches() -> Iterator[Any]:
    for start in (0, 3):
        rows = slice(start, start + 3)
        yield INPUTS[rows], IDS[rows], WEIGHTS[rows]


def stream() -> Data:
    source = BatchSource(batches, ["x"], ["y"], None, None, None, False, [], 1.0, 0)
    return source.load().train


LOADERS: dict[str, tuple[Any, Any]] = {
    "numpy": (NumpyLoader(4, False), partial(examples, WEIGHTS)),
    "tf_data": (TfDataLoader(4, 0, None), partial(examples, WEIGHTS)),
    "generator": (GeneratorLoader(4, False, "generator", "known"), partial(examples, WEIGHTS)),
    "stream": (StreamLoader(shuffle=False), stream),
}


@pytest.mark.parametrize("name", LOADERS)
def test_loss_and_metrics_are_those_of_the_weighed_positions(name: str) -> None:
    loader, data = LOADERS[name]
    given = data()
    model = tagger()
    drawn = loader.batches(given, seed=0, training=False)
    values = evaluate_splits(named_model(model, given.spec), {"test": drawn})["test"]
    assert values["loss"] == pytest.approx(LOSS, rel=1e-5)
    assert values["sparse_categorical_accuracy"] == pytest.approx(
        ((IDS == 2) * WEIGHTS).sum() / WEIGHTS.sum(), rel=1e-5
    )


def test_weights_of_a_function_and_of_the_data_are_multiplied_position_by_position() -> None:
    halves = SampleWeight(None, None, lambda e: np.full((len(e), 2), 0.5), None, ["train"])
    for data in (examples(np.arange(6)), stream()):
        weighed = weigh(Splits(data), [halves]).train
        batch = weighed if isinstance(weighed, Examples) else next(weighed.batches(0))  # type: ignore[union-attr]
        rows = len(batch)
        before = np.repeat(np.arange(6)[:, np.newaxis], 2, axis=1) if rows == 6 else WEIGHTS[:3]
        np.testing.assert_array_equal(batch.weights["y"], before * 0.5)
        if not isinstance(weighed, Examples):
            assert weighed.weight_shapes == {"y": (2,)}


def test_weights_of_another_shape_than_the_positions_are_told() -> None:
    with pytest.raises(
        DataError, match=r"'y': expected one number per example, or per position of its target .*, got shape \(6, 3\)"
    ):
        examples(np.ones((6, 3)))
