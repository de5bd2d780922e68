"""CSV files: what is found of them by itself, what is said of it, what the user may say, and which row is wrong."""

import bz2
import gzip
import logging
import lzma
import time
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.data.files.read_options import read_options
from pipeline.data.files.reading import read_files
from pipeline.errors import ConfigError, DataError

MISSING = ["", "NA", "?"]
ROWS = "a,b\n1,x\n2,y\n"


def read(folder: Path, text: str | bytes, name: str = "t.csv", **options: Any) -> tuple[dict[str, list[Any]], int]:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = read_files(str(file), "data.path", read_options(options), MISSING)
    return found.frame.to_dict("list"), found.first_row


AS_IT_IS: dict[str, tuple[str | bytes, dict[str, list[str]], str]] = {
    "comma": (ROWS, {"a": ["1", "2"], "b": ["x", "y"]}, ""),
    "semicolon and decimal comma": (
        "a;b\n1,5;x\nNA;y\n-2,25;z\n", {"a": ["1.5", "NA", "-2.25"], "b": ["x", "y", "z"]},
        "separated by semicolon (data.read.separator); decimal comma (data.read.decimal)",
    ),
    "thousands": (
        "a;b\n1.234,56;x\n12;y\n", {"a": ["1234.56", "12"], "b": ["x", "y"]},
        "'.' as thousands separator (data.read.thousands)"
    ),
    "thousands or decimals": (
        "a;b\n1,234;x\n2,345;y\n", {"a": ["1,234", "2,345"], "b": ["x", "y"]},
        "'a' has commas in numbers, treated as thousands separators (set data.read.decimal=comma if they are not)",
    ),
    "decimal points beside commas": (
        "a;b\n1.25;1,5\n2;2,5\n", {"a": ["1.25", "2"], "b": ["1,5", "2,5"]}, "treated as thousands separators"
    ),
    "lists with commas": ("a;b\n1.5;x,y\n2.25;z\n", {"a": ["1.5", "2.25"], "b": ["x,y", "z"]}, "semicolon"),
    "tab": (ROWS.replace(",", "\t"), {"a": ["1", "2"], "b": ["x", "y"]}, "separated by tab"),
    "pipe": (ROWS.replace(",", "|"), {"a": ["1", "2"], "b": ["x", "y"]}, "separated by pipe"),
    "white space": (
        "mpg  cyl  name\n18.0   8   chev\n15     8   'x'\n",
        {"mpg": ["18.0", "15"], "cyl": ["8", "8"], "name": ["chev", "'x'"]}, "separated by white space",
    ),
    "the separator in a first line": ("sep=|\na|b\n1|x\n", {"a": ["1"], "b": ["x"]}, "separated by pipe"),
    "single quotes": ("'a','b'\n'1','x, y'\n", {"a": ["1"], "b": ["x, y"]}, "values in ' (data.read.quote)"),
    "quoted separators and line breaks": ('a,b\n1,"x, ""y""\nz"\n', {"a": ["1"], "b": ['x, "y"\nz']}, ""),
    "UTF-16": ("a,b\n1,é\n".encode("utf-16"), {"a": ["1"], "b": ["é"]}, "is UTF-16 (data.read.encoding)"),
    "UTF-16 without a mark": ("a,b\n1,é\n".encode("utf-16-le"), {"a": ["1"], "b": ["é"]}, "is UTF-16-LE"),
    "UTF-8 with a mark": ("a,b\n1,é\n".encode("utf-8-sig"), {"a": ["1"], "b": ["é"]}, ""),
    "names of R's rows": (
        "a,b\n1,0.5,x\n2,0.7,y\n", {"Unnamed: 0": ["1", "2"], "a": ["0.5", "0.7"], "b": ["x", "y"]},
        "the header has one name too few, so the first column is called 'Unnamed: 0'",
    ),
    "a separator after each row": ("a,b\n1,x,\n2,y,\n", {"a": ["1", "2"], "b": ["x", "y"]}, ""),
    "counts of scikit-learn's": (
        "3,2,setosa,other\n5.1,3.5,0\n4.9,3.0,1\n5,3,1\n",
        {"column_1": ["5.1", "4.9", "5"], "column_2": ["3.5", "3.0", "3"], "target": ["0", "1", "1"]},
        "its first line holds counts of rows and columns, so the columns are called column_1 to column_2 and target",
    ),
    "counts before a header": (
        "2,1,,\na,y\n1.5,0\n2,1\n".replace(",,", ""), {"a": ["1.5", "2"], "y": ["0", "1"]}, "counts of rows and columns"
    ),
    "no header, fractions": (
        "5.1,?,u\n4.9,3,u\n5,3,v\n",
        {"column_1": ["5.1", "4.9", "5"], "column_2": ["?", "3", "3"], "column_3": ["u", "u", "v"]},
        "no header, so the columns are called column_1 to column_3 (data.read.header)",
    ),
    "no header, values seen again": (
        "39, State, 7\n50, Own, 8\n38, State, 9\n",
        {"column_1": ["39", "50", "38"], "column_2": ["State", "Own", "State"], "column_3": ["7", "8", "9"]},
        "spaces after commas are removed; no header",
    ),
    "years for names": (
        "land,2001,2002\nA,1,2\nB,3,4\n", {"land": ["A", "B"], "2001": ["1", "3"], "2002": ["2", "4"]}, "",
    ),
    "wavelengths for names": (
        ",".join(f"{n}.5" for n in range(9)) + "\n" + "0.3," * 8 + "1\n",
        {f"{n}.5": ["0.3" if n < 8 else "1"] for n in range(9)}, "",
    ),
    "numbers for names": ("0,1\n5,6\n7,8\n", {"0": ["5", "7"], "1": ["6", "8"]}, ""),
    "names twice": (
        "a,a,,a.1\n1,2,3,4\n", {"a": ["1"], "a.2": ["2"], "Unnamed: 2": ["3"], "a.1": ["4"]},
        "has duplicate column names; the later ones are renamed 'a.2'",
    ),
    "empty lines": ("\na,b\n\n1,x\n", {"a": ["1"], "b": ["x"]}, ""),
    "old line ends": ("a,b\r1,x\r", {"a": ["1"], "b": ["x"]}, ""),
}  # fmt: skip
"""What a file has, what is read, and what is said of it."""


