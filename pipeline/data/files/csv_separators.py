"""Separator and quote of a CSV text, detected from its first rows if they leave no doubt."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Sequence

from pipeline.data.files.csv_header import has_counts
from pipeline.data.files.read_options import WHITE_SPACE

SEPARATORS = (",", ";", "\t", "|")
TITLES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", WHITE_SPACE: "white space"}
MOST_ROWS = 1000
"""Number of rows to examine."""
FEWEST_BY_SPACE = 3
"""Least number of columns separated by white space; two columns may be two words."""


def parsed(text: str, separator: str, quote: str) -> Iterator[tuple[int, list[str]]]:
    """Yields the non-empty rows of a CSV text, each with the number of its last line."""
    yield from parsed_lines(io.StringIO(text, newline=""), separator, quote)


def parsed_lines(lines: Iterator[str], separator: str, quote: str) -> Iterator[tuple[int, list[str]]]:
    """Yields the non-empty rows of lines of CSV text, each with the number of its last line."""
    by_space = separator == WHITE_SPACE
    reader = csv.reader(
        (line.strip() + "\n" for line in lines) if by_space else lines,
        delimiter=" " if by_space else separator,
        skipinitialspace=by_space,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    for row in reader:
        if row:
            yield reader.line_num, row


def quote_of(text: str) -> str:
    """Returns the quote character: the single quote only if all column names are in single quotes."""
    first = text.partition("\n")[0].strip()
    for separator in SEPARATORS:
        cells = first.split(separator)
        if len(cells) > 1 and all(len(c) > 2 and c[0] == c[-1] == "'" and "'" not in c[1:-1] for c in cells):
            return "'"
    return '"'


def separator_of(text: str, quote: str) -> str:
    """Returns the separator that gives all rows as many values as the header, or one more for row names."""
    tables = {separator: _widths(text, separator, quote) for separator in SEPARATORS}
    fitting = [s for s, (header, others) in tables.items() if header > 1 and others <= {header}]
    short = [s for s, (header, others) in tables.items() if header > 1 and others == {header + 1}]
    for found in (fitting, short):
        if found:
            return found[0]
    by_space, others = _widths(text, WHITE_SPACE, quote)
    if tables[","][0] == 1 and len(others) == 1 and max(others) >= FEWEST_BY_SPACE and max(others) - by_space in (0, 1):
        return WHITE_SPACE
    return max(SEPARATORS, key=lambda s: tables[s][0]) if tables[","][0] == 1 else ","


def is_spaced(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a space follows each separator below the header."""
    later = [value for row in rows[1:] for value in row[1:]]
    return bool(later) and all(value.startswith(" ") for value in later)


def _widths(text: str, separator: str, quote: str) -> tuple[int, set[int]]:
    """Returns the number of values of the first row and of the others, leaving out a first line of counts."""
    try:
        rows = [row for _, row in itertools.islice(parsed(text, separator, quote), MOST_ROWS)]
    except csv.Error:
        return 0, set()
    if has_counts(rows):
        rows = rows[1:]
    return (len(rows[0]), {len(row) for row in rows[1:]}) if rows else (0, set())
