"""Columns that identify rows or are uninformative: row numbers, ids, free text, a single value, no values."""

from __future__ import annotations

import re

import numpy as np

from pipeline.data.spec import CATEGORY, NUMBER, TIME, InputSpec
from pipeline.data.tables.column import NOTHING, TEXT, UNUSABLE, UNUSABLE_TIP, Column
from pipeline.data.tables.column_dates import dates_of
from pipeline.data.tables.column_numbers import numbers_of
from pipeline.data.tables.remarks import Remark

FEWEST_ROWS = 20
"""Least number of rows from which texts that all differ count as ids."""
FEWEST_COUNTED = 10
"""Least number of rows from which consecutive numbers count as row numbers."""
UNIQUE = 0.9
"""Share of different texts from which nothing can be learned from them."""
UNNAMED = re.compile(r"\s*|Unnamed: \d+(_level_\d+)?|__index_level_\d+__|\.\.\.\d+", re.IGNORECASE)
"""Names that pandas, Arrow and R give a column without a name."""
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
INDEX_NAMES = {"index", "idx", "row", "rowname", "rownames", "rowid", "rownum", "rownumber"}
ID_WORDS = {"id", "ids", "uuid", "guid", "uid", "pid", "sid", "cid"}


def unusable(name: str, column: Column) -> Remark | None:
    """Returns a remark if no model can use the content of a column; else None."""
    if column.holds != UNUSABLE:
        return None
    return Remark(name, f"is left out, because it holds {column.found}; {UNUSABLE_TIP}", "")


def left_out(name: str, column: Column, spec: InputSpec, *, first: bool) -> Remark | None:
    """Returns why a column is not used as an input by default; None if it is used.

    Args:
        name: The column.
        column: Its values in the training table.
        spec: The input that it would be.
        first: Whether it is the first column of the table.
    """
    rows = len(column)
    if column.holds == NOTHING:
        return Remark(name, "is left out, because it is empty", spec.kind)
    if rows < 2:
        return None
    if column.constant:
        return Remark(name, "is left out, because it has only one value", spec.kind)
    if spec.kind == NUMBER:
        return _of_numbers(name, column, first)
    if spec.kind == TIME:
        return None
    return _of_texts(name, column, FEWEST_COUNTED if _is_called_id(name) else FEWEST_ROWS)


def mixed_id(name: str, column: Column) -> Remark | None:
    """Returns a remark if a column holds ids, mostly numbers; otherwise its texts would be reported as mistakes."""
    if column.holds != TEXT or not _is_called_id(name):
        return None
    if numbers_of(column).share == 1 or dates_of(column, "").share == 1:
        return None
    return _of_texts(name, column, FEWEST_COUNTED)


def _of_texts(name: str, column: Column, fewest: int) -> Remark | None:
    there, different = int(column.present.sum()), len(column.distinct)
    if there < fewest or different < UNIQUE * there:
        return None
    return Remark(
        name, "is left out, because its texts differ from row to row", CATEGORY, f" ({different} in {there} rows)"
    )


def _of_numbers(name: str, column: Column, first: bool) -> Remark | None:
    rows, named = len(column), _is_called_id(name)
    if rows < FEWEST_COUNTED or not column.present.all() or not (first or named):
        return None
    values = numbers_of(column).values
    if (np.diff(values) == 1).all() and (named or values[0] in (0, 1)):
        return Remark(name, "is left out, because it numbers the rows", NUMBER)
    if named and (values == np.floor(values)).all() and len(column.distinct) == rows:
        return Remark(name, "is left out, because it is an id that differs in every row", NUMBER)
    return None


def _is_called_id(name: str) -> bool:
    """Whether a column has a name that is typical for ids."""
    words = [word.lower() for word in WORDS.findall(name)]
    is_id = bool(words) and (words[0] in ID_WORDS or words[-1] in ID_WORDS)
    return is_id or "".join(words) in INDEX_NAMES or UNNAMED.fullmatch(name) is not None
