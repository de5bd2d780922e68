"""The columns of a table as arrays: numbers and text for inputs, class ids or numbers for targets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config import REFUSE
from pipeline.data.missing_labels import REMEDY, Missing
from pipeline.errors import DataError, nearest

if TYPE_CHECKING:
    import pandas as pd

MISSING_TEXT = "[missing]"
"""Stands for a missing category. (An empty text would do, but Keras' StringLookup loses that when it is saved.)"""
WHOLE = re.compile(r"-?[0-9]{1,18}")
MOSTLY = 0.9
"""Share of numbers from which a column is one of numbers, and the text in it a mistake."""


@dataclass(frozen=True)
class Table:
    """A DataFrame and where it is from.

    Attributes:
        frame: The rows.
        name: The file, for messages.
        first_row: Number of the first row, for messages.
    """

    frame: pd.DataFrame
    name: str
    first_row: int

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
        return f"{self.name}: row {index + self.first_row}"


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


def labels(
    table: Table, name: str, missing: Sequence[str], missing_labels: Missing = REFUSE
) -> tuple[list[str], np.ndarray]:
    """Returns a target column as the names of classes, whole numbers without a decimal point, and which rows have one.

    Raises:
        DataError: A value is missing, and not masked.
    """
    text, present = _text(table.column(name), missing)
    if not isinstance(missing_labels, str) and all(map(is_whole, text[present])):
        present &= text != str(missing_labels)
    absent = np.flatnonzero(~present)
    if len(absent) and missing_labels == REFUSE:
        raise DataError(
            f"{table.row(int(absent[0]))}: target '{name}' is missing ({len(absent)} rows lack it); {REMEDY}"
        )
    return list(text), present


def numbers_as_text(values: np.ndarray) -> np.ndarray:
    """Returns numbers as text of shape (rows,), whole ones without a decimal point, `MISSING_TEXT` for NaN."""
    return np.array(
        [MISSING_TEXT if np.isnan(v) else str(int(v)) if np.isfinite(v) and v == int(v) else str(v) for v in values],
        object,
    )


def class_names(found: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of classes in the order of their ids: whole numbers by value, other text by the alphabet."""
    names = sorted(set(found))
    return tuple(sorted(names, key=int) if all(map(is_whole, names)) else names)


def is_whole(name: str) -> bool:
    """Whether the name of a class is a whole number, as digits with perhaps a minus before them."""
    return WHOLE.fullmatch(name) is not None


def class_ids(table: Table, name: str, found: Sequence[str], present: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Returns names of classes as ids, int64 of shape (rows,), 0 where there is none.

    Raises:
        DataError: A class that is not among `classes`.
    """
    ids = {label: index for index, label in enumerate(classes)}
    for index, label in enumerate(found):
        if present[index] and label not in ids:
            raise DataError(f"{table.row(index)}: target '{name}' has class '{label}'{nearest(label, classes)}")
    return np.array([ids[label] if there else 0 for label, there in zip(found, present, strict=True)], "int64")


def _text(values: pd.Series, missing: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    present = values.notna().to_numpy()
    if values.dtype.kind == "f":
        return numbers_as_text(values.to_numpy("float64", na_value=np.nan)), present
    array = np.array([str(v).strip() for v in values], object)
    return array, present & ~np.isin(array.astype(str), list(missing))


def _numbers(text: np.ndarray) -> np.ndarray:
    import pandas as pd

    return np.asarray(pd.to_numeric(pd.Series(text, dtype=object), errors="coerce"), "float64")
