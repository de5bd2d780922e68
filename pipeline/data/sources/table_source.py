"""What every source of tables has in common: columns to inputs and targets by name, types and classes of columns."""

from __future__ import annotations

import abc
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.missing_labels import Missing, with_missing
from pipeline.data.origin import origin_of_table
from pipeline.data.spec import CATEGORY, NUMBER, TIME, Classes, DataSpec, InputSpec, classes_by_target
from pipeline.data.split_columns import as_written
from pipeline.data.splits import Splits
from pipeline.data.tables.date_texts import DAY_FIRST, MONTH_FIRST
from pipeline.data.tables.inputs import input_values, named_inputs, telling_inputs
from pipeline.data.tables.kinds import CLASS, checked_kinds, choice
from pipeline.data.tables.missing_targets import MissingTargets, missing_targets, without_missing
from pipeline.data.tables.remarks import lines
from pipeline.data.tables.table import Table
from pipeline.data.tables.targets import TargetColumn, target_column, target_spec, target_values
from pipeline.data.tables.values import further_values
from pipeline.errors import ConfigError, nearest

log = logging.getLogger(__name__)

LOSS_KINDS = {"regression": "number", "sparse": CLASS, "categorical": CLASS}
"""The kind of targets that losses of a family are for, see `LossKind.family`."""


@dataclass(frozen=True)
class TableSource(abc.ABC):
    """The base of every source of tables: what the columns are, which rows lack something, what a target is.

    A source of one's own says where the rows come from, and has all arguments and meanings of `data=csv` by this class:

        @dataclass(frozen=True, kw_only=True)
        class Ages(TableSource):
            rows: int

            def tables(self) -> Sequence[Table | None]:
                ages = pd.Series(range(self.rows))
                return [Table(pd.DataFrame({"age": ages, "adult": ages >= 18}), "data.rows", 0)]

    Its YAML takes the defaults of these arguments from `conf/data/_table.yaml`. See also `TableFiles`, for tables in
    files.

    Attributes:
        targets: Columns that are targets.
        inputs: Columns that are inputs; null for all that tell something and are neither targets nor in `columns`.
        columns: Further columns, from which weights, masks and splits may be taken; predictions carry them on.
        categories: Columns of numbers that are categories, as `kinds` says it too.
        missing: Texts that stand for a missing value.
        classes: Number of classes (by target name for several), 0 for numbers to predict; null infers.
        kinds: What columns are where it is not to be told from the values, by name: `number`, `category` or `time` for
            an input, which is one then whatever it holds; `number` or `class` for a target. Of other targets the loss
            tells, or else the values: text, truth values and few different whole numbers are classes.
        day_first: Whether the day comes first in dates such as 01/02/2020; null tells from the column.
        kept: Columns that are kept as they are written, whatever else they are; by itself the one of `split.column`.
        timed: Those of them that are kept as seconds where they are times; by itself that of `split.method=time`.
        missing_target: What becomes of rows without a target: `error` refuses them; `drop` leaves out those that lack
            any; `mask` keeps them with weight 0 for the target that they lack, as `weighting.missing=mask` does; null
            leaves out those that lack all targets, with a warning.
        trained: What a model was trained on that reads the table; by itself, see `like`.
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

    def check(self) -> None:
        """Refuses kinds that there are not, and columns that are named twice."""
        checked_kinds(self.kinds, self.categories)
        for key, names in (("targets", self.targets), ("inputs", self.inputs or ()), ("columns", self.columns)):
            twice = next((name for index, name in enumerate(names) if name in list(names)[:index]), None)
            if twice is not None:
                raise ConfigError(f"data.{key}: names '{twice}' twice; name it once")
        if self.inputs is not None and not self.inputs:
            raise ConfigError("data.inputs: expected a list of names, or null for all columns, got an empty list")

    def like(self, spec: DataSpec) -> Self:
        """Returns the source that reads inputs as those of a training were, whatever the values look like."""
        return replace(self, trained=spec)

    def for_losses(self, families: Mapping[str, str | None]) -> Self:
        """Returns the source for losses of such families: targets are what these are for, unless something is said."""
        said = {*classes_by_target(self.classes, list(self.targets)), *self.categories}
        told = {
            name: LOSS_KINDS[family]
            for name, family in families.items()
            if family in LOSS_KINDS and name in self.targets and name not in said
        }
        return replace(self, kinds={**told, **self.kinds})

    def keeping(self, column: str, *, may_be_input: bool) -> Self:
        """Returns the source that keeps a column, which is an input only if named as one, or if it may be."""
        timed = [*self.timed, column] if may_be_input else self.timed
        kept = replace(self, kept=[*self.kept, column], timed=timed)
        named = {*self.columns, *self.targets, *(self.inputs or ())}
        if may_be_input or column in named:
            return kept
        if self.inputs is None:
            log.info("split.column: '%s' is no input; data.inputs=[…] names the inputs if it shall be one", column)
        return replace(kept, columns=[*self.columns, column])

    @abc.abstractmethod
    def tables(self) -> Sequence[Table | None]:
        """Returns the tables of the training, validation and test splits, in this order; None for one there is not.

        Those after the first may be left out; the keys of `split` set them apart then.

        Raises:
            DataError: A table is missing or cannot be read.
        """

    def load(self, *, with_targets: bool = True, missing: Missing | None = None) -> Splits:
        """See `Source`."""
        train, *others = self.tables()
        assert train is not None
        return self.splits(train, others, with_targets=with_targets, missing=missing)

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
        for name in self.kept:
            table.column(name)
        inputs = self._inputs(table) if self.trained is None else self._trained_inputs(self.trained)
        counts, kinds = classes_by_target(self.classes, list(self.targets)), self._target_kinds()
        targets = {
            name: target_spec(table, column, kind=kinds.get(name), count=counts.get(name))
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
        found, remarks = telling(table, names, self.missing, kinds, self._order())
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
        # Files of validation and test rows need none of those that set splits apart.
        kept = [name for name in self.kept if name in table.frame.columns]
        columns |= {name: self._kept(table, name) for name in kept}
        origin = origin_of_table(table.frame, table.name, self.columns, table.places)
        return Examples(with_missing(spec, masks), inputs, targets, masks, columns, origin)

    def _kept(self, table: Table, name: str) -> np.ndarray:
        if name in self.timed:
            # As an input of that name is read: 01/02/2020 is one day in both.
            spec = choice(table, name, self.missing, self.kinds.get(name), self._order()).spec
            if spec.kind == TIME:
                return input_values(table, name, spec, self.missing)
        return as_written(table.column(name), self.missing)

    def _order(self) -> str:
        return "" if self.day_first is None else DAY_FIRST if self.day_first else MONTH_FIRST
