"""The common part of all table sources: inputs and targets by column name, types and classes of columns."""

from __future__ import annotations

import abc
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.missing_labels import Missing, with_missing
from pipeline.data.origin import origin_of_table
from pipeline.data.spec import CATEGORY, NUMBER, TIME, Classes, DataSpec, InputSpec, classes_by_target
from pipeline.data.split_columns import as_written
from pipeline.data.splits import SPLITS, Splits
from pipeline.data.tables.date_texts import DAY_FIRST, MONTH_FIRST
from pipeline.data.tables.inputs import input_values, named_inputs, telling_inputs
from pipeline.data.tables.kinds import CLASS, checked_kinds, choice
from pipeline.data.tables.missing_targets import MissingTargets, missing_targets, without_missing
from pipeline.data.tables.named_columns import check_named, check_needed
from pipeline.data.tables.remarks import lines
from pipeline.data.tables.table import Table
from pipeline.data.tables.targets import TargetColumn, target_column, target_spec, target_values
from pipeline.data.tables.values import further_values
from pipeline.errors import ConfigError, DataError, nearest, with_article

log = logging.getLogger(__name__)

LOSS_KINDS = {"regression": NUMBER, "sparse": CLASS, "categorical": CLASS}
"""The kind of targets that losses of a family are for, see `LossKind.family`."""


