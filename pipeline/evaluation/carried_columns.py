"""Data columns copied into the predictions, such as ids, with the values that they have in the file."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.origin import Origin
from pipeline.errors import DataError, nearest

log = logging.getLogger(__name__)
WHOLE, NUMBER = r"-?(0|[1-9][0-9]*)", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
"""How numbers are written. Anything written differently, such as 007, is text."""
LARGEST = 2**53
"""Whole numbers up to this one are exact in float64."""


def carried_columns(
    origin: Origin | None, wanted: Sequence[str], optional: Collection[str], *, as_text: bool
) -> dict[str, Any]:
    """Returns data columns by name: each a `pandas.Series` or an array of shape (examples, ...).

    Args:
        origin: The rows that the examples come from.
        wanted: Names of columns.
        optional: The wanted columns that may be missing: training needed them, but new data need not have them.
        as_text: Whether numbers in a text-only file stay text.

    Raises:
        DataError: A column does not exist.
    """
    if not wanted:
        return {}
    if origin is None or not origin.names:
        raise DataError(
            f"data.columns: the data has no column '{wanted[0]}', as it is not a table; set data.columns=[]"
        )
    found: dict[str, Any] = {}
    for name in dict.fromkeys(wanted):
        if name in origin.columns:
            values = origin.columns[name]
            # Decided from the whole column, so that its type does not depend on the split.
            written = (
                _as_written(values, typed=origin.as_text and not as_text) if isinstance(values, pd.Series) else values
            )
            found[name] = origin.by_example(written)
        elif name in origin.names and origin.names.count(name) > 1:
            raise DataError(
                f"{origin.name}: expected one column '{name}', got {origin.names.count(name)} (data.columns)"
            )
        elif name not in optional:
            raise DataError(f"{origin.name}: has no column '{name}' (data.columns){nearest(name, origin.names)}")
        else:
            log.info("data.columns: %s has no column '%s', so the predictions have none either", origin.name, name)
    return found


def beside(carried: Mapping[str, Any], predicted: Mapping[str, Any]) -> dict[str, Any]:
    """Returns one table: `row`, the columns copied from the data, then the predictions.

    A copied column whose name is taken becomes `data_<name>`.
    """
    table = {"row": predicted["row"]}
    for name, values in carried.items():
        free = name
        while free in predicted or free in table or (free != name and free in carried):
            free = f"data_{free}"
        if free != name:
            log.info(
                "data.columns: column '%s' is named '%s' in the predictions, which have their own '%s'",
                name,
                free,
                name,
            )
        table[free] = values
    return {**table, **predicted}


def _as_written(values: pd.Series, *, typed: bool) -> pd.Series:
    """Returns a column with whole numbers as integers even if some are missing, and with numeric text as numbers."""
    if values.dtype.kind == "f" and values.hasnans:
        present = values.dropna()
        if len(present) and (present == np.floor(present)).all() and present.abs().max() < LARGEST:
            return values.astype("Int64")
    if not typed or not (values.dtype == object or pd.api.types.is_string_dtype(values.dtype)):
        return values
    text = values.astype("string")
    given = text[text.notna() & (text != "")]
    if not len(given):
        return values
    if not given.str.fullmatch(NUMBER).all():
        return values
    numbers = pd.to_numeric(given)
    whole = bool(given.str.fullmatch(WHOLE).all())
    if whole and numbers.dtype.kind != "i":
        # Larger than 64 bits.
        return values
    return numbers.astype("Int64" if whole else "Float64").reindex(text.index)
