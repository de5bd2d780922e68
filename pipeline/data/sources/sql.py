"""Rows of a database as a table, with inputs and targets by column name."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pipeline.data.files.column_names import unique
from pipeline.data.files.databases import check_url, read_database
from pipeline.data.sources.table_source import TableSource
from pipeline.data.tables.table import Table
from pipeline.errors import ConfigError, DataError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Sql(TableSource):
    """A table of a database, or the result of a query.

    Rows in a database have no order; a query with `ORDER BY` makes splits reproducible.

    Attributes:
        url: The address of the database, in SQLAlchemy's form; a password belongs in an environment variable.
        table: A table, optionally with its schema, or null.
        query: A query, instead of a table, or null.
    """

    url: str
    table: str | None = None
    query: str | None = None

    def check(self) -> None:
        """Refuses an invalid address, a table together with a query, and unknown kinds."""
        super().check()
        if (self.table is None) == (self.query is None):
            found = "both" if self.table is not None else "neither"
            raise ConfigError(f"data.table and data.query: {found} given; set exactly one of them")
        check_url(self.url)

    def tables(self) -> list[Table | None]:
        """See `TableSource`."""
        self.check()
        frame, name = read_database(self.url, self.table, self.query)
        if frame.empty:
            raise DataError(f"{name}: has no rows")
        names, findings = unique(list(frame.columns))
        for finding in findings:
            log.info("%s: %s", name, finding)
        return [Table(frame.set_axis(names, axis=1), name, 0)]
