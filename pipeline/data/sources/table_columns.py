"""The columns of a table as arrays: numbers and text for inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import DataError, nearest

if TYPE_CHECKING:
    import pandas as pd

MISSING_TEXT = "[missing]"
"""Stands for a missing category. (An empty text would do, but Keras' StringLookup loses that when it is saved.)"""
MOSTLY = 0.9
"""Share of numbers from which a column is one of numbers, and the text in it a mistake."""


@dataclass(frozen=True)
class Table:
    """A DataFrame and where it is from.

    Attributes:
        frame: The rows.
        name: The file, for messages.
        first_row: Number of the first row, for messages.
        places: The place of each row in the file, where some are left out; None for all of them in order.
    """

    frame: pd.DataFrame
    name: str
    first_row: int
    places: np.ndarray | None = None

    def column(self, name: str) -> pd.Series:
        """Returns a column.

        Raises:
            DataError: There is none of that name, or several.
        """
        count = list(self.frame.columns).count(name)
        if not count:
            raise DataError(f"{self.name}: has no column '{name}'{nearest(name, map(str, self.frame.columns))}")
        if count > 1:
            raise DataError(f"{self.name}: has the column '{name}' {count} times; once is right")
        return self.frame[name]

    def row(self, index: int) -> str:
        """Returns how messages name a row."""
        place = index if self.places is None else int(self.places[index])
        return f"{self.name}: row {place + self.first_row}"

    def chosen(self, keep: np.ndarray) -> Table:
        """Returns the table with some of its rows, which messages name as before."""
        places = np.arange(len(self.frame)) if self.places is None else self.places
        return replace(self, frame=self.frame[keep].reset_index(drop=True), places=places[keep])


def is_text(table: Table, name: str, missing: Sequence[str], categories: Sequence[str]) -> bool:
    """Whether a column is of text rather than of numbers.

    Args:
        table: The table.
        name: The column.
        missing: Texts that stand for a missing value.
        categories: Columns that are text on purpose, whatever they hold.

    Raises:
        DataError: The column is of numbers but for a few rows.
    """
    if name in categories:
        return True
    values = table.column(name)
    if values.dtype.kind in "iufb":
        return False
    text, present = _text(values, missing)
    numbers = _numbers(text)
    wrong = np.flatnonzero(present & np.isnan(numbers))
    if not len(wrong):
        return False
    if len(wrong) > (1 - MOSTLY) * present.sum():
        return True
    raise DataError(
        f"{table.row(int(wrong[0]))}: column '{name}' has '{text[wrong[0]]}'; a number is right, as in the other rows "
        f"(or add '{name}' to data.categories, or the text to data.missing)"
    )


def numbers(table: Table, name: str, missing: Sequence[str]) -> np.ndarray:
    """Returns a column as float32 of shape (rows,), NaN where a value is missing.

    Raises:
        DataError: A value is no number.
    """
    values = table.column(name)
    if values.dtype.kind in "iufb":
        # A dtype of pandas' own has pd.NA where a value is missing.
        return values.to_numpy("float32", na_value=np.nan) if values.hasnans else values.to_numpy("float32")
    text, present = _text(values, missing)
    found = _numbers(text)
    wrong = np.flatnonzero(present & np.isnan(found))
    if len(wrong):
        raise DataError(f"{table.row(int(wrong[0]))}: column '{name}' has '{text[wrong[0]]}'; a number is right")
    return found.astype("float32")


def texts(table: Table, name: str, missing: Sequence[str]) -> np.ndarray:
    """Returns a column as text of shape (rows,), `MISSING_TEXT` where a value is missing."""
    text, present = _text(table.column(name), missing)
    return np.array([(_one_line(t) if p else "") or MISSING_TEXT for t, p in zip(text, present, strict=True)], object)


def _one_line(text: str) -> str:
    """Returns text without what the vocabulary of a saved model cannot hold: a line break would end an entry of it."""
    return " ".join(text.replace("\0", " ").splitlines()).strip()


def numbers_as_text(values: np.ndarray) -> np.ndarray:
    """Returns numbers as text of shape (rows,), whole ones without a decimal point, `MISSING_TEXT` for NaN."""
    return np.array(
        [MISSING_TEXT if np.isnan(v) else str(int(v)) if np.isfinite(v) and v == int(v) else str(v) for v in values],
        object,
    )


def _text(values: pd.Series, missing: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    present = values.notna().to_numpy()
    if values.dtype.kind == "f":
        return numbers_as_text(values.to_numpy("float64", na_value=np.nan)), present
    array = np.array([str(v).strip() for v in values], object)
    return array, present & ~np.isin(array.astype(str), list(missing))


def _numbers(text: np.ndarray) -> np.ndarray:
    import pandas as pd

    return np.asarray(pd.to_numeric(pd.Series(text, dtype=object), errors="coerce"), "float64")
