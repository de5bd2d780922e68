"""Rows of a table without a target: left out, masked or refused, according to two config keys."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.config.schema import MASK, REFUSE
from pipeline.data.missing_labels import Missing
from pipeline.data.tables.table import Table
from pipeline.data.tables.targets import TargetColumn
from pipeline.errors import ConfigError, DataError, did_you_mean

log = logging.getLogger(__name__)

ERROR, DROP = "error", "drop"
CHOICES = (ERROR, DROP, MASK)
NAMES = frozenset({"NA", "N/A", "None", "null"})
"""Texts that mark a missing value but may be class names: Namibia, North America, none of the others."""
SIZEABLE = 0.05
"""Share of rows from which such a text may be a class."""


@dataclass(frozen=True)
class MissingTargets:
    """What happens to rows without a target.

    Attributes:
        choice: `error`, `drop`, `mask`, or None to drop rows whose target is certainly missing.
        label: A whole number that marks a missing label; None if there is none.
    """

    choice: str | None
    label: int | None = None

    @property
    def masks(self) -> bool:
        """Whether to keep the rows, with weight 0."""
        return self.choice == MASK


def missing_targets(choice: str | None, missing: Missing | None) -> MissingTargets:
    """Returns the rule that two config keys give together.

    Args:
        choice: `data.missing_target`.
        missing: `weighting.missing`; None if it is not set.

    Raises:
        ConfigError: The first is not a valid choice, or they contradict each other.
    """
    if choice not in (None, *CHOICES):
        raise ConfigError(
            f"data.missing_target: expected error, drop or mask, got {choice!r}{did_you_mean(str(choice), CHOICES)}"
        )
    label = missing if isinstance(missing, int) else None
    by_weighting = {None: None, REFUSE: ERROR, MASK: MASK}.get(missing, MASK)  # type: ignore[arg-type]
    if choice and by_weighting and choice != by_weighting and not (choice == DROP and label is not None):
        raise ConfigError(
            f"data.missing_target: {choice} contradicts weighting.missing={missing}; set only one of them"
        )
    return MissingTargets(choice or by_weighting, label)


def without_missing(
    table: Table, columns: Mapping[str, TargetColumn], rule: MissingTargets, missing: Sequence[str]
) -> tuple[Table, dict[str, TargetColumn]]:
    """Returns a table and its target columns, without the rows to drop for a missing target.

    With several targets, a row that lacks any of them is dropped; without `data.missing_target`, only a row that lacks
    all of them is, and one that lacks some is refused.

    Args:
        table: The table.
        columns: Its targets.
        rule: What happens to the rows.
        missing: Texts that mark a missing value.

    Raises:
        DataError: Rows without a target are refused, or there are no others.
    """
    lacking = {name: column for name, column in columns.items() if not column.present.all()}
    if not lacking or rule.masks:
        return table, dict(columns)
    gone = np.array([~column.present for column in columns.values()])
    if rule.choice is None:
        for column in lacking.values():
            _refuse_names(table, column, missing)
    if rule.choice == ERROR or (rule.choice is None and (gone.any(axis=0) != gone.all(axis=0)).any()):
        _refuse(table, next(iter(lacking.values())), missing, several=len(columns) > 1)
    keep = np.asarray(~gone.any(axis=0))
    if not keep.any():
        raise DataError(f"{table.name}: no row has {_named(lacking)}; expected values in some rows")
    _tell(table, columns if len(columns) > 1 else lacking, int(len(keep) - keep.sum()), rule)
    return table.chosen(keep), {name: column.rows(keep) for name, column in columns.items()}


def _tell(table: Table, columns: Mapping[str, TargetColumn], count: int, rule: MissingTargets) -> None:
    several = "" if len(columns) == 1 else "value in any of the " if rule.choice is None else "value in some of the "
    line = f"{table.name}: {count} of {len(table.frame)} rows have no {several}{_named(columns)} and are left out"
    if rule.choice is None:
        log.warning("%s; set data.missing_target=error to stop instead", line)
    else:
        log.info("%s", line)


def _named(columns: Mapping[str, TargetColumn]) -> str:
    return ("target " if len(columns) == 1 else "targets ") + ", ".join(f"'{name}'" for name in columns)


def _refuse(table: Table, column: TargetColumn, missing: Sequence[str], *, several: bool) -> None:
    absent = np.flatnonzero(~column.present)
    text = max(column.absent, key=lambda text: column.absent[text], default="")
    stands = f"; {_stand(text, column.absent[text], missing)}" if text else ""
    masks = ", or data.missing_target=mask to use them for the other targets" if several else ""
    raise DataError(
        f"{table.row(int(absent[0]))}: target '{column.name}' is missing (rows affected: {len(absent)}){stands}; "
        f"set data.missing_target=drop to leave such rows out{masks}"
    )


def _refuse_names(table: Table, column: TargetColumn, missing: Sequence[str]) -> None:
    """Refuses a text that marks a missing value in so many rows of a text target that it may be a class."""
    for text, count in column.absent.items():
        if text in NAMES and column.numbers is None and count >= SIZEABLE * len(column.codes):
            raise DataError(
                f"{table.name}: target '{column.name}': {_stand(text, count, missing)}, or set "
                "data.missing_target=drop to leave those rows out"
            )


def _stand(text: str, count: int, missing: Sequence[str]) -> str:
    kept = ",".join(f"'{other}'" for other in missing if other != text)
    return f"'{text}' means a missing value in {count} rows; set \"data.missing=[{kept}]\" to keep it as a value"
