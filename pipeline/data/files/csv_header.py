"""The header of a CSV file: whether it exists, and the column names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

NUMBER = re.compile(r" *[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)? *")
WHOLE = re.compile(r" *[0-9]{1,18} *")
MISSING = ("", "?", "NA", "N/A", "nan", "NaN", "null", "None")
"""Texts that show nothing about a row."""
MANY = 8
"""Least count of numbers whose order is no coincidence."""
FEWEST = 2
"""Least count of names in a header that may have one name too few."""
UNNAMED = "Unnamed: 0"
"""pandas' name for a first column without a name."""


@dataclass(frozen=True)
class Header:
    """What the first lines of a CSV file say about its columns.

    Attributes:
        names: The column names.
        lines: Number of the last line before the first row.
        empty_last: Whether every row ends with a separator, so that the last column has no name and no values.
        findings: Findings to log, with the option that changes them.
    """

    names: tuple[str, ...]
    lines: int
    empty_last: bool = False
    findings: tuple[str, ...] = ()


def header_of(rows: Sequence[Sequence[str]], lines: Sequence[int], given: bool | int | None) -> Header:
    """Returns what the first lines of a CSV file say about its columns.

    Args:
        rows: The first rows, including that of the names.
        lines: The number of the last line of each.
        given: Whether there is a header, if the user sets it.
    """
    counts = given is None and has_counts(rows)
    before = lines[0] if counts else 0
    if counts:
        rows, lines = rows[1:], lines[1:]
    if not rows:
        return Header((), before)
    if given is False or (given is None and _is_data(rows)):
        return _without_names(max(map(len, rows)), before, counts=counts, certain=given is False)
    findings = ["its first line holds counts of rows and columns and is left out"] if counts else []
    names, others = list(rows[0]), rows[1:]
    # One name above two columns may also be a title.
    if len(names) < FEWEST or {len(row) for row in others} != {len(names) + 1}:
        return Header(tuple(names), lines[0], findings=tuple(findings))
    if not any(row[-1] for row in others):
        return Header((*names, ""), lines[0], empty_last=True, findings=tuple(findings))
    findings.append(f"the header has one name too few, so the first column is called '{UNNAMED}'")
    return Header((UNNAMED, *names), lines[0], findings=tuple(findings))


def has_counts(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first line holds counts of rows and columns, as in scikit-learn's tables."""
    if len(rows) < 3 or len(rows[0]) < 2 or not all(WHOLE.fullmatch(value) for value in rows[0][:2]):
        return False
    count, columns = int(rows[0][0]), int(rows[0][1])
    if {len(row) for row in rows[1:]} != {columns + 1} or any(map(NUMBER.fullmatch, rows[0][2:])):
        return False
    # Only the first rows of the file are available, and two numbers alone may be a row.
    return len(rows) - count in (1, 2) or (len(rows[0]) > 2 and count >= len(rows) - 2)


def _without_names(width: int, before: int, *, counts: bool, certain: bool) -> Header:
    names = [f"column_{number}" for number in range(1, width + 1)]
    columns = f"{names[0]} to {names[-1]}" if width > 1 else names[0]
    if counts:
        names[-1] = "target"
        called = f"{names[0]} to {names[-2]} and target"
        finding = f"its first line holds counts of rows and columns, so the columns are called {called}"
        return Header(tuple(names), before, findings=(finding,))
    finding = f"no header, so the columns are called {columns} (data.read.header)"
    return Header(tuple(names), before, findings=() if certain else (finding,))


def _is_data(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds values, beyond doubt.

    A number with a sign or a fraction is no column name, unless many of them are in order, like wavelengths; and names
    do not occur among the values below them.
    """
    first, others = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if not others:
        return False
    fractions, repeated, texts = 0, 0, 0
    for index, value in enumerate(first):
        column = [row[index] for row in others]
        of_numbers = sum(map(bool, map(NUMBER.fullmatch, column))) > len(column) / 2
        is_number = bool(NUMBER.fullmatch(value))
        if value.strip() in MISSING:
            continue
        if of_numbers and not is_number:
            return False
        if is_number and of_numbers:
            fractions += not WHOLE.fullmatch(value)
        else:
            texts += 1
            repeated += value in column
    if texts:
        return repeated == texts
    numbers = [float(value.replace(",", ".")) for value in first if NUMBER.fullmatch(value)]
    in_order = len(numbers) >= MANY and numbers == sorted(set(numbers), reverse=numbers[0] > numbers[-1])
    return (fractions > 0 and not in_order) or len(set(numbers)) < len(numbers)
