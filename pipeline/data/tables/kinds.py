"""The kind of a column as an input: inferred from the training table, unless the user sets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.data.spec import CATEGORY, NUMBER, TIME, InputSpec
from pipeline.data.tables import column_numbers, numerals
from pipeline.data.tables.column import CATEGORIES, MOMENTS, NOTHING, NUMBERS, Column
from pipeline.data.tables.column_dates import dates_of
from pipeline.data.tables.column_numbers import TRUTH, beyond_float64, dtype_for, has_codes, numbers_of
from pipeline.data.tables.remarks import Remark
from pipeline.data.tables.table import Table
from pipeline.errors import ConfigError, DataError, did_you_mean, escaped

INPUT_KINDS = (NUMBER, CATEGORY, TIME)
CLASS = "class"
MOSTLY = 0.9
"""Share of numbers or dates from which a column has that kind, and other text in it is a mistake."""


@dataclass(frozen=True)
class Choice:
    """The kind of a column.

    Attributes:
        spec: The input.
        remark: A remark about it, if any.
    """

    spec: InputSpec
    remark: Remark | None = None


def checked_kinds(kinds: Mapping[str, str] | None, categories: Sequence[str]) -> dict[str, str]:
    """Returns the kinds of columns set by the config, including its categories.

    Raises:
        ConfigError: A kind is unknown, or two settings differ.
    """
    known = (*INPUT_KINDS, CLASS)
    if kinds is not None and not isinstance(kinds, Mapping):
        raise ConfigError(
            f"data.kinds: expected a mapping of columns to kinds such as {{COLUMN: {NUMBER}}}, got {kinds!r}"
        )
    for name, kind in (kinds or {}).items():
        if kind not in known:
            raise ConfigError(
                f"data.kinds.{name}: expected {', '.join(INPUT_KINDS)} or {CLASS}, got {kind!r}"
                f"{did_you_mean(str(kind), known)}"
            )
        if name in categories and kind not in (CATEGORY, CLASS):
            raise ConfigError(
                f"data.kinds.{name}: {kind}, but data.categories also names the column; set only one of them"
            )
    return {**dict.fromkeys(categories, CATEGORY), **(kinds or {})}


def choice(table: Table, name: str, missing: Sequence[str], forced: str | None, order: str) -> Choice:
    """Returns the kind of a column of the training table.

    Args:
        table: The training table.
        name: The column.
        missing: Texts that mark a missing value.
        forced: The kind that it must have; None to infer it.
        order: Order of day and month set by the user; empty to detect it.

    Raises:
        DataError: It holds numbers or dates except in a few rows, or does not have the forced kind.
    """
    column = table.usable(name, missing)
    if forced == NUMBER:
        return Choice(_number(column))
    if forced == TIME:
        return Choice(_time(dates_of(column, order).form))
    if forced == CATEGORY or column.holds == CATEGORIES:
        return Choice(_category())
    if column.holds == MOMENTS:
        return Choice(_time(""))
    if column.holds in (NUMBERS, NOTHING):
        if beyond_float64(column):
            return Choice(
                _category(),
                Remark(
                    name, "is kept as text, because float64 cannot represent whole numbers beyond 2^53 exactly", NUMBER
                ),
            )
        return Choice(_number(column))
    return _of_text(table, name, column, order)


def _of_text(table: Table, name: str, column: Column, order: str) -> Choice:
    if has_codes(column):
        return Choice(
            _category(), Remark(name, "is kept as text, because numbers with leading zeros are codes", NUMBER)
        )
    found = numbers_of(column)
    if found.form == TRUTH:
        return Choice(_category())
    if found.share == 1:
        if beyond_float64(column):
            return Choice(
                _category(),
                Remark(
                    name, "is kept as text, because float64 cannot represent whole numbers beyond 2^53 exactly", NUMBER
                ),
            )
        is_plain = found.form == column_numbers.PLAIN
        return Choice(_number(column), None if is_plain else _read(name, column, "is read as numbers"))
    times = dates_of(column, order)
    if times.share == 1:
        said = "is read as times"
        if times.doubtful:
            said += ", month before day (set data.day_first=true for day before month)"
        return Choice(_time(times.form), _read(name, column, said))
    for share, wrong, expected in ((found.share, found.wrong, "number"), (times.share, times.wrong, "date")):
        if share >= MOSTLY:
            raise _mistake(table, name, column, wrong, expected)
    return Choice(_category())


def _mistake(table: Table, name: str, column: Column, wrong: np.ndarray, expected: str) -> DataError:
    row = int(np.flatnonzero(wrong)[0])
    text = escaped(column.array[row].as_py())
    return DataError(
        f"{table.row(row)}: column '{name}': expected a {expected} as in the other rows, got '{text}'; add '{name}' to "
        "data.categories, or the text to data.missing"
    )


def _read(name: str, column: Column, said: str) -> Remark:
    first = column.array[int(np.flatnonzero(column.present & np.isnan(numerals.plain(column.array)))[0])].as_py()
    return Remark(name, said, CATEGORY, f", from texts such as '{escaped(first)}'")


def _number(column: Column) -> InputSpec:
    return InputSpec((), dtype_for(numbers_of(column).values), missing=True, kind=NUMBER)


def _category() -> InputSpec:
    return InputSpec((), "string", missing=True, kind=CATEGORY)


def _time(form: str) -> InputSpec:
    return InputSpec((), "float64", missing=True, kind=TIME, form=form)
