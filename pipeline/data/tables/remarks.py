"""What is said of the columns of a table that are not taken as they are, and the setting that changes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST_NAMES = 5
PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SPECIAL = re.compile(r"([\\:,={}\[\]() \t])")
TYPED = re.compile(r"[A-Za-z0-9_ :,={}\[\]()\t/+.$%*@?|\\-]+")
"""What Hydra takes in a key on the command line, some of it with a backslash before it."""


@dataclass(frozen=True)
class Remark:
    """Something decided about a column.

    Attributes:
        column: Its name.
        said: What, as the rest of a sentence; columns of which the same is said share a line.
        kind: The kind of `data.kinds` that changes it; empty if none does.
        detail: What of it is true of this column only.
    """

    column: str
    said: str
    kind: str
    detail: str = ""


def lines(remarks: Iterable[Remark]) -> list[str]:
    """Returns the lines that tell remarks, one for all of which the same is said."""
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
    """Returns the setting that makes a column one of a kind, as it is typed in a shell."""
    if PLAIN_KEY.fullmatch(column):
        return f"set data.kinds={{{column}:{kind}}}"
    if TYPED.fullmatch(column) and column == column.strip():
        escaped = SPECIAL.sub(r"\\\1", column)
        return f"set 'data.kinds={{{escaped}:{kind}}}'"
    return "name it in data.inputs"
