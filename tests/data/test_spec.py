"""Shapes, dtypes and classes are inferred from arrays."""

from typing import Any

import numpy as np
import pytest

from pipeline.data.examples import ragged
from pipeline.data.spec import InputSpec, TargetSpec, spec_from_dict, spec_of
from pipeline.errors import ConfigError, DataError


def test_images_and_class_ids() -> None:
    spec = spec_of({"image": np.zeros((4, 8, 8), "uint8")}, {"digit": np.array([0, 2, 1, 2])}, scale=1 / 255)
    assert spec.inputs["image"] == InputSpec((8, 8), "uint8", 1 / 255)
    assert spec.targets["digit"] == TargetSpec((), "int64", ("0", "1", "2"), certain=False)
    assert not spec.targets["digit"].one_hot


def test_rows_of_one_1_among_0s_are_one_hot() -> None:
    spec = spec_of({}, {"kind": np.eye(3, dtype="float32")})
    assert spec.targets["kind"].one_hot
    assert not spec_of({}, {"kind": np.array([[1.0, 1.0], [0.0, 1.0]])}).targets["kind"].one_hot


def test_numbers_have_no_classes_and_0_says_so_of_whole_ones() -> None:
    assert spec_of({}, {"y": np.array([0.5, 1.5])}).targets["y"].classes is None
    assert spec_of({}, {"age": np.array([30, 40])}, classes=0).targets["age"].classes is None


def test_number_of_classes_is_not_taken_from_a_part_of_the_data() -> None:
    assert spec_of({}, {"y": np.array([0, 1])}, whole=False).targets["y"].classes is None
    assert spec_of({}, {"y": np.array([0, 1])}, whole=False, classes=3).targets["y"].classes == ("0", "1", "2")


def test_arrays_of_varying_length_have_none_first() -> None:
    series = ragged([np.zeros((3, 10), "float32"), np.zeros((5, 10), "float32")])
    assert spec_of({"series": series}, {}).inputs["series"].shape == (None, 10)


def test_text_inputs_are_strings_and_text_targets_refused() -> None:
    assert spec_of({"city": np.array(["Oslo", "Rome"])}, {}).inputs["city"].dtype == "string"
    assert spec_of({"city": np.array(["Oslo", "Rome"], object)}, {}).inputs["city"].dtype == "string"
    with pytest.raises(DataError, match=r"target 'city': expected class ids .* or numbers, got text"):
        spec_of({}, {"city": np.array(["Oslo"], object)})


def test_classes_of_an_unknown_target_are_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean 'score'"):
        spec_of({}, {"score": np.zeros(2)}, classes={"scores": 2})
    with pytest.raises(ConfigError, match="give one number per target, by name"):
        spec_of({}, {"a": np.zeros(2, int), "b": np.zeros(2, int)}, classes=2)


def test_spec_comes_back_from_its_dict() -> None:
    spec = spec_of({"image": np.zeros((4, 8, 8), "uint8")}, {"digit": np.array([0, 2, 1, 2]), "y": np.zeros(4)})
    assert spec_from_dict(spec.as_dict()) == spec


def test_class_ids_far_beyond_the_number_of_examples_are_no_classes() -> None:
    assert spec_of({}, {"price": np.array([0, 2**40])}).targets["price"].classes is None
    assert spec_of({}, {"price": np.array([0, 2**40])}, classes=0).targets["price"].classes is None


def test_negative_whole_numbers_have_no_classes() -> None:
    assert spec_of({}, {"y": np.array([-5, -9])}).targets["y"].classes is None


@pytest.mark.parametrize("classes", [-1, 10**12, True, {"y": "two"}, {"y": -1}])
def test_number_of_classes_that_is_none_is_told(classes: Any) -> None:
    with pytest.raises(ConfigError, match=r"expected a number of classes up to .*, or 0 for numbers to regress, got"):
        spec_of({}, {"y": np.array([0, 1])}, classes=classes)


def test_rows_without_any_number_are_told() -> None:
    with pytest.raises(DataError, match=r"input 'x': expected sizes of 1 or more, got shape \(3, 0\)"):
        spec_of({"x": np.zeros((4, 3, 0))}, {})


def test_rows_of_text_do_not_vary() -> None:
    words = np.array([["a", "b"], ["c", "d"]], object)
    assert spec_of({"words": words}, {}).inputs["words"] == InputSpec((2,), "string")
