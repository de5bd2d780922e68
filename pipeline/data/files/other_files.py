"""Parquet, Excel, JSON and other files that pandas reads as DataFrames."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pipeline.data.files.column_names import unique
from pipeline.data.files.compression import NONE, Contents
from pipeline.data.files.decimal_signs import with_points
from pipeline.data.files.file_table import FileTable
from pipeline.data.files.kinds import EXCEL, FEATHER, JSON, KINDS, PARQUET, SAS, SPSS
from pipeline.data.files.read_options import ReadOptions
from pipeline.errors import ConfigError, DataError, one_line, with_article

if TYPE_CHECKING:
    import pandas as pd

EXTRA = MappingProxyType({"openpyxl": 'pip install "pipeline[excel]"'})
STREAM = b"\xff\xff\xff\xff"
"""First bytes of Arrow's stream format, which Feather files do not have."""


def read_other(contents: Contents, kind: str, options: ReadOptions) -> FileTable:
    """Reads a file in a format other than CSV.

    Args:
        contents: The file.
        kind: Its format.
        options: The user's options.

    Raises:
        DataError: It does not have that format, has no rows, or needs a missing package.
        ConfigError: An option does not apply to this format, or its value is rejected.
    """
    more, read = options.of(kind, str(contents.file)), KINDS[kind]
    try:
        frame, findings = _read(contents, kind, options, more)
    except ImportError as error:
        package = error.name or _package(str(error))
        install = EXTRA.get(package, f"pip install {package}")
        raise DataError(
            f"'{contents.file}': {read.title} needs the package {package}; use {install}, or a CSV file"
        ) from error
    except (MemoryError, DataError):
        raise
    except Exception as error:
        # Readers may raise anything for a damaged file.
        if more and isinstance(error, TypeError | ValueError) and any(name in str(error) for name in more):
            raise ConfigError(f"data.read: pandas.{read.reader} rejected its options: {one_line(error)}") from error
        raise DataError(f"'{contents.file}': not a valid {read.title} file: {one_line(error)}") from error
    if not hasattr(frame, "columns"):
        raise ConfigError(
            f"data.read: pandas.{read.reader} returned {with_article(frame)} for '{contents.file}'; use options "
            "with which it returns one table"
        )
    if frame.empty:
        raise DataError(f"'{contents.file}': has no rows")
    first_row = int(options.header or 0) + 1 if kind == EXCEL and options.header is not None else read.first_row
    return FileTable(frame, first_row, findings)


def _read(
    contents: Contents, kind: str, options: ReadOptions, more: Mapping[str, Any]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    import pandas as pd

    if kind == EXCEL:
        return _excel(contents, options, more)
    if kind == SPSS:
        return pd.read_spss(contents.file, **more), ()
    with contents.opened() as stream:
        # These readers seek in a file, so compressed content has to be unpacked first.
        source: Any = io.BytesIO(stream.read()) if contents.compression != NONE else stream
        if kind == PARQUET:
            return _parquet(source, **more)
        if kind == FEATHER and contents.head.startswith(STREAM):
            import pyarrow as pa

            return with_index(pa.ipc.open_stream(source).read_all().to_pandas()), ()
        read = getattr(pd, str(KINDS[kind].reader))
        return with_index(read(source, **{**_defaults(contents, kind, options), **more})), ()


def _defaults(contents: Contents, kind: str, options: ReadOptions) -> dict[str, Any]:
    """Returns options that differ from pandas' defaults, or that pandas does not detect."""
    if kind == SAS:
        return {"format": "xport" if contents.head.startswith(b"HEADER") else "sas7bdat", "encoding": "infer"}
    if kind != JSON:
        return {}
    lines = contents.head.decode("utf-8-sig", errors="replace").strip().splitlines()
    # Whether text is a number or a time is decided per column later, as for CSV files.
    return {
        "lines": lines[0].startswith("{") and (len(lines) > 1 or contents.suffix != ".json") and lines[0].endswith("}"),
        "dtype": False,
        "convert_dates": False,
        "encoding": options.encoding or "utf-8-sig",
    }


def _parquet(source: Any, **more: Any) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Reads a Parquet file, even with duplicate column names, which pandas' reader rejects."""
    import pandas as pd
    import pyarrow.parquet as pq

    given = pq.read_schema(source).names
    source.seek(0)
    if more or len(set(given)) == len(given):
        return with_index(pd.read_parquet(source, **more)), ()
    names, findings = unique(given)
    return pq.ParquetFile(source).read().rename_columns(names).to_pandas(ignore_metadata=True), findings


def with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns a table with rows by number and a named index as columns."""
    if any(name is not None for name in frame.index.names):
        named = frame.index.to_frame(index=False)
        # An index that is already a column is not added again.
        named = named[[name for name in named.columns if name not in frame.columns]]
        for place, name in enumerate(named.columns):
            frame.insert(place, name, named[name].to_numpy() if named[name].dtype == object else named[name].array)
    return frame.reset_index(drop=True).rename(columns=str)


def _excel(contents: Contents, options: ReadOptions, more: Mapping[str, Any]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    import pandas as pd

    header = None if options.header is False else int(options.header or 1) - 1
    # Missing values are defined by `data.missing`; only an empty cell is always missing.
    given: dict[str, Any] = {"sheet_name": 0, "header": header, "keep_default_na": False, "na_values": [""], **more}
    with pd.ExcelFile(contents.file, engine=given.pop("engine", None)) as book:
        sheets = book.sheet_names
        several = len(sheets) > 1 and "sheet_name" not in more
        frame = book.parse(**given)
    findings = (f"sheet '{sheets[0]}', the first of {len(sheets)} (data.read.sheet_name)",) if several else ()
    if not isinstance(frame, pd.DataFrame):
        return frame, ()
    if header is None and "names" not in more:
        frame.columns = pd.Index([f"column_{number}" for number in range(1, frame.shape[1] + 1)])
    return with_points(frame.rename(columns=str), ";", options.decimal or ".", options.thousands, ())[0], findings


def _package(message: str) -> str:
    """Returns the missing package that pandas' message names."""
    found = re.search(r"(?:dependency '|Import )([\w-]+)", message)
    return found[1] if found else "that pandas names"
