"""Tables in files of any supported format, or DataFrames."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.data.files.paths import files_of
from pipeline.data.files.read_options import read_options
from pipeline.data.files.reading import joined, look_at_files, read_files
from pipeline.data.sources.table_source import TableSource
from pipeline.data.tables.table import Table
from pipeline.errors import ConfigError, DataError, PipelineError, one_line, with_article

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class TablesByPath(TableSource, abc.ABC):
    """The common part of sources that read the table of each split from a path.

    Attributes:
        path: The file of the training split, or of all rows; a folder, or a pattern such as `part-*.csv`.
        validation: The file of the validation split, or null.
        test: The file of the test split, or null.
    """

    path: str
    validation: str | None
    test: str | None

    def check(self) -> None:
        """Refuses missing files and unknown kinds of columns."""
        super().check()
        for key, path in self._paths():
            if not str(path).strip():
                raise ConfigError(f"data.{key}: expected a file, a folder or a pattern, got an empty text")
            self.look(path, f"data.{key}")

    def tables(self) -> list[Table | None]:
        """See `TableSource`."""
        found = {key: self.table(path, f"data.{key}") for key, path in self._paths()}
        return [found.get(key) for key in ("path", "validation", "test")]

    @abc.abstractmethod
    def look(self, path: str, key: str) -> None:
        """Refuses a path that names no valid file, before any rows are read.

        Args:
            path: The path.
            key: Its config key, for messages.
        """

    @abc.abstractmethod
    def table(self, path: str, key: str) -> Table:
        """Returns the table that a path names.

        Args:
            path: The path.
            key: Its config key, for messages.
        """

    def _paths(self) -> Iterator[tuple[str, str]]:
        for key in ("path", "validation", "test"):
            path = getattr(self, key)
            if path is not None:
                yield key, path


@dataclass(frozen=True, kw_only=True)
class TableFiles(TablesByPath, abc.ABC):
    """The base of sources that read a table from files: one file, all files of a folder, or those of a pattern.

    Files that `data=csv` does not read, such as logs with lines like `level=info user=7`, need one method:

        @dataclass(frozen=True, kw_only=True)
        class Events(TableFiles):
            def rows_of(self, file: Path) -> pd.DataFrame:
                lines = file.read_text().splitlines()
                return pd.DataFrame([dict(word.split("=", 1) for word in line.split()) for line in lines])

    Its YAML takes the defaults of the arguments from `conf/data/_table_files.yaml`.
    """

    @abc.abstractmethod
    def rows_of(self, file: Path) -> pd.DataFrame:
        """Returns the rows of a file; its errors are reported with the file's name."""

    def look(self, path: str, key: str) -> None:
        """See `TablesByPath`."""
        files_of(path, key)

    def table(self, path: str, key: str) -> Table:
        """See `TablesByPath`; joins the rows of all its files."""
        files = files_of(path, key)
        frame = joined([self._rows_of(file) for file in files], files)
        if frame.empty:
            raise DataError(f"'{path}': has no rows")
        return Table(frame.reset_index(drop=True).rename(columns=str), f"'{path}'", 0)

    def _rows_of(self, file: Path) -> pd.DataFrame:
        try:
            return self.rows_of(file)
        except (PipelineError, MemoryError):
            raise
        except Exception as error:
            raise DataError(f"'{file}': {type(error).__name__}: {one_line(error)}") from error


@dataclass(frozen=True, kw_only=True)
class KnownFiles(TablesByPath):
    """A table in files whose format is detected from their first bytes and their suffix.

    Attributes:
        read: How files are read instead of detecting it, see `ReadOptions`; also any option of the pandas function
            that reads such files.
    """

    read: Mapping[str, Any] | None = None

    def look(self, path: str, key: str) -> None:
        """See `TablesByPath`; also refuses options that no reader has."""
        look_at_files(path, key, read_options(self.read))

    def table(self, path: str, key: str) -> Table:
        """See `TablesByPath`."""
        found = read_files(path, key, read_options(self.read), self.missing)
        return Table(found.frame, f"'{path}'", found.first_row)


@dataclass(frozen=True, kw_only=True)
class Csv(KnownFiles):
    """A table in files of any format, usually CSV.

    `Csv` and `Parquet` read the same files. There are two so that new data of the other kind for a trained model is not
    read with the `read` options of its training.
    """


@dataclass(frozen=True, kw_only=True)
class Parquet(KnownFiles):
    """A table in files of any format, usually Parquet; see `Csv`."""


@dataclass(frozen=True)
class Frame(TableSource):
    """DataFrames returned by a user's function.

    Attributes:
        train: The rows of the training split, or all rows.
        validation: The rows of the validation split, or null.
        test: The rows of the test split, or null.
    """

    train: Any
    validation: Any
    test: Any

    def tables(self) -> list[Table | None]:
        """See `TableSource`."""
        if self.train is None:
            raise ConfigError("data.train: expected a pandas.DataFrame, got None")
        parts = (("train", self.train), ("validation", self.validation), ("test", self.test))
        return [None if frame is None else _table(f"data.{key}", frame) for key, frame in parts]


def _table(key: str, frame: Any) -> Table:
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise ConfigError(f"{key}: expected a pandas.DataFrame, got {with_article(frame)}")
    if frame.empty:
        raise DataError(f"{key}: has no rows")
    return Table(frame.reset_index(drop=True).rename(columns=str), key, 0)
