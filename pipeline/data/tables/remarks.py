"""Remarks about columns of a table that are converted or left out, with the setting that changes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST_NAMES = 5
PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SPECIAL = re.compile(r"([\\:,={}\[\]() \t])")
TYPED = re.compile(r"[A-Za-z0-9_ :,={}\[\]()\t/+.$%*@?|\\-]+")
"""Characters that Hydra accepts in a key on the command line, some of them after a backslash."""


@dataclass(frozen=True)
class Remark:
    """A decision about a column.

    Attributes:
        column: Its name.
        said: The decision as the rest of a sentence; columns with the same decision share a line.
        kind: The kind in `data.kinds` that changes it; empty if none does.
        detail: A part that is true only for this column.
    """

    column: str
    said: str
    kind: str
    detail: str = ""


def lines(remarks: Iterable[Remark]) -> list[str]:
    """Returns the lines for remarks, one line per decision."""
    groups: dict[tuple[str, str], list[Remark]] = {}
    for remark in remarks:
        groups.setdefault((remark.said, remark.kind), []).append(remark)
    return [_line(said, kind, group) for (said, kind), group in groups.items()]


def _line(said: str, kind: str, group: list[Remark]) -> str:
    first = group[0]
    tip = f"; to change that, {setting(first.column, kind)}" if kind else ""
    if len(group) == 1:
        return f"column '{first.column}' {said}{first.detail}{tip}"
    names = ", ".join(f"'{remark.column}'" for remark in group[:MOST_NAMES])
    more = f" and {len(group) - MOST_NAMES} more" if len(group) > MOST_NAMES else ""
    return f"columns {names}{more}: each {said}{tip}"


def setting(column: str, kind: str) -> str:
    """Returns how to set the kind of a column in a shell."""
    if PLAIN_KEY.fullmatch(column):
        return f"set data.kinds={{{column}:{kind}}}"
    if TYPED.fullmatch(column) and column == column.strip():
        escaped = SPECIAL.sub(r"\\\1", column)
        return f"set 'data.kinds={{{escaped}:{kind}}}'"
    return "name it in data.inputs"
