"""Rows of a database, through SQLAlchemy; SQLite files do not need it and are opened read-only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.data.files.sqlite_files import query_sqlite, read_sqlite_table
from pipeline.errors import ConfigError, DataError, one_line
from pipeline.security.databases import sqlite_path

if TYPE_CHECKING:
    import pandas as pd

SUCH_AS = (
    "an address such as sqlite:///data.db or postgresql+psycopg://${oc.env:DB_USER}:${oc.env:DB_PASSWORD}@host/name"
)


def sqlite_file(url: str) -> Path | None:
    """Returns the file of an SQLite database's address; None for other databases."""
    path = sqlite_path(url)
    return None if path is None else Path(path).expanduser()


def check_url(url: str) -> None:
    """Refuses an invalid database address before connecting; the message does not repeat it.

    Raises:
        ConfigError: It is invalid, or a package is missing.
        DataError: There is no such SQLite file.
    """
    file = sqlite_file(url)
    if file is not None:
        if not file.is_file():
            raise DataError(f"data.url: no file '{file}'")
        return
    if url.startswith("sqlite"):
        raise ConfigError("data.url: expected sqlite:/// followed by the path of a file")
    _engine(url).dispose()


def read_database(url: str, table: str | None, query: str | None) -> tuple[pd.DataFrame, str]:
    """Reads rows of a database.

    Args:
        url: Its address, in SQLAlchemy's form.
        table: A table, all of whose rows are read, optionally with its schema: `schema.table`.
        query: An SQL query, instead of the table.

    Returns:
        The rows, and their name in messages.

    Raises:
        ConfigError: The address is invalid, or a package is missing.
        DataError: The database cannot be reached, or rejected the query.
    """
    file = sqlite_file(url)
    if file is None:
        return _by_sqlalchemy(url, table, query)
    frame = query_sqlite(file, query) if query is not None else read_sqlite_table(file, table)
    return frame, f"'{file}'"


def _engine(url: str) -> Any:
    try:
        import sqlalchemy
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    except ModuleNotFoundError as error:
        raise ConfigError('data.url: needs the package sqlalchemy; use pip install "pipeline[sql]"') from error
    try:
        return sqlalchemy.create_engine(url)
    except ModuleNotFoundError as error:
        raise ConfigError(f"data.url: needs the package {error.name}; pip install it") from error
    except NoSuchModuleError as error:
        kind = url.partition(":")[0]
        raise ConfigError(f"data.url: SQLAlchemy has no database '{kind}'; use {SUCH_AS}") from error
    except (ArgumentError, ValueError) as error:
        raise ConfigError(f"data.url: not a database address; use {SUCH_AS}") from error


def _by_sqlalchemy(url: str, table: str | None, query: str | None) -> tuple[pd.DataFrame, str]:
    import pandas as pd

    engine = _engine(url)
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    address = engine.url.set(username=None, password=None, query={}).render_as_string()
    name = f"'{address}'"
    try:
        if query is None:
            quoted = ".".join(engine.dialect.identifier_preparer.quote(part) for part in str(table).split("."))
            query = f"SELECT * FROM {quoted}"
        with engine.connect() as connection:
            return pd.read_sql_query(sqlalchemy.text(query), connection), name
    except (SQLAlchemyError, pd.errors.DatabaseError, OSError) as error:
        # The messages of pandas and SQLAlchemy repeat the whole query.
        cause = error.__cause__ or error
        raise DataError(f"{name}: the query failed: {one_line(getattr(cause, 'orig', None) or cause)}") from error
    finally:
        engine.dispose()
