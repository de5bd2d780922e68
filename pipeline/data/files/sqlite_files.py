"""Tables of SQLite files, opened read-only: no query changes them, opens another file, or creates one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pipeline.data.files.kinds import TABLE
from pipeline.data.files.read_options import KEY
from pipeline.errors import DataError, nearest, one_line

if TYPE_CHECKING:
    import pandas as pd

READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
"""Actions that queries may perform."""


def read_sqlite_table(file: Path, table: str | None) -> pd.DataFrame:
    """Reads a table of an SQLite file.

    Args:
        file: The file.
        table: The table's name; None for the only table.

    Raises:
        DataError: There is no such table, or there are several and none is named.
    """
    tables = _tables(file)
    if table is None and len(tables) != 1:
        listed = ", ".join(tables[:8])
        raise DataError(f"'{file}': has {len(tables)} tables ({listed}); set {KEY}.{TABLE} to one of them")
    name = tables[0] if table is None else table
    if name not in tables:
        raise DataError(f"'{file}': has no table '{name}'{nearest(name, tables)}")
    escaped = name.replace('"', '""')
    return query_sqlite(file, f'SELECT * FROM "{escaped}"')


def query_sqlite(file: Path, query: str) -> pd.DataFrame:
    """Returns the result of a query.

    Raises:
        DataError: The query failed.
    """
    import pandas as pd

    try:
        with closing(_opened(file)) as connection:
            return pd.read_sql_query(query, connection)
    except (sqlite3.Error, pd.errors.DatabaseError, TypeError) as error:
        # pandas repeats the query before the reason.
        cause = error.__cause__ or error
        if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_AUTH:
            raise DataError(f"'{file}': the query does more than read; use SELECT") from error
        raise DataError(f"'{file}': the query failed: {one_line(cause)}") from error


def _tables(file: Path) -> list[str]:
    listing = (
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    try:
        with closing(_opened(file)) as connection:
            return [name for (name,) in connection.execute(listing)]
    except sqlite3.Error as error:
        raise DataError(f"'{file}': not a valid SQLite file: {one_line(error)}") from error


def _opened(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)
    connection.set_authorizer(_judged)
    return connection


def _judged(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY
