"""Examples: rows, padding, weights, counts and fingerprints."""

import numpy as np
import pytest

from pipeline.data.examples import Examples, ragged
from pipeline.data.spec import spec_of
from pipeline.errors import DataError


def make(inputs: dict[str, np.ndarray], targets: dict[str, np.ndarray], **more: dict[str, np.ndarray]) -> Examples:
    return Examples(spec_of(inputs, targets), inputs, targets, **more)


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(DataError, match="input 'x' has 3, target 'y' has 2"):
        make({"x": np.zeros((3, 2))}, {"y": np.zeros(2)})


def test_rows_are_taken_from_every_array_in_order() -> None:
    examples = make(
        {"x": np.arange(4)}, {"y": np.arange(4) / 2}, weights={"y": np.arange(4.0)}, columns={"id": np.arange(4) * 10}
    )
    part = examples.rows(np.array([3, 1]))
    assert list(part.inputs["x"]) == [3, 1]
    assert list(part.targets["y"]) == [1.5, 0.5]
    assert list(part.weights["y"]) == [3, 1]
    assert list(part.columns["id"]) == [30, 10]
    assert len(part) == 2


def test_inputs_of_varying_length_are_padded_with_zeros_at_the_end() -> None:
    series = ragged([np.ones((1, 2), "float32"), np.ones((3, 2), "float32")])
    padded = make({"series": series}, {}).padded().inputs["series"]
    assert padded.shape == (2, 3, 2)
    assert padded.dtype == "float32"
    assert padded[0].tolist() == [[1, 1], [0, 0], [0, 0]]


def test_text_is_not_padded() -> None:
    examples = make({"city": np.array(["Oslo", "Rome"], object)}, {})
    assert list(examples.padded().inputs["city"]) == ["Oslo", "Rome"]


def test_weights_multiply_those_that_are_there() -> None:
    examples = make({}, {"y": np.array([0.0, 1.0])}, weights={"y": np.array([2.0, 3.0], "float32")})
    weighed = examples.weighed_by(lambda e: {"y": np.array([10.0, 0.5])})
    assert weighed.weights["y"].tolist() == [20, 1.5]
    assert weighed.weights["y"].dtype == "float32"


def test_classes_are_counted_from_ids_and_from_one_hot_rows() -> None:
    assert make({}, {"y": np.array([2, 0, 2])}).class_counts("y").tolist() == [1, 0, 2]
    assert make({}, {"y": np.eye(3)[[2, 0, 2]]}).class_counts("y").tolist() == [1, 0, 2]
    with pytest.raises(DataError, match="has no classes"):
        make({}, {"y": np.array([0.5, 1.5])}).class_counts("y")


def test_fingerprint_changes_with_any_value_and_with_nothing_else() -> None:
    first = make({"x": np.arange(4.0)}, {"y": np.arange(4)}).fingerprint()
    again = make({"x": np.arange(4.0)}, {"y": np.arange(4)}).fingerprint()
    other = make({"x": np.array([0, 1, 2, 3.5])}, {"y": np.arange(4)}).fingerprint()
    assert first == again
    assert first["sha256"] != other["sha256"]
    assert first["examples"] == 4


def test_rows_of_another_shape_than_in_the_training_data_are_refused() -> None:
    spec = spec_of({"x": np.zeros((3, 2))}, {})
    with pytest.raises(DataError, match=r"input 'x': expected shape \(2,\) as in the training data, got \(4,\)"):
        Examples(spec, {"x": np.zeros((3, 4))}, {})
    varying = spec_of({"s": ragged([np.zeros((1, 2)), np.zeros((3, 2))])}, {})
    assert len(Examples(varying, {"s": np.zeros((5, 7, 2))}, {})) == 5


def test_classes_of_positions_are_counted_and_labels_are_no_classes() -> None:
    targets = {"y": np.array([[0, 1], [1, 0], [1, 2]])}
    assert Examples(spec_of({}, targets), {}, targets).class_counts("y").tolist() == [2, 3, 1]
    labels = {"y": np.array([[0, 1], [1, 0], [1, 1]])}
    with pytest.raises(DataError, match="target 'y' has labels that are not mutually exclusive"):
        Examples(spec_of({}, labels), {}, labels).class_counts("y")
