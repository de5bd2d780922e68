"""Reads files of any format as one table."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data.files.column_names import unique
from pipeline.data.files.compression import NONE, contents_of
from pipeline.data.files.csv_files import read_csv
from pipeline.data.files.encodings import beginning, encoding_of
from pipeline.data.files.file_table import FileTable
from pipeline.data.files.formats import format_of
from pipeline.data.files.kinds import CSV, PARQUET, SQLITE, TABLE
from pipeline.data.files.other_files import read_other, with_index
from pipeline.data.files.paths import files_of, partition
from pipeline.data.files.read_options import ReadOptions
from pipeline.data.files.sqlite_files import read_sqlite_table
from pipeline.errors import DataError, nearest, one_line

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def read_files(path: str, key: str, options: ReadOptions, missing: Sequence[str]) -> FileTable:
    """Reads the table that a path names: a file, a folder or a pattern, all files with the same columns.

    Args:
        path: The path.
        key: Its config key, for messages.
        options: The options in the config's `data.read`.
        missing: Texts that mark missing values.

    Raises:
        DataError: A file is missing, cannot be read, or has different columns than the first one.
        ConfigError: An option does not apply to this format.
    """
    files = files_of(path, key)
    if Path(path).expanduser().is_dir() and all(_is_parquet(file, options) for file in files):
        return FileTable(_read_dataset(path, options), 0)
    tables = [_read(file, key, options, missing) for file in files]
    for finding in dict.fromkeys("; ".join(table.findings) for table in tables if table.findings):
        log.info("'%s': %s", Path(path).name, finding)
    if len(tables) == 1 and not partition(files[0], path):
        return tables[0]
    parts = zip(tables, files, strict=True)
    return FileTable(joined([table.frame.assign(**partition(file, path)) for table, file in parts], files), 0)


def look_at_files(path: str, key: str, options: ReadOptions) -> None:
    """Checks the beginning of the first file that a path names, without reading the rows.

    Raises:
        DataError: It is missing, is not a table, or does not have its encoding.
        ConfigError: An option does not apply to this format.
    """
    file = files_of(path, key)[0]
    contents = contents_of(file, options.compression, key)
    kind = format_of(contents, options.format)
    options.of(kind, str(file))
    if kind == CSV:
        beginning(contents, options.encoding or encoding_of(contents))


def _read(file: Path, key: str, options: ReadOptions, missing: Sequence[str]) -> FileTable:
    contents = contents_of(file, options.compression, key)
    kind = format_of(contents, options.format)
    if kind == CSV:
        return read_csv(contents, options, missing)
    if kind != SQLITE:
        return read_other(contents, kind, options)
    options.of(kind, str(file))
    if contents.compression != NONE:
        raise DataError(f"'{file}': is a compressed SQLite file; unpack it")
    frame = read_sqlite_table(file, options.more.get(TABLE))
    if frame.empty:
        raise DataError(f"'{file}': has no rows")
    names, findings = unique(list(frame.columns))
    return FileTable(frame.set_axis(names, axis=1), 0, findings)


def _is_parquet(file: Path, options: ReadOptions) -> bool:
    return format_of(contents_of(file, options.compression), options.format) == PARQUET


def _read_dataset(path: str, options: ReadOptions) -> pd.DataFrame:
    """Reads a folder of Parquet files, whose sub-folders may give values for all of their rows."""
    import pandas as pd

    try:
        frame = pd.read_parquet(Path(path).expanduser(), **options.of(PARQUET, path))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"'{path}': not a folder of Parquet files: {one_line(error)}") from error
    if frame.empty:
        raise DataError(f"'{path}': has no rows")
    return with_index(frame)


def joined(frames: list[pd.DataFrame], files: list[Path]) -> pd.DataFrame:
    """Returns the rows of several files, which must have the same columns, in the order of the first."""
    import pandas as pd

    first = list(frames[0].columns)
    for frame, file in zip(frames[1:], files[1:], strict=True):
        if set(frame.columns) == set(first):
            continue
        for one, other, names, having in (
            (file, files[0], frame.columns, first),
            (files[0], file, first, frame.columns),
        ):
            lacking = [name for name in having if name not in set(names)]
            if lacking:
                raise DataError(
                    f"'{one}': has no column '{lacking[0]}', which '{other}' has{nearest(lacking[0], names)}"
                )
    return pd.concat([frame[first] for frame in frames], ignore_index=True)
