"""The content of a file, compressed or not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import BinaryIO, cast

from pipeline.errors import DataError, one_line

NONE, ZIP = "none", "zip"
MAGIC = MappingProxyType(
    {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zst", b"PK\3\4": ZIP}
)
"""Compressions by the first bytes of their files."""
NAMES = MappingProxyType(
    {
        **{name: name for name in ("gz", "bz2", "xz", "zst", ZIP, NONE)},
        **{"gzip": "gz", "zstd": "zst", "bzip2": "bz2", "lzma": "xz"},
    }
)
"""Compressions by their common names."""
OF_OFFICE = ("[Content_Types].xml", "mimetype")
"""Member of a ZIP archive that is an office document."""
HEAD = 1 << 18
"""Number of first bytes to detect the kind of a file from."""


@dataclass(frozen=True)
class Contents:
    """The content of a file.

    Attributes:
        file: The file.
        compression: Its compression; `none` if it is not compressed.
        head: The first bytes of the content.
        suffix: The suffix of the content's name, such as `.csv` for `people.csv.gz`.
        member: The file to read in a ZIP archive.
    """

    file: Path
    compression: str
    head: bytes
    suffix: str
    member: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the head is the whole content."""
        return len(self.head) < HEAD

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Opens the content of the file.

        Raises:
            DataError: It contains bytes that cannot be unpacked.
        """
        try:
            with _opened(self.file, self.compression, self.member) as stream:
                yield stream
        except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile) as error:
            raise DataError(f"'{self.file}': is damaged or cut off: {one_line(error)}") from error
        except RuntimeError as error:
            # A ZIP archive with a password.
            raise DataError(f"'{self.file}': cannot be unpacked: {one_line(error)}") from error


def contents_of(file: Path, compression: str | None = None, key: str = "") -> Contents:
    """Detects the content of a file.

    Args:
        file: The file.
        compression: Its compression; None to detect it from the first bytes.
        key: The config key of its path, for messages; empty if unknown.

    Raises:
        DataError: It is missing, empty, or an archive of several files.
    """
    if not file.is_file():
        raise DataError(f"'{file}': no such file")
    if not file.stat().st_size:
        raise _empty(file, key)
    with file.open("rb") as stream:
        first = stream.read(8)
    found = compression or next((name for magic, name in MAGIC.items() if first.startswith(magic)), NONE)
    name = file.name if found == NONE else file.stem
    member = ""
    if found == ZIP:
        member = _member(file, certain=compression is not None)
        found, name = (ZIP, PurePosixPath(member).name) if member else (NONE, file.name)
    packed = Contents(file, found, b"", Path(name).suffix.lower() if "." in name else file.suffix.lower(), member)
    try:
        with packed.opened() as stream:
            head = stream.read(HEAD)
    except OSError as error:
        if found == NONE:
            raise
        raise DataError(f"'{file}': is not compressed by {found}: {one_line(error)}") from error
    if not head:
        raise _empty(file, key)
    return Contents(file, found, head, packed.suffix, member)


def _empty(file: Path, key: str) -> DataError:
    return DataError(f"{key}: '{file}' is empty" if key else f"'{file}': is empty")


def _opened(file: Path, compression: str, member: str) -> BinaryIO:
    if compression == "gz":
        return cast(BinaryIO, gzip.open(file))
    if compression == "bz2":
        return cast(BinaryIO, bz2.open(file))
    if compression == "xz":
        return cast(BinaryIO, lzma.open(file))
    if compression == ZIP:
        return cast(BinaryIO, zipfile.ZipFile(file).open(member))
    if compression == "zst":
        import pyarrow as pa

        return cast(BinaryIO, io.BufferedReader(pa.input_stream(str(file), compression="zstd"), 1 << 20))
    return file.open("rb")


def _member(file: Path, *, certain: bool) -> str:
    """Returns the only file in a ZIP archive; an empty text if it is an office document."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
    except zipfile.BadZipFile as error:
        raise DataError(f"'{file}': is damaged or cut off: {one_line(error)}") from error
    if not certain and any(name in OF_OFFICE for name in names):
        return ""
    tables = [n for n in names if not n.startswith("__MACOSX/") and not PurePosixPath(n).name.startswith(".")]
    if len(tables) != 1:
        listed = ", ".join(tables[:5]) or "none"
        raise DataError(f"'{file}': is an archive of {len(tables)} files ({listed}); expected one file, or unpack it")
    return tables[0]
