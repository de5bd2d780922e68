"""The encoding of text files: detected if it is certain, otherwise only suggested in the message."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import BinaryIO

from pipeline.data.files.compression import Contents
from pipeline.errors import DataError, escaped

UTF_8, UTF_16 = "utf-8", "utf-16"
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, UTF_16), (codecs.BOM_UTF16_BE, UTF_16), (codecs.BOM_UTF8, UTF_8),
)  # fmt: skip
"""Byte order marks; that of UTF-32 begins like one of UTF-16."""
MOST_NULLS = 0.2
"""Share of null characters from which every second byte of a text counts as null."""


def encoding_of(contents: Contents) -> str:
    """Returns the encoding of a text: UTF-8 unless its first bytes show another."""
    for mark, name in MARKS:
        if contents.head.startswith(mark):
            return name
    even, odd = contents.head[::2], contents.head[1::2]
    if odd.count(0) > MOST_NULLS * len(odd) and not even.count(0):
        return "utf-16-le"
    if even.count(0) > MOST_NULLS * len(even) and not odd.count(0):
        return "utf-16-be"
    return UTF_8


def beginning(contents: Contents, encoding: str) -> str:
    """Returns the first text of a file, in whole lines.

    Raises:
        DataError: It has a different encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(contents.head, final=contents.is_whole)
    except UnicodeError as error:
        raise encoding_mistake(contents, encoding) from error
    text = text.removeprefix("\ufeff")
    if contents.is_whole:
        return text
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end >= 0 else text


def encoding_mistake(contents: Contents, encoding: str) -> DataError:
    """Returns the error of a file that does not have the expected encoding."""
    title = {UTF_8: "UTF-8", UTF_16: "UTF-16"}.get(encoding, encoding)
    with contents.opened() as stream:
        found = _first_wrong(stream, encoding)
    if b"\0" in contents.head or found is None:
        return DataError(f"'{contents.file}': is not {title} text; set data.read.encoding to its encoding")
    row, line, position = found
    other = _readable(line)
    word = _word(line.decode(other), len(line[:position].decode(other)))
    return DataError(
        f"'{contents.file}': is not {title} text: row {row} has the byte 0x{line[position]:02x}; "
        f"with data.read.encoding={other} it reads '{escaped(word)}'"
    )


def _first_wrong(stream: BinaryIO | Iterable[bytes], encoding: str) -> tuple[int, bytes, int] | None:
    """Returns the first line that cannot be decoded, its number and the position in it."""
    try:
        for number, line in enumerate(stream, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                return number, line, error.start
    except UnicodeError:
        pass
    return None


def _readable(line: bytes) -> str:
    try:
        line.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _word(text: str, position: int) -> str:
    first = last = position
    while first > 0 and text[first - 1].isalnum():
        first -= 1
    while last + 1 < len(text) and text[last + 1].isalnum():
        last += 1
    return text[first : last + 1]
