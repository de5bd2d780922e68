"""Where examples come from: the rows of a table or of arrays, and their other columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Origin:
    """The rows that examples come from. Nothing is computed from them; predictions include them.

    Attributes:
        rows: The number of each example's row in its table or arrays, from 0; int64 of shape (examples,).
        name: The table, such as `'people.csv'`, for messages.
        columns: Columns of the table unchanged, each a `pandas.Series` by row number, or an array.
        names: All columns of the table.
        as_text: Whether all columns of the table are text, even numbers, as in a CSV file.
    """

    rows: np.ndarray
    name: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    as_text: bool = False

    def chosen(self, rows: np.ndarray | slice) -> Origin:
        """Returns the origin of chosen examples in the given order."""
        return replace(self, rows=self.rows[rows])

    def by_example(self, column: Any) -> Any:
        """Returns the values of a column of the table, or of one derived from it, by example."""
        return column[self.rows] if isinstance(column, np.ndarray) else column.loc[self.rows].reset_index(drop=True)


def origin_of_table(frame: pd.DataFrame, name: str, columns: Sequence[str], rows: np.ndarray | None = None) -> Origin:
    """Returns the origin of examples that are the rows of a table in order.

    Args:
        frame: The table.
        name: Its name in messages.
        columns: Columns to include, if they exist.
        rows: The numbers of its rows if some are left out; None for all of them.
    """
    import pandas as pd

    numbers = np.arange(len(frame)) if rows is None else rows
    kept = {column: frame[column].set_axis(numbers) for column in columns if list(frame.columns).count(column) == 1}
    as_text = all(pd.api.types.is_string_dtype(dtype) for dtype in frame.dtypes)
    return Origin(numbers, name, kept, tuple(map(str, frame.columns)), as_text)
