"""Hashes of rows, which find equal rows without comparing all pairs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

BLOCK_BYTES = 2**26


def row_hashes(arrays: Iterable[np.ndarray], length: int) -> np.ndarray:
    """Returns a uint64 for each row, the same for rows where all arrays have the same values.

    A pair of different rows gets the same hash with a probability of about 1 in 2**64.

    Args:
        arrays: Shape (rows, ...), of numbers, text, or arrays of varying length.
        length: Number of rows.
    """
    total = np.zeros(length, "uint64")
    for index, array in enumerate(arrays):
        # The order of the arrays counts: (1, 2) is not (2, 1).
        total = _mixed(total) + _of_array(array) * np.uint64(2 * index + 1)
    return _mixed(total)


def _of_array(array: np.ndarray) -> np.ndarray:
    if array.dtype == object or array.dtype.kind in "USOT":
        return _of_objects(array)
    flat = np.ascontiguousarray(array).reshape(len(array), -1)
    rows = max(1, BLOCK_BYTES // max(1, flat[:1].nbytes * 4))
    blocks = [_of_numbers(flat[start : start + rows]) for start in range(0, len(flat), rows)]
    return np.concatenate(blocks) if blocks else np.zeros(0, "uint64")


def _of_numbers(flat: np.ndarray) -> np.ndarray:
    if flat.dtype.kind == "f":
        # Floats have several zeros and NaNs; all of them count as one.
        flat = np.where(np.isnan(flat), flat.dtype.type(np.nan), flat + flat.dtype.type(0))
    width = flat.dtype.itemsize * flat.shape[1]
    bytes_ = flat.view("uint8").reshape(len(flat), width)
    padded = np.zeros((len(flat), -(-width // 8) * 8), "uint8")
    padded[:, :width] = bytes_
    lanes = _mixed(padded.view("uint64"))
    multipliers = np.random.default_rng(0).integers(0, 2**63, lanes.shape[1], dtype="uint64") * np.uint64(
        2
    ) + np.uint64(1)
    return np.asarray((lanes * multipliers).sum(axis=1, dtype="uint64"))


def _of_objects(array: np.ndarray) -> np.ndarray:
    import pandas as pd

    if array.ndim > 1:
        columns = array.reshape(len(array), -1)
        return row_hashes((columns[:, index] for index in range(columns.shape[1])), len(array))
    texts = array.astype(object)
    if len(texts) and isinstance(texts[0], np.ndarray):
        texts = np.array([f"{row.shape}".encode() + row.tobytes() for row in texts], object)
    return np.asarray(pd.util.hash_array(texts), "uint64")


def _mixed(values: np.ndarray) -> np.ndarray:
    """Returns numbers whose bits all depend on all bits (the finalizer of G. Steele's SplitMix64)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
