"""CSV files as DataFrames with every value as text; mistakes are reported with file and row."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.data.files.column_names import unique
from pipeline.data.files.compression import Contents
from pipeline.data.files.csv_dialect import Dialect, dialect_of
from pipeline.data.files.csv_header import UNNAMED
from pipeline.data.files.csv_mistakes import check_widths, csv_mistake
from pipeline.data.files.decimal_signs import with_points
from pipeline.data.files.encodings import UTF_8, beginning, encoding_mistake, encoding_of
from pipeline.data.files.file_table import FileTable
from pipeline.data.files.kinds import CSV
from pipeline.data.files.read_options import WHITE_SPACE, ReadOptions
from pipeline.errors import DataError, one_line

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 1 << 24
"""Bytes to read at once, and the longest possible row."""
LARGEST_BLOCK = (1 << 31) - 1
LAYOUT_OPTIONS = frozenset({"names", "skiprows", "comment", "index_col", "skipfooter", "skip_blank_lines"})
"""pandas options with which pandas has to find the header itself."""
NA_OPTIONS = frozenset({"na_values", "keep_default_na", "na_filter"})


def read_csv(contents: Contents, options: ReadOptions, missing: Sequence[str]) -> FileTable:
    """Reads a CSV file.

    Args:
        contents: The file.
        options: The user's options; everything else is detected and logged.
        missing: Texts that mark a missing value, which are ignored when detecting the dialect.

    Raises:
        DataError: It does not have its encoding, has no rows, or has a row with more or fewer values than columns.
        ConfigError: An option does not apply to CSV files.
    """
    more = options.of(CSV, str(contents.file))
    encoding = options.encoding or encoding_of(contents)
    try:
        dialect = dialect_of(beginning(contents, encoding), options)
    except csv.Error as error:
        raise DataError(f"'{contents.file}': not a valid CSV file: {one_line(error)}") from error
    if more or dialect.is_pattern:
        frame, of_names = _as_pandas_does(contents, encoding, dialect, options, more)
    else:
        frame, of_names = _read(contents, encoding, dialect)
    findings = [*dialect.findings, *of_names]
    if frame.empty:
        raise DataError(f"'{contents.file}': has a header but no rows")
    if options.encoding is None and codecs.lookup(encoding).name != UTF_8:
        findings.insert(0, f"is {encoding.upper()} (data.read.encoding)")
    frame, of_signs = with_points(frame, dialect.separator, options.decimal, options.thousands, missing)
    findings += of_signs
    return FileTable(frame, dialect.first_row, tuple(findings))


def _read(contents: Contents, encoding: str, dialect: Dialect) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Reads a file, and reports a row whose number of values differs from the number of columns."""
    import pandas as pd

    if not dialect.header.names:
        raise DataError(f"'{contents.file}': has no rows; expected a first line with the column names")
    if dialect.separator == WHITE_SPACE or dialect.spaced:
        check_widths(contents, encoding, dialect)
        layout = {"header": None, "names": range(len(dialect.header.names)), "skiprows": dialect.skipped}
        frame = _by_pandas(contents, encoding, dialect, {**layout, "skipinitialspace": dialect.spaced})
    else:
        frame = _by_arrow(contents, encoding, dialect)
    _refuse_nulls(frame, contents, dialect)
    names = list(dialect.header.names)
    if dialect.header.empty_last:
        last = frame.iloc[:, -1]
        if (last != "").any():
            row = int((last != "").to_numpy().argmax()) + dialect.first_row
            raise DataError(f"'{contents.file}': row {row} has {len(names)} values for {len(names) - 1} columns")
        frame, names = frame.iloc[:, :-1], names[:-1]
    names, findings = unique(names)
    frame.columns = pd.Index(names)
    return frame, (*dialect.header.findings, *findings)


def _by_arrow(contents: Contents, encoding: str, dialect: Dialect) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    places = [str(index) for index in range(len(dialect.header.names))]
    parsing = arrow_csv.ParseOptions(
        delimiter=dialect.separator, quote_char=dialect.quote or False, newlines_in_values=True
    )
    converting = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(places, pa.large_string()), strings_can_be_null=False, check_utf8=True
    )
    for block in (BLOCK, LARGEST_BLOCK):
        reading = arrow_csv.ReadOptions(
            column_names=places, skip_rows=dialect.skipped, encoding=encoding, block_size=block
        )
        try:
            with contents.opened() as stream:
                table = arrow_csv.read_csv(stream, reading, parsing, converting)
            return table.to_pandas()
        except UnicodeError as error:
            raise encoding_mistake(contents, encoding) from error
        except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
            if "Empty CSV file" in str(error):
                raise DataError(f"'{contents.file}': has a header but no rows") from error
            if "straddling" in str(error) and block < LARGEST_BLOCK:
                continue
            raise csv_mistake(contents, encoding, dialect, error) from error
    raise AssertionError("the largest block is read or reported")


def _by_pandas(contents: Contents, encoding: str, dialect: Dialect, options: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    given: dict[str, Any] = {
        "sep": dialect.separator,
        "dtype": str,
        "keep_default_na": False,
        "na_filter": False,
        "index_col": False,
        "encoding": "utf-8-sig" if encoding == UTF_8 else encoding,
        "quotechar": dialect.quote or '"',
        "quoting": csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        **options,
    }
    try:
        with contents.opened() as stream:
            return pd.read_csv(stream, **given)
    except UnicodeError as error:
        raise encoding_mistake(contents, encoding) from error
    except (ValueError, TypeError, csv.Error) as error:
        raise DataError(f"'{contents.file}': not a valid CSV file: {one_line(error)}") from error


def _as_pandas_does(
    contents: Contents, encoding: str, dialect: Dialect, options: ReadOptions, more: Mapping[str, Any]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Reads a file with pandas options."""
    import pandas as pd

    layout: dict[str, Any] = {"skipinitialspace": dialect.spaced, "na_filter": not NA_OPTIONS.isdisjoint(more)}
    findings: tuple[str, ...] = ()
    if LAYOUT_OPTIONS.isdisjoint(more) and not dialect.is_pattern:
        names, said = unique(dialect.header.names)
        layout.update(header=None, names=names, skiprows=dialect.skipped)
        findings = (*dialect.header.findings, *said)
    elif options.header is False:
        layout["header"] = None
    elif isinstance(options.header, int) and not isinstance(options.header, bool):
        layout.update(header=0, skiprows=options.header - 1)
    if dialect.is_pattern:
        layout["engine"] = "python"
    frame = _by_pandas(contents, encoding, dialect, {**layout, "index_col": None, **more})
    if options.header is False and "names" not in more and not findings:
        frame.columns = [f"column_{number}" for number in range(1, frame.shape[1] + 1)]
    if not isinstance(frame.index, pd.RangeIndex):
        # If the header has one name too few, pandas uses the first column as the index.
        frame = frame.rename_axis(UNNAMED).reset_index() if frame.index.names == [None] else frame.reset_index()
    return frame.rename(columns=str), findings


def _refuse_nulls(frame: pd.DataFrame, contents: Contents, dialect: Dialect) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for index in range(frame.shape[1]):
        found = pc.match_substring(pa.array(frame.iloc[:, index]), "\0")
        if pc.any(found).as_py():
            row = int(found.to_numpy(zero_copy_only=False).argmax()) + dialect.first_row
            raise DataError(f"'{contents.file}': row {row}: expected text, got a null character")
