"""The column that data is split by: found in the data, and read as groups or as times."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.moments import moment_text
from pipeline.data.spec import TIME
from pipeline.data.streams import ExampleStream
from pipeline.errors import ConfigError, DataError, nearest

if TYPE_CHECKING:
    import pandas as pd

MISSING_TEXTS = ("", "[missing]")
"""Text that marks a missing value in a text column."""
TIME_FORMS: tuple[dict[str, Any], ...] = ({}, {"format": "ISO8601"}, {"dayfirst": True})
"""How pandas parses date texts: the first way that parses all of them is used, never one guess per value."""


def split_column(data: Examples | ExampleStream, name: str) -> np.ndarray:
    """Returns the values of a column, an input or a target by name, of shape (examples,).

    Raises:
        ConfigError: It does not exist, or has several values per example.
    """
    chunks = [data] if isinstance(data, Examples) else list(data.chunks())
    found = [_of_examples(chunk, name) for chunk in chunks]
    values = np.concatenate(found) if found else np.array([])
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ConfigError(f"split.column: expected one value per example in '{name}', got shape {values.shape[1:]}")
    return values


def value_text(data: Examples | ExampleStream, name: str, value: object) -> str:
    """Returns a value of `split_column` for a message: a moment of a time input as a date, anything else unchanged."""
    spec = data.spec.inputs.get(name)
    of_time = spec is not None and spec.kind == TIME and isinstance(value, (float, np.floating))
    return moment_text(float(value)) if of_time else str(value)  # type: ignore[arg-type]


def as_written(series: pd.Series, missing_texts: Sequence[str]) -> np.ndarray:
    """Returns a column of a table: numbers unchanged, anything else, including dates, as text, empty if missing."""
    if series.dtype.kind in "iufb":
        # pandas' own dtypes have pd.NA for a missing value.
        return series.to_numpy("float64", na_value=np.nan) if series.hasnans else series.to_numpy()
    texts = series.astype(str).str.strip()
    return texts.where(series.notna() & ~texts.isin(list(missing_texts)), "").to_numpy(object)


def groups(values: np.ndarray) -> np.ndarray:
    """Returns the number of each row's group, int64 of shape (rows,); a row without a value is its own group."""
    import pandas as pd

    numbers, known = pd.factorize(_as_texts(values))
    numbers = numbers.astype("int64")
    alone = missing(values)
    numbers[alone] = len(known) + np.arange(alone.sum())
    return np.unique(numbers, return_inverse=True)[1].astype("int64")


def ranks(values: np.ndarray, name: str) -> np.ndarray:
    """Returns the rank of each row in time, float64 of shape (rows,), equal for equal times, NaN if missing.

    Args:
        values: Numbers, dates, or text of either.
        name: The column's name, for messages.

    Raises:
        DataError: A value is none of these.
    """
    import pandas as pd

    there = ~missing(values)
    series = pd.Series(_as_texts(values))[there]
    if series.dtype.kind not in "iufb":
        numbers = pd.to_numeric(series, errors="coerce")
        series = numbers if numbers.notna().all() else _times(series, name)
    found = np.full(len(values), np.nan)
    found[there] = series.rank(method="dense").to_numpy("float64")
    return found


def missing(values: np.ndarray) -> np.ndarray:
    """Returns which rows have no value."""
    import pandas as pd

    absent = np.asarray(pd.isna(values))
    if values.dtype.kind in "OUS":
        absent |= np.isin(_as_texts(values).astype(str), MISSING_TEXTS)
    return absent


def _of_examples(examples: Examples, name: str) -> np.ndarray:
    for arrays in (examples.columns, examples.inputs, examples.targets):
        if name in arrays:
            return np.asarray(arrays[name])
    known = dict.fromkeys([*examples.columns, *examples.inputs, *examples.targets])
    raise ConfigError(f"split.column: no column '{name}'{nearest(name, known)}")


def _as_texts(values: np.ndarray) -> np.ndarray:
    """Returns values with bytes, as streams have them, decoded to text."""
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8").astype(object)
    if values.dtype.kind == "O" and any(isinstance(value, bytes) for value in values[:1]):
        return np.array([value.decode() if isinstance(value, bytes) else value for value in values], object)
    return values.astype(object) if values.dtype.kind == "U" else values


def _times(series: pd.Series, name: str) -> pd.Series:
    wrong = None
    for form in TIME_FORMS:
        times = _in_form(series, form)
        if times.notna().all():
            return times
        wrong = times.isna() if wrong is None or times.isna().sum() < wrong.sum() else wrong
    assert wrong is not None
    row = int(series.index[wrong.to_numpy()][0])
    raise DataError(
        f"split.column: row {row} of '{name}': expected dates in one format, or numbers, as times, got '{series[row]}'"
    )


def _in_form(series: pd.Series, form: Mapping[str, Any]) -> pd.Series:
    """Returns texts as times, NaT for those in another format than the first one."""
    import pandas as pd

    with warnings.catch_warnings():
        # If the first one shows no format, pandas would warn and guess each one separately.
        warnings.filterwarnings("error", "Could not infer format", UserWarning)
        warnings.filterwarnings("ignore", "Parsing dates", UserWarning)
        try:
            return pd.to_datetime(series, errors="coerce", utc=True, **form)
        except UserWarning:
            return pd.Series(pd.NaT, series.index)
