"""Predictions: a row an example, labels and probabilities of classes, values of numbers."""

import keras
import numpy as np
import pytest

from pipeline.data.batches import ArrayBatches
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.spec import TargetSpec, spec_of
from pipeline.errors import ConfigError
from pipeline.evaluation.predictions import columns, predict
from pipeline.training import named_model

KINDS = TargetSpec((), "int64", ("cat", "dog"))
SPARSE = keras.losses.SparseCategoricalCrossentropy


def test_rows_are_in_the_order_of_the_input() -> None:
    inputs = {"x": np.arange(5, dtype="float32").reshape(5, 1)}
    examples = Examples(spec_of(inputs, {}), inputs, {})
    model = keras.Sequential([keras.Input((1,)), keras.layers.Rescaling(2.0)])
    batches = ArrayBatches(examples, 2, shuffle=False, seed=0)
    found = predict(named_model(model, examples.spec), batches)
    (values,) = found.values()
    assert values[:, 0].tolist() == [0, 2, 4, 6, 8]
    endless = GeneratorLoader(2, False, "generator", "endless").batches(examples, seed=0, training=True)
    with pytest.raises(ConfigError, match="endless"):
        predict(named_model(model, examples.spec), endless)


def test_classes_have_a_label_and_probabilities() -> None:
    table = columns({"kind": np.array([[0.25, 0.75], [1, 0]])}, {"kind": KINDS}, {"kind": SPARSE()})
    assert list(table) == ["row", "label", "probability_cat", "probability_dog"]
    assert table["label"].tolist() == ["dog", "cat"]
    assert table["row"].tolist() == [0, 1]
    assert table["probability_dog"].tolist() == [0.75, 0]


def test_logits_become_probabilities() -> None:
    table = columns({"k": np.array([[0.0, np.log(3)]])}, {"k": KINDS}, {"k": SPARSE(from_logits=True)})
    assert table["probability_dog"][0] == pytest.approx(0.75)
    binary = keras.losses.BinaryCrossentropy(from_logits=True)
    table = columns({"k": np.array([[-np.log(3)]])}, {"k": KINDS}, {"k": binary})
    assert table["probability_cat"][0] == pytest.approx(0.75)
    assert table["label"].tolist() == ["cat"]


def test_numbers_have_a_value_each() -> None:
    number = TargetSpec((), "float32")
    assert list(columns({"y": np.zeros((2, 1))}, {"y": number}, {})) == ["row", "value"]
    assert list(columns({"y": np.zeros((2, 2))}, {}, {})) == ["row", "value_0", "value_1"]


def test_several_outputs_have_their_name_in_front() -> None:
    table = columns({"kind": np.array([[0.5, 0.5]]), "score": np.zeros((1, 1))}, {"kind": KINDS}, {"kind": SPARSE()})
    assert list(table) == ["row", "kind_label", "kind_probability_cat", "kind_probability_dog", "score_value"]


def test_units_without_a_name_of_a_class_are_numbered() -> None:
    table = columns({"k": np.array([[0.2, 0.3, 0.5]])}, {"k": KINDS}, {"k": SPARSE()})
    assert list(table)[2:] == ["probability_cat", "probability_dog", "probability_2"]


def test_labels_are_whole_numbers_where_all_classes_are_written_as_such() -> None:
    for classes, label in ((("-1", "10"), 10), (("1", "2.5"), "2.5"), (("001", "002"), "002")):
        table = columns({"k": np.array([[0.2, 0.8]])}, {"k": TargetSpec((), "int64", classes)}, {"k": SPARSE()})
        assert table["label"].tolist() == [label]
