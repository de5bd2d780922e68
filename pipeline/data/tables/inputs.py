"""The inputs of a table: which columns they are, their kinds, and their values."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.data.spec import NUMBER, TIME, InputSpec
from pipeline.data.tables.column import MOMENTS
from pipeline.data.tables.column_dates import dates_of
from pipeline.data.tables.column_numbers import numbers_of
from pipeline.data.tables.date_texts import MONTH_FIRST
from pipeline.data.tables.identifiers import left_out, mixed_id, unusable
from pipeline.data.tables.kinds import Choice, choice
from pipeline.data.tables.remarks import Remark, lines
from pipeline.data.tables.table import Table
from pipeline.data.tables.texts import category_texts
from pipeline.errors import ConfigError, DataError, escaped

log = logging.getLogger(__name__)


def named_inputs(
    table: Table, names: Sequence[str], missing: Sequence[str], kinds: Mapping[str, str], order: str
) -> tuple[dict[str, InputSpec], list[Remark]]:
    """Returns the inputs that a user names, and remarks about them.

    Args:
        table: The training table.
        names: The columns.
        missing: Texts that mark a missing value.
        kinds: Kinds of columns set by the user.
        order: Order of day and month set by the user; empty to detect it.

    Raises:
        DataError: A column does not exist, or cannot be read.
    """
    found = {name: choice(table, name, missing, kinds.get(name), order) for name in names}
    return {name: it.spec for name, it in found.items()}, [it.remark for it in found.values() if it.remark is not None]


def telling_inputs(
    table: Table, names: Sequence[str], missing: Sequence[str], kinds: Mapping[str, str], order: str
) -> tuple[dict[str, InputSpec], list[Remark]]:
    """Returns the informative columns among some, as inputs, and remarks about all of them.

    A column whose kind the user sets is always an input.

    Args:
        table: The training table.
        names: The columns.
        missing: See `named_inputs`, also for the arguments below.
        kinds: See `named_inputs`.
        order: See `named_inputs`.

    Raises:
        ConfigError: No column is left.
        DataError: A column cannot be read.
    """
    found: dict[str, Choice] = {}
    reasons: dict[str, Remark] = {}
    for place, name in enumerate(names):
        column = table.parsed(name, missing)
        reason = None if name in kinds else unusable(name, column) or mixed_id(name, column)
        if reason is None:
            found[name] = choice(table, name, missing, kinds.get(name), order)
            if name not in kinds:
                reason = left_out(name, column, found[name].spec, first=place == 0)
        if reason is not None:
            reasons[name] = reason
    kept = [name for name in found if name not in reasons] or [
        # The only column to learn from, as in a table of x and y.
        name
        for name, it in found.items()
        if it.spec.kind == NUMBER and len(table.parsed(name, missing).distinct) > 1
    ]
    if not kept:
        why = "".join(f"; {line}" for line in lines(reasons.values()))
        raise ConfigError(f"data.inputs: no column is left to use as an input{why}")
    remarks = [*(reason for name, reason in reasons.items() if name not in kept)]
    remarks += [it.remark for name, it in found.items() if it.remark is not None and name in kept]
    return {name: found[name].spec for name in kept}, remarks


def input_values(table: Table, name: str, spec: InputSpec, missing: Sequence[str]) -> np.ndarray:
    """Returns a column of any table as the input that it was in training, of shape (rows,).

    Args:
        table: The table.
        name: The column.
        spec: The input.
        missing: Texts that mark a missing value.

    Raises:
        DataError: The column does not exist, or a value does not have the input's kind; the first one is named.
    """
    column = table.usable(name, missing)
    if spec.dtype == "string":
        return category_texts(column)
    if spec.kind != TIME and column.holds == MOMENTS:
        raise DataError(f"{table.name}: column '{name}': expected numbers, got dates")
    if spec.kind == TIME:
        moments = dates_of(column, spec.form)
        values, wrong, expected = moments.seconds, moments.wrong, "date or time"
        if moments.doubtful and not spec.form:
            log.warning(
                "column '%s': day and month are ambiguous; assuming %s first, set data.day_first=%s for the opposite",
                name,
                "the month" if moments.form == MONTH_FIRST else "the day",
                str(moments.form == MONTH_FIRST).lower(),
            )
    else:
        numbers = numbers_of(column)
        values, wrong, expected = numbers.values, numbers.wrong, "number"
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        found = escaped(str(column.array[row].as_py()))
        raise DataError(f"{table.row(row)}: column '{name}': expected a {expected}, got '{found}'")
    with np.errstate(over="ignore"):
        return values.astype(spec.dtype)
