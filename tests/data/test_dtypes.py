"""Arrays are taken as numbers in the machine's byte order or as text; anything else is told by name and row."""

from typing import Any

import numpy as np
import pytest

from pipeline.data.dtypes import usable
from pipeline.data.examples import ragged
from pipeline.errors import DataError


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "uint8", "bool", ">f4", ">i8"])
def test_numbers_stay_numbers_in_native_byte_order(dtype: str) -> None:
    array = usable(np.array([0, 1]).astype(dtype), "x")
    assert array.dtype.isnative
    assert array.dtype == np.dtype(dtype).newbyteorder("=")
    assert array.tolist() == [0, 1]


@pytest.mark.parametrize(
    "array", [np.array(["a", "é"]), np.array(["a", "é"], object), np.char.encode(["a", "é"], "utf-8")]
)
def test_text_becomes_strings(array: np.ndarray) -> None:
    found = usable(array, "x")
    assert found.dtype == object
    assert found.tolist() == ["a", "é"]


def test_numbers_as_python_objects_become_numbers() -> None:
    assert usable(np.array([1, 2.5], object), "x").dtype == "float64"
    assert usable(np.array([True, False], object), "x").dtype == "bool"


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array(3.0), "x: expected an array with one row per example, got a single value"),
        (
            np.array(["2020-01-01"], "datetime64[s]"),
            r"x: expected numbers of at most 64 bits or text, got dtype datetime64\[s\]",
        ),
        (np.zeros(2, "complex64"), "x: expected numbers of at most 64 bits or text, got dtype complex64"),
        (np.zeros(2, "longdouble"), "x: expected numbers of at most 64 bits or text, got dtype"),
        (np.array([b"\xff"]), "x: has bytes that are not UTF-8"),
        (np.array([[1, 2], [3, None]], object), "x: row 1: expected only numbers or only text, got None"),
        (np.array(["a", 3], object), "x: row 1: expected only numbers or only text, got an int"),
        (np.array([{}], object), "x: row 0: expected only numbers or only text, got a dict"),
        (np.array([2**70], object), "x: expected whole numbers of at most 64 bits"),
        (ragged([np.zeros((1, 2)), np.zeros((2, 3))]), r"x: row 1 has shape \(2, 3\), but row 0 has \(1, 2\)"),
        (
            ragged([np.zeros(1), np.zeros(2, "int64")]),
            "x: row 1: expected arrays of numbers of one dtype, got an array of int64",
        ),
    ],
)
def test_what_is_neither_is_told(array: Any, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        usable(array, "x")
