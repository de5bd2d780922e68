"""The values of a column as numbers, in any format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.data.tables import durations, numerals
from pipeline.data.tables.column import NOTHING, TEXT, Column, sample

PLAIN, WRITTEN, CLOCK, TRUTH = "plain", "written", "clock", "truth"
LARGEST_WHOLE = 2**53
"""Up to this number, float64 represents all whole numbers exactly."""


@dataclass(frozen=True)
class Numbers:
    """A column as numbers.

    Attributes:
        values: float64, NaN if a value is missing or not a number.
        wrong: Which rows have a value that is not a number.
        form: Their format: `plain`, `written` (such as with units), `clock`, or `truth`.
        share: Share of numbers among the existing values.
    """

    values: np.ndarray
    wrong: np.ndarray
    form: str
    share: float


def numbers_of(column: Column) -> Numbers:
    """Returns a column as numbers in the format that fits most of its values; plain numbers fit every format."""
    return column.once("numbers", lambda: _look(column))


def _look(column: Column) -> Numbers:
    import pyarrow as pa

    if pa.types.is_primitive(column.array.type):
        return Numbers(_float64(column), np.zeros(len(column), bool), PLAIN, 1.0)
    if column.holds == NOTHING:
        return Numbers(np.full(len(column), np.nan), np.zeros(len(column), bool), PLAIN, 1.0)
    found = _numbers(column, numerals.plain(column.array), PLAIN)
    if not found.wrong.any():
        return found
    others: dict[str, Callable[[Any], np.ndarray]] = {
        WRITTEN: numerals.written,
        CLOCK: durations.seconds,
        TRUTH: numerals.truths,
    }
    for form, read in others.items():
        if np.isnan(read(sample(column.distinct))).all():
            continue
        values = read(column.distinct)
        mixed = values if form == WRITTEN else np.where(np.isnan(values), numerals.plain(column.distinct), values)
        other = _numbers(column, column.spread(mixed), form)
        if other.share > found.share:
            found = other
    return found


def has_codes(column: Column) -> bool:
    """Whether a column has digits with leading zeros, like postal codes."""
    import pyarrow.compute as pc

    return column.holds == TEXT and bool(pc.any(pc.match_substring_regex(column.array, r"^0\d+$")).as_py())


def beyond_float64(column: Column) -> bool:
    """Whether a column has whole numbers that are too large for float64 to represent exactly."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = column.array
    if column.holds == TEXT:
        long = pc.match_substring_regex(array, r"^[+-]?\d{16,}$")
        digits = array.filter(long.fill_null(False))
        return bool(len(digits)) and bool((np.abs(np.asarray(digits.cast(pa.float64()))) >= LARGEST_WHOLE).any())
    if not pa.types.is_integer(array.type):
        return False
    lowest, highest = (value.as_py() or 0 for value in pc.min_max(array).values())
    return max(-int(lowest), int(highest)) > LARGEST_WHOLE


def dtype_for(values: np.ndarray) -> str:
    """Returns the dtype for numbers: float64 if float32 would lose differences between them.

    That is so if float32 would make two whole numbers equal, cannot hold a number, or would round by more than a
    ten-thousandth of the standard deviation.
    """
    given = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        single = given.astype("float32").astype("float64")
    if not len(given) or (single == given).all():
        return "float32"
    if np.isinf(single).any() or ((single == 0) & (given != 0)).any():
        return "float64"
    if (given == np.floor(given)).all():
        return "float64" if len(np.unique(single)) < len(np.unique(given)) else "float32"
    return "float64" if np.abs(single - given).max() > 1e-4 * given.std() > 0 else "float32"


def _numbers(column: Column, values: np.ndarray, form: str) -> Numbers:
    present = column.present
    wrong = present & np.isnan(values)
    count = int(present.sum())
    return Numbers(np.where(present, values, np.nan), wrong, form, 1 - wrong.sum() / count if count else 1.0)


def _float64(column: Column) -> np.ndarray:
    import pyarrow as pa

    array = column.array
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    return np.asarray(array.to_numpy(zero_copy_only=False)).astype("float64")
