"""A table, its columns, and the names of its rows in messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.tables.column import UNUSABLE, UNUSABLE_TIP, Column, column_of
from pipeline.errors import DataError, nearest

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """A DataFrame and where it comes from.

    Attributes:
        frame: The rows.
        name: The file, for messages.
        first_row: Number of the first row, for messages.
        places: The position of each row in the file if some are left out; None for all of them in order.
    """

    frame: pd.DataFrame
    name: str
    first_row: int
    places: np.ndarray | None = None
    _parsed: dict[str, Column] = field(default_factory=dict, init=False, repr=False, compare=False)

    def column(self, name: str) -> pd.Series:
        """Returns a column.

        Raises:
            DataError: There is no column of that name, or several.
        """
        count = list(self.frame.columns).count(name)
        if not count:
            raise DataError(f"{self.name}: has no column '{name}'{nearest(name, map(str, self.frame.columns))}")
        if count > 1:
            raise DataError(f"{self.name}: has {count} columns named '{name}'; expected one")
        return self.frame[name]

    def parsed(self, name: str, missing: Sequence[str]) -> Column:
        """Returns a column by its content, which is analysed once.

        Args:
            name: The column.
            missing: Texts that mark a missing value.

        Raises:
            DataError: There is no column of that name, or several.
        """
        if name not in self._parsed:
            self._parsed[name] = column_of(self.column(name), missing)
        return self._parsed[name]

    def usable(self, name: str, missing: Sequence[str]) -> Column:
        """Returns a column that a model can use; see `parsed`.

        Raises:
            DataError: It holds lists or similar values.
        """
        column = self.parsed(name, missing)
        if column.holds == UNUSABLE:
            raise DataError(f"{self.name}: column '{name}' holds {column.found}; {UNUSABLE_TIP}")
        return column

    def row(self, index: int) -> str:
        """Returns the text for a row in messages."""
        place = index if self.places is None else int(self.places[index])
        return f"{self.name}: row {place + self.first_row}"

    def chosen(self, keep: np.ndarray) -> Table:
        """Returns the table with some of its rows, which keep their numbers in messages."""
        places = np.arange(len(self.frame)) if self.places is None else self.places
        return replace(self, frame=self.frame[keep].reset_index(drop=True), places=places[keep])
