"""The tuples of Keras users, in any of their forms, become examples; wrong ones are told."""

from typing import Any

import numpy as np
import pytest

from pipeline.data.spec import spec_of
from pipeline.data.tuples import Names, examples_of, with_varying
from pipeline.errors import DataError

ONE = Names(["x"], ["y"])
TWO = Names(["a", "b"], ["c", "d"])
A, B, C, D = np.zeros((3, 2)), np.ones((3, 4)), np.array([0, 1, 1]), np.array([0.5, 1, 2])


@pytest.mark.parametrize("element", [(A, C), ([A], [C]), ({"x": A}, {"y": C})], ids=["bare", "list of one", "dict"])
def test_one_input_and_target_in_each_form(element: Any) -> None:
    examples = examples_of(element, ONE)
    assert examples.inputs["x"].shape == (3, 2)
    assert examples.targets["y"].tolist() == [0, 1, 1]


@pytest.mark.parametrize("element", [([A, B], [C, D]), ((A, B), (C, D)), ({"b": B, "a": A}, {"d": D, "c": C})])
def test_several_inputs_and_targets_by_position_and_by_name(element: Any) -> None:
    examples = examples_of(element, TWO)
    assert examples.inputs["b"].shape == (3, 4)
    assert examples.targets["d"].tolist() == [0.5, 1, 2]
    assert examples.weights == {}


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (np.array([1, 2, 3]), {"c": [1, 2, 3], "d": [1, 2, 3]}),
        ([None, np.array([1, 2, 3])], {"d": [1, 2, 3]}),
        ({"c": np.array([[1], [2], [3]])}, {"c": [1, 2, 3]}),
    ],
)
def test_weights_for_all_or_for_some_targets(weights: Any, expected: dict[str, list[float]]) -> None:
    examples = examples_of(([A, B], [C, D], weights), TWO)
    assert {name: w.tolist() for name, w in examples.weights.items()} == expected


def test_list_of_arrays_of_varying_length_is_one_input() -> None:
    examples = examples_of(([A, [np.zeros((1, 4)), np.zeros((3, 4)), np.zeros((2, 4))]], [C, D]), TWO)
    assert examples.spec.inputs["b"].shape == (None, 4)
    assert examples.padded().inputs["b"].shape == (3, 3, 4)


def test_inputs_alone_are_enough_where_no_targets_are_wanted() -> None:
    assert examples_of(A, ONE, with_targets=False).targets == {}
    assert examples_of((A, C), ONE, with_targets=False).targets == {}


@pytest.mark.parametrize(
    ("element", "names", "expected"),
    [
        (
            A,
            ONE,
            "expected a tuple (inputs, targets) or (inputs, targets, sample_weights), got an array of shape (3, 2)",
        ),
        ([A, C], ONE, "(inputs, targets, sample_weights), got a list of 2 parts"),
        ((A,), ONE, "got a tuple of 1 parts"),
        ((A, C, D, B), ONE, "got a tuple of 4 parts"),
        (([A, B], [C]), TWO, "expected one array per name in targets (c, d), got 1"),
        ((A, [C, D]), TWO, "expected one array per name in inputs (a, b), got 1"),
        (({"a": A, "B": B}, [C, D]), TWO, "inputs have no 'b'; did you mean 'B'?"),
        (([A, B], [C, D], {"e": C}), TWO, "sample weights for 'e': no such target"),
        ((A, 3), ONE, "targets 'y': expected an array with one row per example, got an int"),
        ((A, np.zeros(2)), ONE, "input 'x' has 3, target 'y' has 2"),
    ],
)
def test_wrong_tuple_is_told(element: Any, names: Names, expected: str) -> None:
    with pytest.raises(DataError) as error:
        examples_of(element, names)
    assert expected in str(error.value)


def test_varying_input_must_be_one() -> None:
    spec = spec_of({"series": np.zeros((2, 5, 3))}, {})
    assert with_varying(spec, ["series"]).inputs["series"].shape == (None, 3)
    with pytest.raises(DataError, match="did you mean 'series'"):
        with_varying(spec, ["serie"])


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (np.ones((3, 2)), r"sample weights of 'y': expected one number per example, got shape \(3, 2\)"),
        (np.array(["a", "b", "c"]), "sample weights of 'y': expected one number per example, got text"),
        (1.0, "sample weights of 'y': expected an array with one row per example, got a float"),
        ([[1], [2, 3]], "sample weights of 'y' cannot be converted to an array"),
    ],
)
def test_weights_that_are_not_one_number_an_example_are_told(weights: Any, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        examples_of((A, C, {"y": weights}), ONE)
