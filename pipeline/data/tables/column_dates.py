"""The values of a column as times: date texts, and numbers that count from 1970 or are dates themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.data.tables.column import MOMENTS, NOTHING, Column
from pipeline.data.tables.column_numbers import numbers_of
from pipeline.data.tables.date_texts import parsed_dates

DIGITS, YEAR = "digits", "year"
SECONDS = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
"""Units that numbers may count from 1970 in, and their number per second."""


@dataclass(frozen=True)
class ColumnDates:
    """A column as times.

    Attributes:
        seconds: float64 seconds since 1970 (UTC), NaN if a value is missing or not a time.
        wrong: Which rows have a value that is not a time.
        form: Their format if one value alone is ambiguous, see `InputSpec.form`.
        doubtful: Whether the values leave the order of day and month open.
        share: Share of times among the existing values.
    """

    seconds: np.ndarray
    wrong: np.ndarray
    form: str
    doubtful: bool
    share: float


def dates_of(column: Column, form: str) -> ColumnDates:
    """Returns a column as times.

    Args:
        column: The column.
        form: Their format, see `ColumnDates.form`; empty to detect it.
    """
    return column.once(("moments", form), lambda: _look(column, form))


def _look(column: Column, form: str) -> ColumnDates:
    if column.holds == NOTHING:
        return _of(column, np.full(len(column), np.nan), form)
    if column.holds == MOMENTS:
        return _of(column, column.array.to_numpy(zero_copy_only=False), form)
    if pa.types.is_primitive(column.array.type):
        return _of_numbers(column, numbers_of(column).values, form)
    numbers = numbers_of(column)
    if numbers.share == 1:
        return _of_numbers(column, numbers.values, form)
    found = parsed_dates(column.distinct, form)
    return _of(column, column.spread(found.seconds), found.order, doubtful=found.doubtful)


def _of_numbers(column: Column, values: np.ndarray, form: str) -> ColumnDates:
    """Returns numbers as times: years, dates such as 20200131, or units since 1970, judged by the median."""
    given = values[np.isfinite(values)]
    if form not in (DIGITS, YEAR, *SECONDS):
        middle = float(np.median(np.abs(given))) if len(given) else 0.0
        form = YEAR if 1000 <= middle < 3000 else "seconds"
        if 1e7 <= middle < 1e8 and not np.isnan(_of_digits(given)).any():
            form = DIGITS
        form = next((unit for unit, many in SECONDS.items() if many > 1 and 1e8 <= middle / many < 1e11), form)
    if form in SECONDS:
        return _of(column, values / SECONDS[form], form)
    return _of(column, _of_digits(values if form == DIGITS else values * 10000 + 101), form)


def _of_digits(values: np.ndarray) -> np.ndarray:
    found = np.full(len(values), np.nan)
    rows = np.flatnonzero((values == np.floor(values)) & (values >= 1e7) & (values < 1e8))
    texts = values[rows].astype("int64").astype(str).tolist()
    found[rows] = parsed_dates(pa.array([f"{t[:4]}-{t[4:6]}-{t[6:]}" for t in texts], pa.large_string())).seconds
    return found


def _of(column: Column, seconds: np.ndarray, form: str, *, doubtful: bool = False) -> ColumnDates:
    present = column.present
    wrong = present & np.isnan(seconds)
    count = int(present.sum())
    share = 1 - wrong.sum() / count if count else 1.0
    return ColumnDates(np.where(present, seconds, np.nan), wrong, form, doubtful, share)
