"""Where examples are from: the rows of a table, or of arrays, and what these had in further columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Origin:
    """The rows that examples are from. Nothing is computed from them: predictions carry them on.

    Attributes:
        rows: The number of each example's row in its table or arrays, from 0; int64 of shape (examples,).
        name: The table, such as `'people.csv'`, for messages.
        columns: Columns of the table as they are there, each a `pandas.Series` by row number, or an array.
        names: All columns of the table.
        as_text: Whether all columns of the table are text, as those of a CSV file are, of which some is of numbers.
    """

    rows: np.ndarray
    name: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    as_text: bool = False

    def chosen(self, rows: np.ndarray | slice) -> Origin:
        """Returns the origin of chosen examples in the order given."""
        return replace(self, rows=self.rows[rows])

    def by_example(self, column: Any) -> Any:
        """Returns the values of a column of the table by example, or of one made of it."""
        return column[self.rows] if isinstance(column, np.ndarray) else column.loc[self.rows].reset_index(drop=True)
