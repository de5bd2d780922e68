"""Files of any kind: told by what they hold, alone, in folders or by a pattern, and what is no table is named."""

import logging
import pickle
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.data.files.read_options import read_options
from pipeline.data.files.reading import look_at_files, read_files
from pipeline.errors import ConfigError, DataError
from pipeline.security.trust import trust_of, trusting

FRAME = pd.DataFrame({"a": [0.5, 1.5, 2.5], "code": ["007", "NA", "x"], "y": [0, 1, 0]})


def read(path: Path, **options: Any) -> pd.DataFrame:
    look_at_files(str(path), "data.path", read_options(options))
    return read_files(str(path), "data.path", read_options(options), ["", "NA"]).frame


def arrow_stream(file: Path) -> None:
    table = pa.Table.from_pandas(FRAME)
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)


def sqlite(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        FRAME.to_sql("people", connection, index=False)
    connection.close()


WRITERS: dict[str, Callable[[Path], Any]] = {
    "parquet": FRAME.to_parquet,
    "feather": FRAME.to_feather,
    "arrows": arrow_stream,
    "orc": FRAME.to_orc,
    "dta": lambda file: FRAME.to_stata(file, write_index=False),
    "jsonl": lambda file: FRAME.to_json(file, orient="records", lines=True),
    "json": lambda file: FRAME.to_json(file, orient="records"),
    "xlsx": lambda file: FRAME.to_excel(file, index=False),
    "db": sqlite,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_kind_of_file_is_told_by_what_it_holds(kind: str, tmp_path: Path) -> None:
    if kind == "xlsx":
        pytest.importorskip("openpyxl")
    WRITERS[kind](tmp_path / f"t.{kind}")
    # Of text and of streams the suffix says it.
    named = tmp_path / (f"t.{kind}" if kind in ("arrows", "dta", "json") else "t.csv")
    (tmp_path / f"t.{kind}").rename(named)
    assert read(named).to_dict("list") == FRAME.to_dict("list")


def test_sheet_of_a_workbook(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("openpyxl")
    file = tmp_path / "t.xlsx"
    with pd.ExcelWriter(file) as book:
        FRAME.to_excel(book, sheet_name="First", index=False)
        FRAME.head(1).to_excel(book, sheet_name="Second", index=False)
    with caplog.at_level(logging.INFO):
        assert len(read(file)) == 3
    assert caplog.messages == ["'t.xlsx': sheet 'First', the first of 2 (data.read.sheet_name)"]
    assert len(read(file, sheet_name="Second")) == 1
    assert list(read(file, header=False).columns) == ["column_1", "column_2", "column_3"]
    with pytest.raises(ConfigError, match="returned a dict for"):
        read(file, sheet_name=["First", "Second"])


def test_table_of_an_sqlite_file(tmp_path: Path) -> None:
    file = tmp_path / "t.db"
    sqlite(file)
    with sqlite3.connect(file) as connection:
        FRAME.head(1).to_sql('odd "name"', connection, index=False)
    connection.close()
    with pytest.raises(DataError, match=r'has 2 tables \(odd "name", people\); set data.read.table'):
        read(file)
    assert len(read(file, table='odd "name"')) == 1
    with pytest.raises(DataError, match=r"has no table 'peple'; did you mean 'people'?"):
        read(file, table="peple")


def test_folder_and_pattern_are_one_table(tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "_SUCCESS").write_text("")
    for number in range(3):
        FRAME.assign(a=number)[["y", "a", "code"] if number else list(FRAME)].to_csv(
            parts / f"{number}.csv", index=False
        )
    for path in (parts, parts / "*.csv"):
        assert read(path)["a"].tolist() == ["0"] * 3 + ["1"] * 3 + ["2"] * 3
    FRAME.drop(columns="code").to_csv(parts / "3.csv", index=False)
    with pytest.raises(DataError, match=r"3.csv': has no column 'code', which '.*0.csv' has"):
        read(parts)
    with pytest.raises(DataError, match=r"data.path: no file matches '.*\.parquet'"):
        read(parts / "*.parquet")
    with pytest.raises(DataError, match=r"data.path: no file '.*4.csv'"):
        read(parts / "4.csv")


def test_folders_may_say_what_is_the_same_in_all_rows(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "parquet", partition_cols=["y"])
    assert read(tmp_path / "parquet").astype({"y": int}).sort_values("a").to_dict("list") == FRAME.to_dict("list")
    (tmp_path / "csv" / "year=2024").mkdir(parents=True)
    FRAME.to_csv(tmp_path / "csv" / "year=2024" / "t.csv", index=False)
    assert read(tmp_path / "csv")["year"].tolist() == ["2024"] * 3


def test_index_with_a_name_is_a_column_and_names_twice_are_different(tmp_path: Path) -> None:
    FRAME.set_index("code").to_parquet(tmp_path / "index.parquet")
    assert list(read(tmp_path / "index.parquet").columns) == ["code", "a", "y"]
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "twice.parquet")
    assert read(tmp_path / "twice.parquet").to_dict("list") == {"a": [1], "a.1": [2]}


NO_TABLES: dict[str, tuple[str, bytes, str]] = {
    "pickle": ("t.csv", pickle.dumps({}), "is pickled objects, which are never loaded; use a Parquet file"),
    "array": ("t.npy", b"\x93NUMPY\x01", "is a NumPy array; use data=npz"),
    "HDF5": ("t.h5", b"\x89HDF\r\n", "is an HDF5 file"),
    "R": ("t.rds", b"xx", "is an R data file"),
    "web page": ("t.csv", b"<!DOCTYPE html>", "is a web page or XML"),
    "pointer": ("t.csv", b"version https://git-lfs.github.com/spec/v1\n", "use `git lfs pull` to get the file"),
    "text as Parquet": ("t.parquet", b"a,b\n1,2\n", "not a Parquet file, it begins with b'a,b"),
    "cut Parquet": ("t.parquet", b"PAR1xxxx", "not a valid Parquet file: "),
    "cut ORC": ("t.orc", b"ORCxx", "not a valid ORC file: "),
    "cut Feather": ("t.feather", b"ARROW1xx", "not a valid Feather (Arrow) file: "),
    "cut workbook": ("t.xlsx", b"PK\3\4xxxx", "is damaged or cut off"),
    "cut SQLite": ("t.db", b"SQLite format 3\0xx", "not a valid SQLite file: "),
    "cut JSON": ("t.json", b'[{"a": 1', "not a valid JSON file: "),
    "SPSS": ("t.sav", b"$FL2xx", "SPSS needs the package pyreadstat; use pip install pyreadstat"),
}


@pytest.mark.parametrize("name", NO_TABLES)
def test_what_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    file, content, expected = NO_TABLES[name]
    (tmp_path / file).write_bytes(content)
    with pytest.raises(DataError) as error:
        read(tmp_path / file)
    assert str(error.value).startswith(f"'{tmp_path / file}': ")
    assert expected in str(error.value)


def test_typed_option_of_another_kind_of_file_is_refused_and_one_of_a_run_is_not(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", separator=";", skiprows=1, columns=["a"]).columns.tolist() == ["a"]
    for typed in ("data.read.separator=';'", "+data.read.skiprows=1"):
        with (
            trusting(trust_of([typed])),
            pytest.raises(ConfigError, match=r"data.read.s\w+: does not apply to"),
        ):
            read(tmp_path / "t.parquet", separator=";", skiprows=1)