@pytest.mark.parametrize("name", AS_IT_IS)
def test_file_is_read_as_it_is_written(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text, expected, said = AS_IT_IS[name]
    with caplog.at_level(logging.INFO):
        assert read(tmp_path, text)[0] == expected
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == bool(said), lines
    if said:
        assert lines[0].startswith("'t.csv': ")
        assert said in lines[0]


def test_compressed_files_are_read_whatever_their_name(tmp_path: Path) -> None:
    expected = {"a": ["1", "2"], "b": ["x", "y"]}
    plain = ROWS.encode()
    for name, packed in (
        ("t.csv.gz", gzip.compress(plain)),
        ("t", bz2.compress(plain)),
        ("t.xz", lzma.compress(plain)),
    ):
        assert read(tmp_path, packed, name)[0] == expected
    with pa.output_stream(str(tmp_path / "t.csv.zst"), compression="zstd") as stream:
        stream.write(plain)
    assert read(tmp_path, (tmp_path / "t.csv.zst").read_bytes(), "t.csv.zst")[0] == expected
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("in/t.csv", ROWS)
        archive.writestr("__MACOSX/in/._t.csv", "of the system")
    assert read(tmp_path, (tmp_path / "one.zip").read_bytes(), "one.zip")[0] == expected
    assert read(tmp_path, ROWS, "t.csv.gz")[0] == expected
    with pytest.raises(DataError, match=r"cut.csv.gz': is damaged or cut off"):
        read(tmp_path, gzip.compress(plain)[:-10], "cut.csv.gz")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", ROWS)
        archive.writestr("b.csv", ROWS)
    with pytest.raises(DataError, match=r"two.zip': is an archive of 2 files \(a.csv, b.csv\); expected one file"):
        read(tmp_path, (tmp_path / "two.zip").read_bytes(), "two.zip")


TOLD: dict[str, tuple[str | bytes, dict[str, Any], dict[str, list[Any]]]] = {
    "encoding": ("a,b\n1,ö\n".encode("latin-1"), {"encoding": "latin-1"}, {"a": ["1"], "b": ["ö"]}),
    "decimal sign": ("a;b\n1,234;x\n", {"decimal": "comma"}, {"a": ["1.234"], "b": ["x"]}),
    "decimal point": ("a;b\n1,5;x\n", {"decimal": "."}, {"a": ["1,5"], "b": ["x"]}),
    "thousands": ('a,b\n"1,234.5",x\n"2,345",y\n', {"thousands": ","}, {"a": ["1234.5", "2345"], "b": ["x", "y"]}),
    "no header": ("a,b\n1,x\n", {"header": False}, {"column_1": ["a", "1"], "column_2": ["b", "x"]}),
    "line of the header": ("junk;\na,b\n1,x\n", {"header": 2}, {"a": ["1"], "b": ["x"]}),
    "separator": ("a,b;c\n1,x;3\n", {"separator": "semicolon"}, {"a,b": ["1,x"], "c": ["3"]}),
    "pattern": ("a::b\n1::x\n", {"separator": "::"}, {"a": ["1"], "b": ["x"]}),
    "no quotes": ('a,b\n"1,x\n', {"quote": "none"}, {"a": ['"1'], "b": ["x"]}),
    "options of pandas": ("# of 2024\na;b\n1;x\n2;y\n", {"comment": "#", "nrows": 1}, {"a": ["1"], "b": ["x"]}),
    "line of the header and options of pandas": (
        "junk\n\na;b\n1;x\n2;y\n", {"header": 3, "nrows": 1}, {"a": ["1"], "b": ["x"]}
    ),
    "dtypes of pandas": (ROWS, {"dtype": {"a": "int64"}, "usecols": ["a"]}, {"a": [1, 2]}),
    "other options of pandas on a file without a header": (
        "5.1,u\n4.9,u\n5,v\n", {"nrows": 1}, {"column_1": ["5.1"], "column_2": ["u"]}
    ),
    "other options of pandas on a header that is short": (
        "a,b\n1,5,x\n2,6,y\n", {"nrows": 1}, {"Unnamed: 0": ["1"], "a": ["5"], "b": ["x"]}
    ),
    "comments above a header that is short": (
        "# R\na,b\n1,5,x\n2,6,y\n", {"comment": "#"}, {"Unnamed: 0": ["1", "2"], "a": ["5", "6"], "b": ["x", "y"]}
    ),
    "two numbers that count nothing": ("5,1\n3,0\n4,1\n3,3\n", {"header": False}, {
        "column_1": ["5", "3", "4", "3"], "column_2": ["1", "0", "1", "3"]
    }),
    "index of pandas": (ROWS, {"index_col": "b"}, {"b": ["x", "y"], "a": ["1", "2"]}),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_what_the_user_says_counts(name: str, tmp_path: Path) -> None:
    text, options, expected = TOLD[name]
    assert read(tmp_path, text, **options)[0] == expected


WRONG: dict[str, tuple[str | bytes, str]] = {
    "another encoding": (
        "a,b\n1,x\n2,Köln\n".encode("cp1252"),
        "is not UTF-8 text: row 3 has the byte 0xf6; with data.read.encoding=cp1252 it reads 'Köln'",
    ),
    "another encoding far below": (
        ("a,b\n" + "1,x\n" * 99_999 + "2,Köln\n").encode("cp1252"), "row 100001 has the byte 0xf6"
    ),
    "too many values": ("a;b\n1,5;x\n2;y;3\n", "row 3 has 3 values for 2 columns"),
    "too few values": ("a,b\n1,x\n2\n", "row 3 has 1 value for 2 columns"),
    "a name too few but for one row": ("a,b\n" + "1,x,\n" * 2000 + "2,y,3\n", "row 2002 has 3 values for 2 columns"),
    "too few values by white space": ("a b c\n" + "1 2 3\n" * 2000 + "1 2\n", "row 2002 has 2 values for 3 columns"),
    "a title above": (
        "Sales of 2024\n\na,b\n1,x\n2,y\n3,z\n",
        "row 3 has 2 values for 1 column; if line 3 has the column names, set data.read.header=3",
    ),
    "comments": ("a,b\n# of 2024\n1,x\n", "row 2 has 1 value for 2 columns; use +data.read.comment="),
    "a null character": ("a,b\n1,x\0y\n", "row 2: expected text, got a null character"),
    "no rows": ("a,b\n", "has a header but no rows"),
    "nothing but line ends": ("\n\n", "has no rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_row_is_told_by_its_number(name: str, tmp_path: Path) -> None:
    text, expected = WRONG[name]
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert expected in str(error.value)


def test_other_separator_is_told_where_the_given_one_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"; the separator may be ';' \(data.read.separator=semicolon\)"):
        read(tmp_path, "a;b;c\n1,5;x;1\n2;y;2\n", separator="comma", header=True)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"skiprow": 1}, "data.read.skiprow: no reader has this option; did you mean 'skiprows'?"),
        ({"seperator": ";"}, "data.read.seperator: no reader has this option; did you mean 'separator'?"),
        ({"sep": ";"}, "data.read.sep: use data.read.separator instead"),
        ({"decimal": "x"}, "data.read.decimal: expected one character such as ',' or its name, such as comma, got 'x'"),
        ({"encoding": "utf-9"}, "data.read.encoding: no encoding 'utf-9'; did you mean 'utf-8'?"),
        ({"compression": "gzp"}, "data.read.compression: no compression 'gzp'; did you mean 'gzip'?"),
        ({"header": "no"}, "data.read.header: expected true, false or a line number from 1, got 'no'"),
        ({"format": "cvs"}, "data.read.format: no file format 'cvs'; did you mean 'csv'?"),
        ({"storage_options": {}}, "data.read.storage_options: no reader has this option"),
    ],
)
def test_wrong_option_is_told_with_its_key(options: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_options(options)
    assert str(error.value).startswith(expected)


def test_separator_that_is_nowhere_is_doubted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert read(tmp_path, ROWS, separator=";")[0] == {"a,b": ["1,x", "2,y"]}
    assert caplog.messages == ["'t.csv': one column; the separator may be comma (data.read.separator)"]
    caplog.clear()
    read(tmp_path, "a\nx y\n", separator=";")
    assert caplog.messages == []


def test_rows_are_counted_as_editors_do(tmp_path: Path) -> None:
    assert [read(tmp_path, text)[1] for text in (ROWS, "sep=,\n" + ROWS, "1.5,2\n1,3\n0,1\n")] == [2, 3, 1]


def test_a_million_values_take_no_loop_over_them(tmp_path: Path) -> None:
    row = ";".join(f"{n},25" for n in range(10))
    (tmp_path / "large.csv").write_text(row.replace(",25", "a") + f"\n{row}" * 100_000)
    before = time.process_time()
    found = read_files(str(tmp_path / "large.csv"), "data.path", read_options({}), MISSING)
    assert time.process_time() - before < 3
    assert (found.frame["3a"] == "3.25").sum() == 100_000
