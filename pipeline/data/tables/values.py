"""The values of columns that are neither inputs nor targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.data.tables.column import NOTHING, NUMBERS, TEXT
from pipeline.data.tables.column_numbers import PLAIN, has_codes, numbers_of
from pipeline.data.tables.table import Table
from pipeline.data.tables.texts import category_texts


def further_values(table: Table, name: str, missing: Sequence[str]) -> np.ndarray:
    """Returns a column as float64 where it is of plain numbers, else as text."""
    column = table.usable(name, missing)
    if column.holds in (NUMBERS, NOTHING) or (column.holds == TEXT and not has_codes(column)):
        found = numbers_of(column)
        if found.form == PLAIN and found.share == 1:
            return found.values
    return category_texts(column)
