"""CSV and Parquet files as DataFrames, what is wrong with them told by file and row."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import DataError, one_line

if TYPE_CHECKING:
    import pandas as pd

FIRST_CSV_ROW = 2
"""Number of the first row below the header, as spreadsheets and editors count."""


def read_csv(file: Path) -> pd.DataFrame:
    """Reads a CSV file (RFC 4180, UTF-8, a header row), every value as text.

    Raises:
        DataError: It is missing, empty, not UTF-8, has a column twice, or a row with more or fewer values than columns.
    """
    import pandas as pd

    _check_file(file)
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.reader(lines)
            header = next(reader, [])
            for row in itertools.chain([header], reader):
                if row and len(row) != len(header):
                    raise DataError(f"'{file}': row {reader.line_num} has {len(row)} values for {len(header)} columns")
                if any("\0" in value for value in row):
                    raise DataError(f"'{file}': row {reader.line_num} has a null character; text is right")
    except UnicodeDecodeError as error:
        raise DataError(f"'{file}': is not UTF-8 text: {one_line(error)}") from error
    except csv.Error as error:
        raise DataError(f"'{file}': is no CSV file: {one_line(error)}") from error
    twice = next((name for index, name in enumerate(header) if name in header[:index]), None)
    if twice is not None:
        raise DataError(f"'{file}': has the column '{twice}' twice")
    try:
        frame = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False)
    except ValueError as error:
        raise DataError(f"'{file}': is no CSV file: {one_line(error)}") from error
    if frame.empty:
        raise DataError(f"'{file}': has a header but no rows")
    return frame


def read_parquet(file: Path) -> pd.DataFrame:
    """Reads a Parquet file.

    Raises:
        DataError: It is missing, empty, or no Parquet file.
    """
    import pandas as pd

    _check_file(file)
    try:
        frame = pd.read_parquet(file)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"'{file}': is no Parquet file: {one_line(error)}") from error
    if frame.empty:
        raise DataError(f"'{file}': has no rows")
    return frame


def _check_file(file: Path) -> None:
    if not file.is_file():
        raise DataError(f"'{file}': no such file")
    if not file.stat().st_size:
        raise DataError(f"'{file}': is empty")
