"""The formats of files with tables: one entry per format for its detection, its name and its reader."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

CSV, JSON, PARQUET, FEATHER, ORC, EXCEL = "csv", "json", "parquet", "feather", "orc", "excel"
SQLITE, STATA, SAS, SPSS = "sqlite", "stata", "sas", "spss"
TABLE = "table"
"""The option for the table of an SQLite file."""


@dataclass(frozen=True)
class FileKind:
    """A file format.

    Attributes:
        name: Its name in `data.read.format`.
        title: Its name in messages.
        suffixes: Suffixes of its files.
        magic: First bytes of its files.
        always_magic: Whether all of its files begin with these; otherwise a file with its suffix has another format.
        reader: The pandas function that reads it; None if another library does.
        options: Keys of `data.read`, besides `format`, that apply to it; pandas' options apply too.
        first_row: Number of the first row, as an editor counts; 0 for binary files.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    magic: tuple[bytes, ...] = ()
    always_magic: bool = False
    reader: str | None = None
    options: frozenset[str] = frozenset()
    first_row: int = 0


KINDS = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            FileKind(
                CSV, "CSV", (".csv", ".tsv", ".tab", ".txt", ".data"), reader="read_csv",
                options=frozenset(
                    {"separator", "decimal", "thousands", "encoding", "quote", "header", "compression"}
                ),
            ),
            FileKind(
                JSON, "JSON", (".json", ".jsonl", ".ndjson"), reader="read_json",
                options=frozenset({"encoding", "compression"}), first_row=1,
            ),
            FileKind(PARQUET, "Parquet", (".parquet", ".pq"), (b"PAR1",), always_magic=True, reader="read_parquet"),
            FileKind(
                FEATHER, "Feather (Arrow)", (".feather", ".arrow", ".ipc", ".arrows"), (b"ARROW1", b"FEA1"),
                reader="read_feather",
            ),
            FileKind(ORC, "ORC", (".orc",), (b"ORC",), always_magic=True, reader="read_orc"),
            FileKind(
                EXCEL, "Excel", (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), (b"PK\3\4", b"\xd0\xcf\x11\xe0"),
                always_magic=True, reader="read_excel", options=frozenset({"header", "decimal", "thousands"}),
                first_row=2,
            ),
            FileKind(
                SQLITE, "SQLite", (".sqlite", ".sqlite3", ".db"), (b"SQLite format 3\0",), always_magic=True,
                options=frozenset({TABLE}),
            ),
            FileKind(STATA, "Stata", (".dta",), (b"<stata_dta>",), reader="read_stata"),
            FileKind(
                SAS, "SAS", (".sas7bdat", ".xpt"), (b"HEADER RECORD*******LIB", b"\0" * 12 + b"\xc2\xea\x81\x60"),
                always_magic=True, reader="read_sas",
            ),
            FileKind(SPSS, "SPSS", (".sav", ".zsav", ".por"), (b"$FL2", b"$FL3"), reader="read_spss"),
        )
    }
)  # fmt: skip
"""All formats, by name."""
