"""The inspection of the data in a terminal: important findings first, each line no wider than the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, chop_cells, set_cell_size

from pipeline.inspection import Finding, Inspection, SplitSize
from pipeline.inspection.findings import LEVELS, NOTE, SERIOUS, WARNING
from pipeline.inspection.summaries import Summary
from pipeline.report.data_values import grouped, kind_text, missing_text, values_text
from pipeline.report.numbers import short_number
from pipeline.security.terminal import printable

PAGE = "inspect.html"
NARROWEST, WIDEST = 40, 100
MARKS = {SERIOUS: "!!", WARNING: " !", NOTE: " -"}
MOST_LINES, MOST_INPUTS, MOST_TARGETS = 22, 12, 4
"""The most lines of findings, and of inputs and targets. The page has all."""
LONGEST_NAME = 24


def data_lines(inspection: Inspection, columns: int) -> list[str]:
    """Returns the lines of an inspection of the data.

    Args:
        inspection: The result of the inspection.
        columns: The width of the terminal.
    """
    width = min(WIDEST, max(NARROWEST, columns))
    return [
        *_finding_lines(inspection.findings, width),
        "",
        *_split_lines(inspection.splits, width),
        *_target_lines(inspection, width),
        "",
        *_input_lines(inspection.inputs, width),
    ]


def _finding_lines(findings: Sequence[Finding], width: int) -> list[str]:
    counts = {level: sum(finding.level == level for finding in findings) for level in LEVELS}
    if not findings:
        return ["nothing suspicious was found"]
    nouns = {SERIOUS: "serious", WARNING: "warning", NOTE: "note"}
    plural = {level: f"{n} {nouns[level]}{'s' if n != 1 and level != SERIOUS else ''}" for level, n in counts.items()}
    lines = [f"found: {', '.join(plural[level] for level in LEVELS if counts[level])}"]
    for shown, finding in enumerate(findings):
        remedy = f"; {finding.remedy}" if finding.remedy else ""
        more = _wrapped(f"{MARKS[finding.level]} {finding.kind}: {finding.text}{remedy}", width, "   ")
        if shown and len(lines) + len(more) > MOST_LINES:
            return [*lines, f"   {len(findings) - shown} more in {PAGE}"]
        lines += more
    return lines


def _split_lines(splits: Sequence[SplitSize], width: int) -> list[str]:
    sizes = [f"{split.name} {'' if split.whole else 'first '}{split.examples:,} ({split.how})" for split in splits]
    return _wrapped(f"splits: {', '.join(sizes)}", width, "  ")


def _target_lines(inspection: Inspection, width: int) -> list[str]:
    lines = []
    for name, summaries in list(inspection.targets.items())[:MOST_TARGETS]:
        train = summaries[0]
        skew = f", skewness {train.skew:.1f}" if train.skew is not None else ""
        missing = f", {missing_text(train.missing)} missing" if train.missing else ""
        text = f"target {name}: {kind_text(train)}: {values_text(train)}{skew}{missing}"
        lines += _wrapped(text, width, "  ")
    left = len(inspection.targets) - MOST_TARGETS
    return [*lines, *([f"  {left} more targets in {PAGE}"] if left > 0 else [])]


def _input_lines(inputs: Sequence[Summary], width: int) -> list[str]:
    groups = grouped(inputs)
    rows = [_row(name, found) for name, found in list(groups.items())[:MOST_INPUTS]]
    header = ("input", "kind", "missing", "distinct", "values")
    # If there is little room, the number of different values is left out first.
    kept = [0, 1, 2, 3, 4] if width >= 72 else [0, 1, 2, 4]
    table = [[row[index] for index in kept] for row in [header, *rows]]
    widths = [max(cell_len(row[column]) for row in table) for column in range(len(kept) - 1)]
    widths[0] = min(widths[0], LONGEST_NAME if width >= 72 else LONGEST_NAME // 2)
    lines = []
    for row in table:
        cells = [_cut(row[0], widths[0]), *row[1:-1]]
        padded = [
            set_cell_size(cell, size) if index < 2 else " " * (size - cell_len(cell)) + cell
            for index, (cell, size) in enumerate(zip(cells, widths, strict=True))
        ]
        lines.append(_cut("  ".join([*padded, row[-1]]).rstrip(), width))
    left = len(groups) - MOST_INPUTS
    return [*lines, *([f"  {left} more inputs in {PAGE}"] if left > 0 else [])]


def _row(name: str, found: Sequence[Summary]) -> tuple[str, ...]:
    """Returns the cells of an input: one row, even for an array whose elements are inspected separately."""
    one = found[0]
    if len(found) == 1:
        distinct = "" if one.distinct is None else f"{one.distinct:,}"
        return tuple(map(printable, (name, kind_text(one), missing_text(one.missing), distinct, values_text(one))))
    low = min((each.quantiles[0] for each in found if each.quantiles), default=0.0)
    high = max((each.quantiles[-1] for each in found if each.quantiles), default=0.0)
    missing = sum(each.missing for each in found) / len(found)
    values = f"{short_number(low)} to {short_number(high)}"
    return printable(name), f"{one.kind} × {len(found)}", missing_text(missing), "", values


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    """Returns a text in lines of at most this width in a terminal, breaking longer words."""
    lines, line = [], ""
    words = printable(text).split(" ")
    for whole in words:
        room = width - len(indent)
        for word in chop_cells(whole, room) if cell_len(whole) > room else [whole]:
            if line.strip() and cell_len(line) + 1 + cell_len(word) > width:
                lines.append(line)
                line = indent + word
            else:
                line = f"{line} {word}" if line or lines or whole is not words[0] else word
    return [*lines, line]
