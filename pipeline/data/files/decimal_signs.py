"""Converts numbers with a decimal comma or thousands separators to numbers with a decimal point."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MOSTLY = 0.9
"""Share of numbers from which a column counts as numeric; other text in it is unchanged."""
THOUSANDS = ".'\u2019 \u00a0\u202f"
"""Thousands separators that are used with a decimal comma."""


@dataclass(frozen=True)
class Signs:
    """The number format of a column.

    Attributes:
        decimal: The decimal sign.
        thousands: The thousands separator; an empty text for none.
    """

    decimal: str
    thousands: str = ""

    @property
    def pattern(self) -> str:
        """A regular expression for numbers in this format, for Arrow."""
        point, group = re.escape(self.decimal), f"[{re.escape(self.thousands)}]"
        grouped = rf"\d{{1,3}}(?:{group}\d{{3}})+|" if self.thousands else ""
        return rf"^\s*[+-]?(?:(?:{grouped}\d+)(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?\s*$"


def with_points(
    frame: pd.DataFrame, separator: str, decimal: str | None, thousands: str | None, missing: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Returns a text table in which all numbers have a decimal point and no thousands separators, and the findings.

    A decimal comma is detected if no comma separates values and some column has only numbers in that format.

    Args:
        frame: The table.
        separator: The separator of its file.
        decimal: The decimal sign; None to detect it.
        thousands: The thousands separator; None to detect it if the decimal sign is detected or given.
        missing: Texts that mark missing values.
    """
    import pandas as pd

    texts = [name for name in frame.columns if isinstance(frame[name].dtype, pd.StringDtype)]
    columns = {name: _array(frame[name]) for name in texts} if decimal != "." or thousands else {}
    findings = []
    if decimal is None and separator != "," and thousands != ",":
        decimal = "," if _has_commas(columns, missing) else None
        if decimal:
            findings.append("decimal comma (data.read.decimal)")
        elif doubtful := _doubtful(columns, missing):
            findings.append(
                f"'{doubtful}' has commas in numbers, treated as thousands separators (set data.read.decimal=comma "
                "if they are not)"
            )
    if thousands is None and decimal == ",":
        thousands = _groups(columns, missing)
        if thousands:
            findings.append(f"'{thousands}' as thousands separator (data.read.thousands)")
    signs = Signs(decimal or ".", thousands or "")
    if signs == Signs("."):
        return frame, findings
    changed = {
        name: pd.Series(found, index=frame.index, dtype=frame[name].dtype)
        for name, column in columns.items()
        if (found := _converted(column, signs, missing)) is not None
    }
    return frame.assign(**changed) if changed else frame, findings


def _array(column: pd.Series) -> Any:
    import pyarrow as pa

    found = pa.array(column, pa.large_string(), from_pandas=True)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _present(column: Any, missing: Sequence[str]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    absent = pa.array([*missing, ""], column.type)
    return pc.and_(pc.invert(pc.is_in(column, absent)), pc.is_valid(column))


def _has_commas(columns: dict[str, Any], missing: Sequence[str]) -> bool:
    """Whether a decimal comma is certain: some column has it, and none has a decimal point."""
    import pyarrow.compute as pc

    with_commas = False
    for column in columns.values():
        if with_commas and not pc.any(pc.match_substring(column, ".")).as_py():
            continue
        values = column.filter(_present(column, missing))
        if pc.any(pc.match_substring(values, ",")).as_py():
            # Three digits after a single comma may be thousands.
            certain = pc.match_substring_regex(values, r",(\d{1,2}|\d{4,})\s*$|^\s*[+-]?0?,\d|^\s*[+-]?\d{4,},\d")
            of_numbers = pc.match_substring_regex(values, Signs(",", THOUSANDS).pattern)
            with_commas |= pc.any(certain).as_py() and pc.all(of_numbers).as_py()
        elif pc.any(pc.match_substring(values, ".")).as_py():
            certain = pc.match_substring_regex(values, r"\.(\d{1,2}|\d{4,})$|^[+-]?0?\.\d")
            of_numbers = pc.match_substring_regex(values, Signs(".").pattern)
            if pc.any(certain).as_py() and pc.all(of_numbers).as_py():
                return False
    return with_commas


def _doubtful(columns: dict[str, Any], missing: Sequence[str]) -> str:
    """Returns a column whose comma may be a decimal sign or a thousands separator; empty if there is none."""
    import pyarrow.compute as pc

    for name, column in columns.items():
        values = column.filter(_present(column, missing))
        of_numbers = pc.match_substring_regex(values, Signs(",", THOUSANDS).pattern)
        if pc.any(pc.match_substring(values, ",")).as_py() and pc.all(of_numbers).as_py():
            return name
    return ""


def _groups(columns: dict[str, Any], missing: Sequence[str]) -> str:
    """Returns the certain thousands separator: a sign before a decimal comma, or one that occurs twice."""
    import pyarrow.compute as pc

    found = set()
    for column in columns.values():
        values = column.filter(_present(column, missing))
        for sign in THOUSANDS:
            if not pc.any(pc.match_substring(values, sign)).as_py():
                continue
            group = rf"[{re.escape(sign)}]\d{{3}}"
            certain = pc.match_substring_regex(values, rf"^\s*[+-]?\d{{1,3}}(?:(?:{group})+,\d+|(?:{group}){{2,}})\s*$")
            of_numbers = pc.match_substring_regex(values, Signs(",", sign).pattern)
            if pc.any(certain).as_py() and pc.all(of_numbers).as_py():
                found.add(sign)
    return found.pop() if len(found) == 1 else ""


def _converted(column: Any, signs: Signs, missing: Sequence[str]) -> Any | None:
    """Returns a column with its numbers in plain format; None for a column that is not numeric."""
    import pyarrow.compute as pc

    if not any(pc.any(pc.match_substring(column, s)).as_py() for s in (signs.decimal, signs.thousands) if s):
        return None
    present = _present(column, missing)
    matching = pc.match_substring_regex(column, signs.pattern)
    count = pc.sum(present).as_py() or 0
    if not count or pc.sum(pc.and_(matching, present)).as_py() < MOSTLY * count:
        return None
    found = pc.replace_substring(column, signs.thousands, "") if signs.thousands else column
    found = found if signs.decimal == "." else pc.replace_substring(found, signs.decimal, ".")
    return pc.if_else(pc.fill_null(matching, fill_value=False), found, column)
