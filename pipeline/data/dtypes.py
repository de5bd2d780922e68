"""The dtypes that examples may have: numbers in the machine's own byte order, and text as Python strings."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.errors import DataError, with_article

NUMBERS = (int, float, np.number, np.bool_)


def usable(array: np.ndarray, what: str) -> np.ndarray:
    """Returns an array in a dtype that the pipeline and TensorFlow support.

    Args:
        array: One row per example; an object array of arrays (length, ...) has rows that vary in length.
        what: Its name for the message, such as `input 'x'`.

    Returns:
        Numbers, or text as an object array of strings.

    Raises:
        DataError: It is a single value, or holds neither numbers nor text.
    """
    if array.ndim == 0:
        raise DataError(f"{what}: expected an array with one row per example, got a single value")
    kind = array.dtype.kind
    if kind in "UT":
        return array.astype(object)
    if kind == "S":
        return _decoded(array, what)
    if kind == "O":
        return _of_objects(array, what)
    # To NumPy, TensorFlow's bfloat16 has the kind V.
    if (kind not in "iufb" and array.dtype.name != "bfloat16") or array.dtype.itemsize > 8:
        raise DataError(f"{what}: expected numbers of at most 64 bits or text, got dtype {array.dtype}")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _decoded(array: np.ndarray, what: str) -> np.ndarray:
    try:
        return np.char.decode(array, "utf-8").astype(object)
    except UnicodeDecodeError as error:
        raise DataError(f"{what}: has bytes that are not UTF-8 text") from error


def _of_objects(array: np.ndarray, what: str) -> np.ndarray:
    values = array.reshape(-1)
    if len(values) and isinstance(values[0], np.ndarray):
        return _of_arrays(array, what)
    if all(isinstance(value, str) for value in values):
        return array
    if all(isinstance(value, NUMBERS) for value in values):
        numbers = np.array(array.tolist())
        if numbers.dtype.kind in "iufb":
            return numbers
        raise DataError(f"{what}: expected whole numbers of at most 64 bits, got larger ones")
    kind = NUMBERS if isinstance(values[0], NUMBERS) else str
    index, found = next((index, value) for index, value in enumerate(values) if not isinstance(value, kind))
    row = index * len(array) // len(values)
    raise DataError(f"{what}: row {row}: expected only numbers or only text, got {_described(found)}")


def _of_arrays(array: np.ndarray, what: str) -> np.ndarray:
    first = array[0]
    for row, value in enumerate(array):
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "iufb" or value.dtype != first.dtype:
            found = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else _described(value)
            raise DataError(f"{what}: row {row}: expected arrays of numbers of one dtype, got {found}")
        if value.shape[1:] != first.shape[1:] or not value.ndim:
            raise DataError(
                f"{what}: row {row} has shape {value.shape}, but row 0 has {first.shape}; only the first size may vary"
            )
    return array


def _described(value: Any) -> str:
    return "None" if value is None else with_article(value)
