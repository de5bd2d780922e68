"""The values of an input or target in a few words, the same in a terminal and on a page."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.data.spec import TIME
from pipeline.inspection.features import CLASSES
from pipeline.inspection.findings import percent
from pipeline.inspection.summaries import QUANTILES, Summary
from pipeline.report.numbers import short_number

MEDIAN = QUANTILES.index(0.5)
FEW_VALUES = 6
"""The number of frequent values that are named."""


def values_text(summary: Summary, most: int = FEW_VALUES) -> str:
    """Returns the range and median of numbers, or the most frequent other values with their shares."""
    if summary.top:
        return top_text(summary, most)
    if not summary.quantiles:
        return "none" if summary.examples and summary.missing == 1 else ""
    low, median, high = (number_text(summary, summary.quantiles[index]) for index in (0, MEDIAN, -1))
    return f"{low} to {high}, median {median}" if low != high else low


def middle_text(summary: Summary) -> str:
    """Returns the range of the middle 90 % of numbers; empty for other values."""
    if summary.top or not summary.quantiles:
        return ""
    low, high = (number_text(summary, summary.quantiles[QUANTILES.index(share)]) for share in (0.05, 0.95))
    return f"90 % from {low} to {high}"


def top_text(summary: Summary, most: int) -> str:
    """Returns the most frequent values with their shares."""
    there = sum(count for _, count in summary.top) if summary.kind == CLASSES else summary.examples
    present = max(1, there if summary.kind == CLASSES else round(summary.examples * (1 - summary.missing)))
    ordered = sorted(summary.top, key=lambda pair: -pair[1])[:most]
    text = ", ".join(f"{_shown(label)} {percent(count / present)}" for label, count in ordered)
    more = (summary.distinct or len(summary.top)) - len(ordered)
    return f"{text}, … ({more:,} more)" if more > 0 else text


def kind_text(summary: Summary) -> str:
    """Returns the kind of an input or target, with the shape of an array or the number of classes."""
    sizes = "×".join("any" if size is None else str(size) for size in summary.shape)
    if summary.kind == CLASSES:
        count = "1 class" if len(summary.top) == 1 else f"{len(summary.top)} classes"
        return f"{count} at {sizes}" if sizes else count
    return f"{summary.kind} {sizes}" if sizes else summary.kind


def number_text(summary: Summary, value: float) -> str:
    """Returns a number formatted as everywhere else, or a moment as a date."""
    return summary.value_text(value) if summary.kind == TIME else short_number(value)


def missing_text(share: float) -> str:
    """Returns the share of missing values, or a dash for none."""
    return percent(share) if share else "—"


def grouped(summaries: Sequence[Summary]) -> dict[str, list[Summary]]:
    """Returns the summaries of each input: several if the elements of an array are inspected separately."""
    found: dict[str, list[Summary]] = {}
    for one in summaries:
        found.setdefault(one.of, []).append(one)
    return found


def _shown(label: str) -> str:
    text = " ".join(label.split())
    if not text or text != label:
        text = f"'{text}'"
    return text if len(text) <= 24 else f"{text[:23]}…"
