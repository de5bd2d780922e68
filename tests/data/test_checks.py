"""Wrong values are told by name and row."""

import numpy as np
import pytest

from pipeline.data.checks import check_class_range, check_classes, check_shapes, check_values
from pipeline.data.examples import Examples, ragged
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec, spec_of
from pipeline.errors import DataError

IDS = DataSpec({}, {"y": TargetSpec((), "int64", ("0", "1", "2"))})
ONE_HOT = DataSpec({}, {"y": TargetSpec((3,), "float32", ("0", "1", "2"))})


def test_finite_values_in_range_pass() -> None:
    check_values(Examples(IDS, {}, {"y": np.array([0, 2])}, {"y": np.array([0.0, 1.5])}))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_number_that_is_not_finite_is_told_by_row(value: float) -> None:
    inputs = {"x": np.array([[1.0, 2.0], [3.0, value]])}
    with pytest.raises(DataError, match=f"input 'x' of the train split: row 1: expected finite numbers, got {value}"):
        check_values(Examples(spec_of(inputs, {}), inputs, {}), "the train split")


def test_nan_in_a_series_of_varying_length_is_told() -> None:
    inputs = {"s": ragged([np.ones((1, 2)), np.full((2, 2), np.nan)])}
    with pytest.raises(DataError, match="input 's': row 1: expected finite numbers, got nan"):
        check_values(Examples(spec_of(inputs, {}), inputs, {}))


def test_nan_passes_where_values_may_be_missing() -> None:
    spec = DataSpec({"age": InputSpec((), "float32", missing=True)}, {})
    check_values(Examples(spec, {"age": np.array([np.nan])}, {}))


def test_nan_target_and_nan_or_negative_weight_are_told() -> None:
    targets = {"y": np.array([0.5, np.nan])}
    with pytest.raises(DataError, match="target 'y': row 1: expected finite numbers, got nan"):
        check_values(Examples(spec_of({}, targets), {}, targets))
    with pytest.raises(DataError, match="sample weight of 'y': row 0: expected finite numbers, got nan"):
        check_values(Examples(IDS, {}, {"y": np.array([0, 1])}, {"y": np.array([np.nan, 1.0])}))
    with pytest.raises(DataError, match=r"sample weight of 'y': row 1: expected 0 or more, got -0.5"):
        check_values(Examples(IDS, {}, {"y": np.array([0, 1])}, {"y": np.array([1.0, -0.5])}))


@pytest.mark.parametrize("wrong", [3, -1])
def test_class_id_outside_the_range_is_told(wrong: int) -> None:
    with pytest.raises(DataError, match=f"row 1: expected a class id from 0 to 2, got {wrong}"):
        check_values(Examples(IDS, {}, {"y": np.array([0, wrong])}))


def test_row_that_is_not_one_hot_is_told() -> None:
    with pytest.raises(DataError, match="row 1: expected a one-hot row"):
        check_values(Examples(ONE_HOT, {}, {"y": np.array([[1.0, 0, 0], [0.5, 0.5, 0]])}))


def test_one_class_only_is_told() -> None:
    with pytest.raises(DataError, match="expected two or more classes, got only class 1"):
        check_classes(Examples(IDS, {}, {"y": np.array([1, 1])}), "the train split")
    check_classes(Examples(IDS, {}, {"y": np.array([1, 0])}), "the train split")


def test_input_shape_that_the_model_does_not_take_is_told() -> None:
    spec = DataSpec({"x": InputSpec((8, 8), "uint8"), "s": InputSpec((None, 10), "float32")}, {})
    check_shapes(spec, {"x": (8, 8), "s": (None, 10)})
    with pytest.raises(DataError, match=r"input 'x': has shape \(8, 8\), but the model expects \(28, 28\)"):
        check_shapes(spec, {"x": (28, 28)})
    with pytest.raises(DataError, match="but the model expects"):
        check_shapes(spec, {"x": (8, 8, 1)})


def test_more_classes_than_output_units_are_told() -> None:
    with pytest.raises(DataError, match="class id 2 is outside the model's range 0 to 1"):
        check_class_range(IDS, {"y": (2,)})
    with pytest.raises(DataError, match="3 classes, but the model's output has 5 units"):
        check_class_range(ONE_HOT, {"y": (5,)})
    check_class_range(IDS, {"y": (3,)})


def test_infinity_is_told_where_values_may_be_missing() -> None:
    spec = DataSpec({"age": InputSpec((), "float32", missing=True)}, {})
    with pytest.raises(DataError, match="input 'age': row 1: expected finite numbers, got inf"):
        check_values(Examples(spec, {"age": np.array([np.nan, np.inf])}, {}))


def test_number_beyond_float32_is_told() -> None:
    inputs = {"x": np.array([1.0, 1e300])}
    with pytest.raises(DataError, match=r"got 1e\+300, which is too large for float32"):
        check_values(Examples(spec_of(inputs, {}), inputs, {}))
