"""A user's own table: a CSV or Parquet file or a DataFrame, columns to inputs and targets by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.missing_labels import Missing, with_missing
from pipeline.data.sources import table_columns, table_files
from pipeline.data.sources.table_columns import Table
from pipeline.data.spec import CATEGORY, NUMBER, Classes, DataSpec, InputSpec, classes_by_target
from pipeline.data.splits import Splits
from pipeline.data.tables.missing_targets import MissingTargets, missing_targets, without_missing
from pipeline.data.tables.targets import CLASS, TargetColumn, target_column, target_spec, target_values
from pipeline.errors import ConfigError, DataError

LOSS_KINDS = {"regression": "number", "sparse": CLASS, "categorical": CLASS}
"""What losses of a family are for, see `LossKind.family`."""


@dataclass(frozen=True)
class _Tables:
    """What every source of tables has in common.

    Attributes:
        targets: Columns that are targets.
        inputs: Columns that are inputs; null for all that are neither targets nor in `columns`.
        columns: Further columns, from which weights, masks and splits may be taken.
        categories: Columns of numbers that are categories.
        missing: Texts that stand for a missing value.
        classes: Number of classes (by target name for several), 0 for numbers to predict; null infers.
        kinds: What columns are, by name: `number` or `class` for a target. Of others the loss tells, or else the
            values: text, truth values and few different whole numbers are classes, others are numbers.
        missing_target: What becomes of rows without a target: `error` refuses them; `drop` leaves out those that lack
            any; `mask` keeps them with weight 0 for the target that they lack, as `weighting.missing=mask` does; null
            leaves out those that lack all targets, with a warning.
    """

    targets: Sequence[str]
    inputs: Sequence[str] | None
    columns: Sequence[str]
    categories: Sequence[str]
    missing: Sequence[str]
    classes: Classes
    kinds: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    missing_target: str | None = field(default=None, kw_only=True)

    def for_losses(self, families: Mapping[str, str | None]) -> Self:
        """Returns the source for losses of such families: targets are what these are for, unless something is said."""
        said = {*classes_by_target(self.classes, list(self.targets)), *self.categories}
        told = {
            name: LOSS_KINDS[family]
            for name, family in families.items()
            if family in LOSS_KINDS and name in self.targets and name not in said
        }
        return replace(self, kinds={**told, **self.kinds})

    def splits(
        self, train: Table, others: Sequence[Table | None], *, with_targets: bool, missing: Missing | None = None
    ) -> Splits:
        """Returns the splits, validation and test after the training one, whose types and classes all have."""
        rule = missing_targets(self.missing_target, missing)
        table, columns = self._targets(train, rule, with_targets)
        spec = self._spec(table, columns)
        examples: list[Examples | None] = [self._examples(table, spec, columns, with_targets)]
        for other in others:
            found = None if other is None else self._targets(other, rule, with_targets)
            examples.append(None if found is None else self._examples(found[0], spec, found[1], with_targets))
        return Splits(*examples)  # type: ignore[arg-type]

    def _targets(self, table: Table, rule: MissingTargets, wanted: bool) -> tuple[Table, dict[str, TargetColumn]]:
        """Returns the target columns, and the table without rows that are left out for lack of them."""
        names = self.targets if wanted else ()
        columns = {name: target_column(table, name, self.missing, rule.label) for name in names}
        return without_missing(table, columns, rule, self.missing)

    def _spec(self, table: Table, columns: Mapping[str, TargetColumn]) -> DataSpec:
        others = {*self.targets, *self.columns}
        inputs = self.inputs or [str(name) for name in table.frame.columns if name not in others]
        if not inputs:
            raise ConfigError("data.inputs: no column is left for an input")
        for name in inputs:
            if name in self.targets:
                raise ConfigError(f"data.inputs: '{name}' is a target too")
        text = {name: table_columns.is_text(table, name, self.missing, self.categories) for name in inputs}
        counts = classes_by_target(self.classes, list(self.targets))
        kinds = {**dict.fromkeys(self.categories, CLASS), **self.kinds}
        targets = {
            name: target_spec(table, column, kind=kinds.get(name), count=counts.get(name))
            for name, column in columns.items()
        }
        return DataSpec({name: _input("string" if text[name] else "float32") for name in inputs}, targets)

    def _examples(
        self, table: Table, spec: DataSpec, target_columns: Mapping[str, TargetColumn], with_targets: bool
    ) -> Examples:
        inputs = {
            name: (table_columns.texts if given.dtype == "string" else table_columns.numbers)(table, name, self.missing)
            for name, given in spec.inputs.items()
        }
        targets = {name: target_values(table, column, spec.targets[name]) for name, column in target_columns.items()}
        masks = {n: c.present.astype("float32") for n, c in target_columns.items() if not c.present.all()}
        columns = {name: self._extra(table, name) for name in self.columns} if with_targets else {}
        return Examples(with_missing(spec, masks), inputs, targets, masks, columns)

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

    def load(self, *, with_targets: bool = True, missing: Missing | None = None) -> Splits:
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

    def load(self, *, with_targets: bool = True, missing: Missing | None = None) -> Splits:
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
