"""The dialect of a CSV file: separators, quotes and header, detected from its first rows if they leave no doubt."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from pipeline.data.files.csv_header import Header, header_of
from pipeline.data.files.csv_separators import MOST_ROWS, TITLES, is_spaced, parsed, quote_of, separator_of
from pipeline.data.files.read_options import WHITE_SPACE, ReadOptions

SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)
"""A first line that tells Excel the separator."""


@dataclass(frozen=True)
class Dialect:
    r"""The dialect of a CSV file.

    Attributes:
        separator: The separator between values; `\s+` for any white space.
        quote: The quote character; an empty text for none.
        spaced: Whether to remove a space after each separator.
        header: What the first lines say about the columns.
        skipped: Number of lines before the first row.
        findings: Unusual properties that were detected, with the options that change them.
    """

    separator: str
    quote: str
    spaced: bool
    header: Header
    skipped: int
    findings: tuple[str, ...] = ()

    @property
    def first_row(self) -> int:
        """Number of the first row, as spreadsheets and editors count."""
        return self.skipped + 1

    @property
    def is_pattern(self) -> bool:
        """Whether the separator is a regular expression, which only pandas can read."""
        return len(self.separator) > 1 and self.separator != WHITE_SPACE


def dialect_of(text: str, options: ReadOptions) -> Dialect:
    """Detects the dialect of a CSV file.

    Args:
        text: Its first rows.
        options: The user's options.

    Raises:
        csv.Error: It is not CSV text.
    """
    skipped, findings = 0, []
    stated = SEPARATOR_LINE.fullmatch(text.partition("\n")[0])
    if stated and options.separator is None:
        skipped, text = 1, text.partition("\n")[2]
    if isinstance(options.header, int) and not isinstance(options.header, bool):
        lines = text.splitlines(keepends=True)
        skipped, text = skipped + options.header - 1, "".join(lines[options.header - 1 :])
    text = _without_comments(text, options)
    quote = quote_of(text) if options.quote is None else options.quote
    separator = options.separator or (stated[1] if stated else separator_of(text, quote))
    if options.separator is None and separator != ",":
        findings.append(f"separated by {TITLES.get(separator, separator)} (data.read.separator)")
    if options.quote is None and quote != '"':
        findings.append(f"values in {quote} (data.read.quote)")
    if len(separator) > 1 and separator != WHITE_SPACE:
        return Dialect(separator, quote, spaced=False, header=Header((), 0), skipped=0)
    found = list(itertools.islice(parsed(text, separator, quote), MOST_ROWS))
    rows, ends = [row for _, row in found], [line for line, _ in found]
    spaced = separator == "," and is_spaced(rows)
    if spaced:
        findings.append("spaces after commas are removed")
        rows = [[value.strip() for value in row] for row in rows]
    header = header_of(rows, ends, options.header)
    likely = separator_of(text, quote) if options.separator and len(header.names) == 1 else separator
    if likely != separator and len(next(parsed(text, likely, quote))[1]) > 1:
        findings.append(f"one column; the separator may be {TITLES[likely]} (data.read.separator)")
    return Dialect(separator, quote, spaced, header, skipped + header.lines, tuple(findings))


def _without_comments(text: str, options: ReadOptions) -> str:
    """Returns a text without the parts that pandas options leave out."""
    skipped, sign = options.more.get("skiprows"), options.more.get("comment")
    if not (isinstance(skipped, int) or isinstance(sign, str)):
        return text
    lines = text.splitlines(keepends=True)[skipped if isinstance(skipped, int) else 0 :]
    return "".join(line for line in lines if not (isinstance(sign, str) and line.startswith(sign)))