@dataclass(frozen=True)
class TableSource(abc.ABC):
    """The base of every table source: kinds of columns, rows with missing values, kinds of targets.

    Your own source only says where the rows come from; this class provides what all tables share, the
    arguments in `conf/data/_table.yaml`:

        @dataclass(frozen=True, kw_only=True)
        class Ages(TableSource):
            rows: int

            def tables(self) -> Sequence[Table | None]:
                ages = pd.Series(range(self.rows))
                return [Table(pd.DataFrame({"age": ages, "adult": ages >= 18}), "data.rows", 0)]

    Its YAML takes their defaults from there. See also `TableFiles`, for tables in files.

    Attributes:
        targets: Columns that are targets.
        inputs: Columns that are inputs; null for all informative columns that are neither targets nor in `columns`.
        columns: Other columns to keep, for weights, masks and splits; predictions include them.
        categories: Numeric columns to treat as categories; the same as the kind `category`.
        missing: Texts that mark a missing value.
        classes: Number of classes (by target name for several), 0 for numbers to predict; null infers it.
        kinds: Kinds of columns by name, instead of inferring them: `number`, `category` or `time` for an input, which
            is then never left out; `number` or `class` for a target. Other targets follow the loss, or else their
            values: text, truth values and few different whole numbers are classes.
        day_first: Whether the day comes first in dates such as 01/02/2020; null detects it from the column.
        kept: Columns to keep unconverted, besides any other use; set automatically to `split.column`.
        timed: Kept columns to convert to seconds if they are times; set automatically for `split.method=time`.
        missing_target: What happens to rows without a target: `error` refuses them; `drop` leaves out rows that lack
            any target; `mask` keeps them with weight 0 for the missing target, like `weighting.missing=mask`; null
            leaves out rows that lack all targets, with a warning.
        of_loss: Targets whose kind is that of their loss, set automatically.
        trained: The spec that a model was trained on, set automatically; see `like`.
    """

    targets: Sequence[str]
    inputs: Sequence[str] | None
    columns: Sequence[str]
    categories: Sequence[str]
    missing: Sequence[str]
    classes: Classes
    kinds: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    day_first: bool | None = field(default=None, kw_only=True)
    missing_target: str | None = field(default=None, kw_only=True)
    trained: DataSpec | None = field(default=None, kw_only=True)
    kept: Sequence[str] = field(default=(), kw_only=True)
    timed: Sequence[str] = field(default=(), kw_only=True)
    of_loss: Sequence[str] = field(default=(), kw_only=True)

    def check(self) -> None:
        """Refuses unknown kinds, and columns that are named twice."""
        checked_kinds(self.kinds, self.categories)
        for key, names in (("targets", self.targets), ("inputs", self.inputs or ()), ("columns", self.columns)):
            twice = next((name for index, name in enumerate(names) if name in list(names)[:index]), None)
            if twice is not None:
                raise ConfigError(f"data.{key}: names '{twice}' twice; name it once")
        if self.inputs is not None and not self.inputs:
            raise ConfigError("data.inputs: expected a list of names, or null for all columns, got an empty list")

    def like(self, spec: DataSpec) -> Self:
        """Returns a source that reads inputs as in training, whatever the new values are."""
        return replace(self, trained=spec)

    def for_losses(self, families: Mapping[str, str | None]) -> Self:
        """Returns a source for losses of the given families, which set the kinds of targets that have no setting."""
        said = {*classes_by_target(self.classes, list(self.targets)), *self.categories}
        by_loss = {
            name: LOSS_KINDS[family]
            for name, family in families.items()
            if family in LOSS_KINDS and name in self.targets and name not in said
        }
        of_loss = [name for name in by_loss if name not in self.kinds]
        return replace(self, kinds={**by_loss, **self.kinds}, of_loss=of_loss)

    def keeping(self, column: str, *, is_time: bool) -> Self:
        """Returns a source that keeps a column.

        Args:
            column: The column.
            is_time: Whether it is the time of each row. It is then converted to seconds, and may be an input like any
                other column. A group, for instance, is an input only if it is named as one.
        """
        timed = [*self.timed, column] if is_time else self.timed
        kept = replace(self, kept=[*self.kept, column], timed=timed)
        named = {*self.columns, *self.targets, *(self.inputs or ())}
        if is_time or column in named:
            return kept
        if self.inputs is None:
            log.info(
                "split.column: '%s' is not used as an input; to use it, name all inputs in data.inputs=[…]", column
            )
        return replace(kept, columns=[*self.columns, column])

    @abc.abstractmethod
    def tables(self) -> Sequence[Table | None]:
        """Returns the tables of the training, validation and test splits, in this order; None for a missing one.

        Only the first is required; missing ones are split from it by the keys of `split`.

        Raises:
            DataError: A table is missing or cannot be read.
        """

    def load(self, *, with_targets: bool = True, missing: Missing | None = None) -> Splits:
        """See `Source`."""
        train, *others = _checked(self.tables(), type(self).__name__)
        return self.splits(train, others, with_targets=with_targets, missing=missing)

    def splits(
        self, train: Table, others: Sequence[Table | None], *, with_targets: bool, missing: Missing | None = None
    ) -> Splits:
        """Returns the splits; validation and test use the types and classes of the training split."""
        rule = missing_targets(self.missing_target, missing)
        for table in (train, *(other for other in others if other is not None)):
            self._check_there(table, with_targets=with_targets, splits=table is train)
        table, columns = self._rows_with_targets(train, rule, with_targets)
        spec = self._spec(table, columns)
        examples: list[Examples | None] = [self._examples(table, spec, columns, with_targets)]
        for other in others:
            found = None if other is None else self._rows_with_targets(other, rule, with_targets)
            examples.append(None if found is None else self._examples(found[0], spec, found[1], with_targets))
        return Splits(*examples)  # type: ignore[arg-type]

    def _check_there(self, table: Table, *, with_targets: bool, splits: bool) -> None:
        """Refuses a table without a column that the config or the trained model names.

        Args:
            table: The table.
            with_targets: Whether the targets and the other columns are read.
            splits: Whether it is split by a column, which validation and test files do not need.
        """
        if self.trained is not None:
            check_needed(table, self.trained.inputs)
        columns = [name for name in self.columns if name not in self.kept]
        check_named(
            table,
            {
                "data.targets": self.targets if with_targets else (),
                "data.inputs": (self.inputs or ()) if self.trained is None else (),
                "data.columns": columns if with_targets else (),
                "split.column": self.kept if splits else (),
            },
        )

    def _rows_with_targets(
        self, table: Table, rule: MissingTargets, wanted: bool
    ) -> tuple[Table, dict[str, TargetColumn]]:
        """Returns the table without the rows to leave out for missing targets, and its target columns."""
        names = self.targets if wanted else ()
        columns = {name: target_column(table, name, self.missing, rule.label) for name in names}
        return without_missing(table, columns, rule, self.missing)

    def _spec(self, table: Table, columns: Mapping[str, TargetColumn]) -> DataSpec:
        inputs = self._inputs(table) if self.trained is None else self._trained_inputs(self.trained)
        counts, kinds = classes_by_target(self.classes, list(self.targets)), self._target_kinds()
        targets = {
            name: target_spec(table, column, kind=kinds.get(name), count=counts.get(name), of_loss=name in self.of_loss)
            for name, column in columns.items()
        }
        return DataSpec(inputs, targets)

    def _target_kinds(self) -> dict[str, str]:
        trained = {} if self.trained is None else self.trained.targets
        known = {name: NUMBER if target.classes is None else CLASS for name, target in trained.items()}
        said = {name: CLASS if kind == CATEGORY else kind for name, kind in self.kinds.items()}
        return {**known, **dict.fromkeys(self.categories, CLASS), **said}

    def _inputs(self, table: Table) -> dict[str, InputSpec]:
        kinds = checked_kinds(self.kinds, self.categories)
        columns = [str(name) for name in table.frame.columns]
        names = self.inputs or [name for name in columns if name not in {*self.targets, *self.columns}]
        for name in names:
            if name in self.targets:
                raise ConfigError(f"data.inputs: '{name}' is a target too")
        for name in self.categories:
            if name not in columns:
                raise ConfigError(f"data.categories: there is no column '{name}'{nearest(name, columns)}")
        for name in self.kinds or ():
            self._check_named(name, kinds[name], columns, names)
        telling = named_inputs if self.inputs else telling_inputs
        found, remarks = telling(table, names, self.missing, kinds, self._date_order())
        for line in lines(remarks):
            log.info("%s", line)
        return found

    def _check_named(self, name: str, kind: str, columns: Sequence[str], inputs: Sequence[str]) -> None:
        if name not in columns:
            raise ConfigError(f"data.kinds.{name}: there is no such column{nearest(name, columns)}")
        if name in inputs and kind == CLASS:
            raise ConfigError(f"data.kinds.{name}: 'class' is only for targets; set it to number, category or time")
        if name not in inputs and name not in self.targets:
            raise ConfigError(f"data.kinds.{name}: the column is neither an input nor a target; remove this entry")

    def _trained_inputs(self, spec: DataSpec) -> dict[str, InputSpec]:
        for name in self.kinds or ():
            if name not in {*spec.inputs, *spec.targets, *self.targets}:
                raise ConfigError(f"data.kinds.{name}: the model takes no such input{nearest(name, spec.inputs)}")
        for name, kind in checked_kinds(self.kinds, self.categories).items():
            trained = spec.inputs.get(name)
            if trained is not None and trained.kind not in ("", kind):
                raise ConfigError(f"data.kinds.{name}: {kind}, but the model was trained on it as {trained.kind}")
        return dict(spec.inputs)

    def _examples(
        self, table: Table, spec: DataSpec, target_columns: Mapping[str, TargetColumn], with_targets: bool
    ) -> Examples:
        inputs = {name: input_values(table, name, given, self.missing) for name, given in spec.inputs.items()}
        targets = {name: target_values(table, column, spec.targets[name]) for name, column in target_columns.items()}
        masks = {n: c.present.astype("float32") for n, c in target_columns.items() if not c.present.all()}
        columns = {name: further_values(table, name, self.missing) for name in self.columns} if with_targets else {}
        # Validation and test files do not need the column that data is split by.
        kept = [name for name in self.kept if name in table.frame.columns]
        columns |= {name: self._kept(table, name) for name in kept}
        origin = origin_of_table(table.frame, table.name, self.columns, table.places)
        return Examples(with_missing(spec, masks), inputs, targets, masks, columns, origin)

    def _kept(self, table: Table, name: str) -> np.ndarray:
        if name in self.timed:
            # In the same format as an input of that name: 01/02/2020 is the same day in both.
            spec = choice(table, name, self.missing, self.kinds.get(name), self._date_order()).spec
            if spec.kind == TIME:
                return input_values(table, name, spec, self.missing)
        return as_written(table.column(name), self.missing)

    def _date_order(self) -> str:
        return "" if self.day_first is None else DAY_FIRST if self.day_first else MONTH_FIRST


def _checked(tables: Any, source: str) -> Any:
    """Returns what a user's own `tables` returned, if it is one to three tables, of which the first is not None."""
    is_list = isinstance(tables, (list, tuple))
    fits = is_list and 1 <= len(tables) <= len(SPLITS) and isinstance(tables[0], Table)
    if fits and all(one is None or isinstance(one, Table) for one in tables):
        return tables
    found = f"[{', '.join(type(one).__name__ for one in tables)}]" if is_list else with_article(tables)
    raise DataError(
        f"data: {source}.tables returned {found:.80}; expected [Table], or [Table, Table or None, Table or None] for "
        "training, validation and test"
    )
