"""Columns that name rows or say nothing: numbers of rows, ids, free text, one value only, none at all."""

from __future__ import annotations

import re

import numpy as np

from pipeline.data.spec import CATEGORY, NUMBER, TIME, InputSpec
from pipeline.data.tables.column import NOTHING, UNUSABLE, UNUSABLE_TIP, Column
from pipeline.data.tables.column_numbers import numbers_of
from pipeline.data.tables.remarks import Remark

FEWEST_ROWS = 20
"""From so many rows on, texts that are different in all of them tell that they name rows."""
FEWEST_COUNTED = 10
"""From so many rows on, numbers that count them tell it too."""
UNIQUE = 0.9
"""Share of different texts from which nothing is to be learnt from them."""
UNNAMED = re.compile(r"\s*|Unnamed: \d+(_level_\d+)?|__index_level_\d+__|\.\.\.\d+|V1|X\.?1?", re.IGNORECASE)
"""What pandas, Arrow and R call a column without a name."""
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
INDEX_WORDS = {"index", "idx", "rownames", "rowname", "rowid", "rownum", "rownumber", "row", "obs", "rn"}
ID_WORDS = {"id", "ids", "uuid", "guid", "uid"}


def unusable(name: str, column: Column) -> Remark | None:
    """Returns that a column holds what no model takes; None where it does not."""
    if column.holds != UNUSABLE:
        return None
    return Remark(name, f"is left out, as it holds {column.found}; {UNUSABLE_TIP}", "")


def left_out(name: str, column: Column, spec: InputSpec, *, first: bool) -> Remark | None:
    """Returns why a column is no input by itself; None where it is one.

    Args:
        name: The column.
        column: Its values in the training table.
        spec: The input that it would be.
        first: Whether it is the first column of the table.
    """
    rows = len(column)
    if column.holds == NOTHING:
        return Remark(name, "is left out, as it is empty", spec.kind)
    if rows < 2:
        return None
    if len(column.distinct) == 1 and column.present.all():
        return Remark(name, "is left out, as it has one value only", spec.kind)
    if spec.kind == NUMBER:
        return _of_numbers(name, column, first)
    if spec.kind == TIME or rows < FEWEST_ROWS:
        return None
    there, different = int(column.present.sum()), len(column.distinct)
    if there < FEWEST_ROWS or different < UNIQUE * there:
        return None
    return Remark(name, "is left out, as its texts differ from row to row", CATEGORY, f" ({different} in {there} rows)")


def _of_numbers(name: str, column: Column, first: bool) -> Remark | None:
    words = [word.lower() for word in WORDS.findall(name)]
    is_id = bool(words) and (words[0] in ID_WORDS or words[-1] in ID_WORDS)
    is_index = is_id or UNNAMED.fullmatch(name) is not None or not INDEX_WORDS.isdisjoint(words)
    rows = len(column)
    if rows < FEWEST_COUNTED or not column.present.all() or not (first or is_index):
        return None
    values = numbers_of(column).values
    if (np.diff(values) == 1).all() and (is_index or values[0] in (0, 1)):
        return Remark(name, "is left out, as it counts the rows", NUMBER)
    if is_id and (values == np.floor(values)).all() and len(column.distinct) == rows:
        return Remark(name, "is left out, as it is an id, different in each row", NUMBER)
    return None
