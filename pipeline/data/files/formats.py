"""The format of a table's file, detected from its first bytes, or from its suffix if they show nothing."""

from __future__ import annotations

import json
from types import MappingProxyType

from pipeline.data.files.compression import Contents
from pipeline.data.files.kinds import CSV, FEATHER, JSON, KINDS, SPSS, STATA
from pipeline.errors import DataError

MAGIC = tuple((magic, kind.name) for kind in KINDS.values() for magic in kind.magic)
SUFFIXES = MappingProxyType({suffix: kind.name for kind in KINDS.values() for suffix in kind.suffixes})
NO_TABLES = (
    (b"\x80\x02", "pickled objects, which are never loaded; use a Parquet file"),
    (b"\x80\x03", "pickled objects, which are never loaded; use a Parquet file"),
    (b"\x80\x04", "pickled objects, which are never loaded; use a Parquet file"),
    (b"\x80\x05", "pickled objects, which are never loaded; use a Parquet file"),
    (b"\x93NUMPY", "a NumPy array; use data=npz"),
    (b"\x89HDF", "an HDF5 file, from which pandas would load pickled objects; use a Parquet file"),
    (b"RDX", "an R data file; use a file from write.csv or arrow::write_parquet in R"),
    (b"Obj\x01", "an Avro file; use a Parquet file"),
    (b"%PDF", "a PDF document; use a CSV file"),
    (b"\x89PNG", "a picture; use data=image_folder for a folder of pictures"),
    (b"\xff\xd8\xff", "a picture; use data=image_folder for a folder of pictures"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"version https://git-lfs", "only a Git LFS pointer; use `git lfs pull` to get the file"),
)
"""First bytes of files that are not tables, with what they are and what to use instead."""
NO_TABLES_BY_SUFFIX = MappingProxyType(
    {
        ".pkl": NO_TABLES[0][1],
        ".pickle": NO_TABLES[0][1],
        ".rds": NO_TABLES[6][1],
        ".rdata": NO_TABLES[6][1],
        ".tar": "an archive; unpack it",
        ".tgz": "an archive; unpack it",
        ".arff": "an ARFF file; use data=frame with a function that calls scipy.io.arff.loadarff",
    }
)


def format_of(contents: Contents, given: str | None) -> str:
    """Returns the format of a table's file.

    Args:
        contents: The file.
        given: The format, if the user sets it.

    Raises:
        DataError: It holds no readable table; the message says what it is.
    """
    if given is not None:
        return given
    head, file = contents.head, contents.file
    for magic, what in NO_TABLES:
        if head.startswith(magic):
            raise DataError(f"'{file}': is {what}")
    if contents.suffix in NO_TABLES_BY_SUFFIX:
        raise DataError(f"'{file}': is {NO_TABLES_BY_SUFFIX[contents.suffix]}")
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    kind = SUFFIXES.get(contents.suffix, CSV)
    if KINDS[kind].always_magic:
        raise DataError(
            f"'{file}': not a {KINDS[kind].title} file, it begins with {head[:12]!r}; change its suffix, or set "
            "data.read.format=csv"
        )
    if kind in (FEATHER, STATA, SPSS):
        return kind
    text = head[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:5].lower() in (b"<html", b"<!doc", b"<?xml"):
        raise DataError(f"'{file}': is a web page or XML; use the table itself, such as a CSV file")
    return JSON if kind == JSON or _is_json(head) else CSV


def _is_json(head: bytes) -> bool:
    """Whether a text begins with a record of JSON, on a line of its own or in a list."""
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    if text.startswith("["):
        return text[1:].lstrip().startswith("{")
    try:
        return text.startswith("{") and isinstance(json.loads(text.splitlines()[0]), dict)
    except ValueError:
        return False
