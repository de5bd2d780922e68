"""The values of a column as texts, one category per text."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.data.tables.column import MOMENTS, Column

MISSING_TEXT = "[missing]"
"""Marks a missing category. (Keras' StringLookup would lose an empty text when it is saved.)"""


def category_texts(column: Column) -> np.ndarray:
    """Returns a column as single-line texts, an object array of shape (rows,), `MISSING_TEXT` for missing ones."""
    if not len(column.distinct):
        return np.full(len(column), MISSING_TEXT, object)
    names = distinct_texts(column)
    cleaned = np.array([_one_line(name) or MISSING_TEXT for name in names], object)
    return np.where(column.present, column.spread(cleaned), MISSING_TEXT)


def distinct_texts(column: Column) -> list[str]:
    """Returns the different values of a column as text: numbers as short as possible, times in ISO format."""
    import pyarrow as pa

    kind: Any = column.distinct.type
    if column.holds == MOMENTS:
        moments = np.asarray(column.distinct).astype("int64").astype("datetime64[s]")
        days = moments.astype("datetime64[D]")
        texts = (days if (days == moments).all() else moments).astype(str)
        return [text.replace("T", " ") for text in texts.tolist()]
    if pa.types.is_floating(kind):
        return [number_as_text(value) for value in np.asarray(column.distinct)]
    return [str(value) for value in column.distinct.to_pylist()]


def number_as_text(value: Any) -> str:
    """Returns a number as text, a whole one without a decimal point, `MISSING_TEXT` for NaN."""
    if np.isnan(value):
        return MISSING_TEXT
    return str(int(value)) if np.isfinite(value) and value == int(value) else str(value)


def numbers_as_text(values: np.ndarray) -> np.ndarray:
    """Returns numbers as text of shape (rows,), whole ones without a decimal point, `MISSING_TEXT` for NaN."""
    found, places = np.unique(values, return_inverse=True)
    return np.array([number_as_text(value) for value in found], object)[places]


def _one_line(text: str) -> str:
    """Returns text without line breaks, which would end an entry in the vocabulary of a saved model."""
    return " ".join(text.replace("\0", " ").splitlines()).strip()
