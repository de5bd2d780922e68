"""Columns that the config or a trained model names but a table does not have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.data.tables.table import Table
from pipeline.errors import DataError, escaped, nearest
from pipeline.spelling import meant_name

MOST_LISTED = 12


def check_named(table: Table, named: Mapping[str, Iterable[str]]) -> None:
    """Refuses a table without a column that the config names.

    Args:
        table: The table.
        named: The columns by the config key that names them.

    Raises:
        DataError: There is no such column; the message begins with the key.
    """
    columns = [str(name) for name in table.frame.columns]
    for key, names in named.items():
        for name in names:
            if name not in columns:
                raise DataError(f"{key}: {table.name} has no column '{name}'{nearest(name, columns)}")


def check_needed(table: Table, inputs: Iterable[str]) -> None:
    """Refuses a table without an input of a trained model.

    Raises:
        DataError: There is no such column.
    """
    columns = [str(name) for name in table.frame.columns]
    for name in inputs:
        if name in columns:
            continue
        meant = meant_name(name, columns)
        if meant is not None:
            raise DataError(
                f"{table.name}: has no column '{name}', an input that the model needs; did you mean '{meant}'?"
            )
        listed = ", ".join(escaped(column) for column in columns[:MOST_LISTED])
        more = ", …" if len(columns) > MOST_LISTED else ""
        raise DataError(f"the model needs the input '{name}'; {table.name} has the columns {listed}{more}")
