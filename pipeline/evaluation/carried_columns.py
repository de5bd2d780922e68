"""Columns of the data that predictions carry on, such as ids, in the values that they have in the file."""

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
"""How numbers are written: what is written otherwise, such as 007, is text."""
LARGEST = 2**53
"""Whole numbers up to it are exact as float64."""


def carried_columns(
    origin: Origin | None, wanted: Sequence[str], optional: Collection[str], *, as_text: bool
) -> dict[str, Any]:
    """Returns columns of the data by name, a `pandas.Series` or an array of shape (examples, ...) each.

    Args:
        origin: The rows that the examples are from.
        wanted: Names of columns.
        optional: Those of them that may not be there, as the training needed them and new data need not have them.
        as_text: Whether the text of a file that has nothing else stays text where it is of numbers.

    Raises:
        DataError: There is no such column.
    """
    if not wanted:
        return {}
    if origin is None or not origin.names:
        raise DataError(f"data.columns: the data has no column '{wanted[0]}', as it is no table; [] is right")
    found: dict[str, Any] = {}
    for name in dict.fromkeys(wanted):
        if name in origin.columns:
            values = origin.columns[name]
            # By the whole column: of what type it is must not depend on the split.
            written = (
                _as_written(values, typed=origin.as_text and not as_text) if isinstance(values, pd.Series) else values
            )
            found[name] = origin.by_example(written)
        elif name in origin.names and origin.names.count(name) > 1:
            raise DataError(f"{origin.name}: has the column '{name}' {origin.names.count(name)} times; once is right")
        elif name not in optional:
            raise DataError(f"{origin.name}: has no column '{name}' (data.columns){nearest(name, origin.names)}")
        else:
            log.info("data.columns: %s has no column '%s', so its predictions have none", origin.name, name)
    return found


def beside(carried: Mapping[str, Any], predicted: Mapping[str, Any]) -> dict[str, Any]:
    """Returns one table: `row`, the columns that are carried on, then what is predicted.

    A carried column of the name of another one is `data_<name>`.
    """
    table = {"row": predicted["row"]}
    for name, values in carried.items():
        free = name
        while free in predicted or free in table or (free != name and free in carried):
            free = f"data_{free}"
        if free != name:
            log.info(
                "data.columns: column '%s' is '%s' in the predictions, which have their own '%s'", name, free, name
            )
        table[free] = values
    return {**table, **predicted}


def _as_written(values: pd.Series, *, typed: bool) -> pd.Series:
    """Returns a column with whole numbers whole, though some are missing, and text as numbers where it is of such."""
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
        # Beyond 64 bits.
        return values
    return numbers.astype("Int64" if whole else "Float64").reindex(text.index)
