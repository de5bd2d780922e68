"""A user's own table: a CSV or Parquet file or a DataFrame, columns to inputs and targets by name."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from pipeline.config import REFUSE
from pipeline.data.examples import Examples
from pipeline.data.missing_labels import Missing, with_missing
from pipeline.data.sources import table_columns, table_files
from pipeline.data.sources.table_columns import Table
from pipeline.data.spec import CATEGORY, NUMBER, Classes, DataSpec, InputSpec, TargetSpec, classes_by_target
from pipeline.data.split_columns import as_written
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError, DataError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Tables:
    """What every source of tables has in common.

    Attributes:
        targets: Columns that are targets.
        inputs: Columns that are inputs; null for all that are neither targets nor in `columns`.
        columns: Further columns, from which weights, masks and splits may be taken.
        categories: Columns of numbers that are categories.
        missing: Texts that stand for a missing value.
        classes: 0 for a target of whole numbers to regress (by target name for several); null infers.
        kept: Columns that are kept as they are written, whatever else they are; by itself the one of `split.column`.
    """

    targets: Sequence[str]
    inputs: Sequence[str] | None
    columns: Sequence[str]
    categories: Sequence[str]
    missing: Sequence[str]
    classes: Classes
    kept: Sequence[str] = field(default=(), kw_only=True)

    def regressing(self, targets: Sequence[str]) -> Self:
        """Returns the source for losses of numbers: whole numbers are such unless `classes` says otherwise."""
        given = classes_by_target(self.classes, list(self.targets))
        return replace(self, classes={**{name: 0 for name in targets if name in self.targets}, **given})

    def keeping(self, column: str, *, may_be_input: bool) -> Self:
        """Returns the source that keeps a column, which is an input only if named as one, or if it may be."""
        kept = replace(self, kept=[*self.kept, column])
        named = {*self.columns, *self.targets, *(self.inputs or ())}
        if may_be_input or column in named:
            return kept
        if self.inputs is None:
            log.info("split.column: '%s' is no input; data.inputs=[…] names the inputs if it shall be one", column)
        return replace(kept, columns=[*self.columns, column])

    def splits(
        self, train: Table, others: Sequence[Table | None], *, with_targets: bool, missing: Missing = REFUSE
    ) -> Splits:
        """Returns the splits, validation and test after the training one, whose types and classes all have."""
        spec = self._spec(train, with_targets, missing)
        examples = (None if table is None else self._examples(table, spec, with_targets, missing) for table in others)
        return Splits(self._examples(train, spec, with_targets, missing), *examples)

    def _spec(self, table: Table, with_targets: bool, missing: Missing) -> DataSpec:
        for name in self.kept:
            table.column(name)
        others = {*self.targets, *self.columns}
        inputs = self.inputs or [str(name) for name in table.frame.columns if name not in others]
        if not inputs:
            raise ConfigError("data.inputs: no column is left for an input")
        for name in inputs:
            if name in self.targets:
                raise ConfigError(f"data.inputs: '{name}' is a target too")
        text = {name: table_columns.is_text(table, name, self.missing, self.categories) for name in inputs}
        counts = classes_by_target(self.classes, list(self.targets))
        named = self.targets if with_targets else ()
        targets = {name: self._target(table, name, counts.get(name), missing) for name in named}
        return DataSpec({name: _input("string" if text[name] else "float32") for name in inputs}, targets)

    def _target(self, table: Table, name: str, count: int | None, missing: Missing) -> TargetSpec:
        labels, present = table_columns.labels(table, name, self.missing, missing)
        found = list(itertools.compress(labels, present))
        whole = all(map(table_columns.is_whole, found))
        if count == 0 or not (whole or self._is_of_names(table, name)):
            return TargetSpec((), "float32")
        if count and whole:
            return TargetSpec((), "int64", tuple(str(index) for index in range(count)))
        classes = table_columns.class_names(found)
        if count and count != len(classes):
            raise ConfigError(f"data.classes: {count} for target '{name}', which has {len(classes)}")
        if whole and count is None and len(classes) > max(20, len(found) // 10):
            return TargetSpec((), "float32", certain=False)
        return TargetSpec((), "int64", classes, certain=count is not None or not whole)

    def _is_of_names(self, table: Table, name: str) -> bool:
        is_bool = table.column(name).dtype.kind == "b"
        return is_bool or table_columns.is_text(table, name, self.missing, self.categories)

    def _examples(self, table: Table, spec: DataSpec, with_targets: bool, missing: Missing) -> Examples:
        inputs = {
            name: (table_columns.texts if given.dtype == "string" else table_columns.numbers)(table, name, self.missing)
            for name, given in spec.inputs.items()
        }
        targets, masks = {}, {}
        for name, given in spec.targets.items():
            targets[name], present = self._target_values(table, name, given, missing)
            if not present.all():
                masks[name] = present.astype("float32")
        columns = {name: self._extra(table, name) for name in self.columns} if with_targets else {}
        # Files of validation and test rows need none of those that set splits apart.
        kept = [name for name in self.kept if name in table.frame.columns]
        columns |= {name: as_written(table.column(name), self.missing) for name in kept}
        return Examples(with_missing(spec, masks), inputs, targets, masks, columns)

    def _target_values(
        self, table: Table, name: str, given: TargetSpec, missing: Missing
    ) -> tuple[np.ndarray, np.ndarray]:
        found, present = table_columns.labels(table, name, self.missing, missing)
        if given.classes is None:
            return np.where(present, table_columns.numbers(table, name, self.missing), np.float32(0)), present
        return table_columns.class_ids(table, name, found, present, given.classes), present

    def _extra(self, table: Table, name: str) -> np.ndarray:
        if table_columns.is_text(table, name, self.missing, self.categories):
            return table_columns.texts(table, name, self.missing)
        return table_columns.numbers(table, name, self.missing)


def _input(dtype: str) -> InputSpec:
    return InputSpec((), dtype, missing=True, kind=CATEGORY if dtype == "string" else NUMBER)


@dataclass(frozen=True)
class _Files(_Tables):
    """A table in files.

    Attributes:
        path: The file of the training split, or of all rows.
        validation: The file of the validation split, or null.
        test: The file of the test split, or null.
    """

    path: str
    validation: str | None
    test: str | None

    def check(self) -> None:
        """Refuses files that do not exist."""
        for key, path in (("path", self.path), ("validation", self.validation), ("test", self.test)):
            if path is not None and not Path(path).expanduser().is_file():
                raise DataError(f"data.{key}: no file '{path}'")

    def load(self, *, with_targets: bool = True, missing: Missing = REFUSE) -> Splits:
        """See `Source`."""
        train, *others = (
            None if path is None else self._table(Path(path).expanduser())
            for path in (self.path, self.validation, self.test)
        )
        assert train is not None
        return self.splits(train, others, with_targets=with_targets, missing=missing)

    def _table(self, file: Path) -> Table:
        raise NotImplementedError


@dataclass(frozen=True)
class Csv(_Files):
    """A CSV file with a header row."""

    def _table(self, file: Path) -> Table:
        return Table(table_files.read_csv(file), f"'{file}'", table_files.FIRST_CSV_ROW)


@dataclass(frozen=True)
class Parquet(_Files):
    """A Parquet file."""

    def _table(self, file: Path) -> Table:
        return Table(table_files.read_parquet(file), f"'{file}'", 0)


@dataclass(frozen=True)
class Frame(_Tables):
    """DataFrames that a user's function returned.

    Attributes:
        train: The rows of the training split, or all rows.
        validation: Those of the validation split, or null.
        test: Those of the test split, or null.
    """

    train: Any
    validation: Any
    test: Any

    def load(self, *, with_targets: bool = True, missing: Missing = REFUSE) -> Splits:
        """See `Source`."""
        train, *others = (
            None if frame is None else self._table(key, frame)
            for key, frame in (("train", self.train), ("validation", self.validation), ("test", self.test))
        )
        assert train is not None
        return self.splits(train, others, with_targets=with_targets, missing=missing)

    def _table(self, key: str, frame: Any) -> Table:
        import pandas as pd

        if not isinstance(frame, pd.DataFrame):
            raise ConfigError(f"data.{key}: gave a {type(frame).__name__}; a pandas.DataFrame is right")
        if frame.empty:
            raise DataError(f"data.{key}: has no rows")
        return Table(frame.reset_index(drop=True).rename(columns=str), f"data.{key}", 0)
