"""Mistakes in a CSV file: the first row with more or fewer values than columns."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.data.files.compression import Contents
from pipeline.data.files.csv_dialect import Dialect
from pipeline.data.files.csv_separators import MOST_ROWS, SEPARATORS, TITLES, parsed, parsed_lines
from pipeline.data.files.encodings import UTF_8, beginning, encoding_mistake
from pipeline.errors import DataError, one_line


def csv_mistake(contents: Contents, encoding: str, dialect: Dialect, error: Exception) -> DataError:
    """Returns the error of a CSV file that could not be read, with its row if that can be found."""
    try:
        check_widths(contents, encoding, dialect)
    except DataError as found:
        return found
    if "UTF8" in str(error):
        return encoding_mistake(contents, encoding)
    return DataError(f"'{contents.file}': not a valid CSV file: {one_line(error)}")


def check_widths(contents: Contents, encoding: str, dialect: Dialect) -> None:
    """Refuses a file with a row of more or fewer values than columns.

    Raises:
        DataError: There is such a row; the message has its number.
    """
    columns = len(dialect.header.names)
    try:
        with _lines(contents, encoding) as lines:
            for number, row in parsed_lines(lines, dialect.separator, dialect.quote):
                if number > dialect.skipped and len(row) != columns:
                    values = "1 value" if len(row) == 1 else f"{len(row)} values"
                    raise DataError(
                        f"'{contents.file}': row {number} has {values} for {columns} column{'s' * (columns > 1)}"
                        f"{_hint(row, contents, encoding, dialect)}"
                    )
    except UnicodeError as error:
        raise encoding_mistake(contents, encoding) from error
    except csv.Error as error:
        raise DataError(f"'{contents.file}': not a valid CSV file: {one_line(error)}") from error


@contextmanager
def _lines(contents: Contents, encoding: str) -> Iterator[Iterator[str]]:
    name = "utf-8-sig" if encoding == UTF_8 else encoding
    with contents.opened() as stream, io.TextIOWrapper(stream, name, newline="") as text:
        yield text


def _hint(row: list[str], contents: Contents, encoding: str, dialect: Dialect) -> str:
    """Returns a hint for reading a row with the wrong number of values; empty if there is none."""
    if row[0].startswith("#"):
        return "; use +data.read.comment='\"#\"' to leave out what follows a #"
    rows = list(itertools.islice(parsed(beginning(contents, encoding), dialect.separator, dialect.quote), MOST_ROWS))
    width = len(rows[-1][1])
    first = next((index for index in reversed(range(len(rows))) if len(rows[index][1]) != width), -1) + 1
    # Lines above a table, such as a title, are fewer than half of the rows.
    if width > len(dialect.header.names) and 0 < first < len(rows) / 2:
        return f"; if line {rows[first][0]} has the column names, set data.read.header={rows[first][0]}"
    return _other_separator(contents, encoding, dialect)


def _other_separator(contents: Contents, encoding: str, dialect: Dialect) -> str:
    """Returns a hint about the header's separator if it differs from the one in use."""
    with _lines(contents, encoding) as lines:
        first = next(lines, "")
    having = {s: len(next(parsed(first, s, dialect.quote), (0, []))[1]) for s in SEPARATORS if s != dialect.separator}
    best = max(having, key=lambda separator: having[separator])
    if having[best] <= max(len(dialect.header.names), 1):
        return ""
    return f"; the separator may be '{best}' (data.read.separator={TITLES[best]})"
