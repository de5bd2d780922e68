"""Findings of a data inspection: what is wrong or worth knowing, with a number and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.config.quoting import typed

SERIOUS, WARNING, NOTE = "serious", "warning", "note"
LEVELS = (SERIOUS, WARNING, NOTE)
MOST_LISTED = 6
"""Most names to repeat in a command; beyond that, the remedy only says what to leave out."""


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        level: A `serious` finding makes the model look better than it is, a `warning` may cost quality, and a `note` is
            good to know.
        kind: A kind such as `leak` or `duplicates`.
        text: What was found, with its number, without a full stop.
        remedy: What to do about it, with the config key; empty if there is nothing to do.
        names: The inputs and targets that it is about.
    """

    level: str
    kind: str
    text: str
    remedy: str = ""
    names: tuple[str, ...] = ()


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Returns findings, the most important ones first."""
    return sorted(findings, key=lambda finding: LEVELS.index(finding.level))


def percent(share: float) -> str:
    """Returns a share in readable form that never rounds to 0 % or 100 %."""
    if 0 < share < 0.001:
        return "below 0.1 %"
    if 0.999 < share < 1:
        return "above 99.9 %"
    return f"{100 * share:.{1 if share < 0.1 or share > 0.99 else 0}f} %".replace(".0 %", " %")


def listed(names: Sequence[str], most: int = MOST_LISTED) -> str:
    """Returns names in quotes, the first of many."""
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def without(name: str, inputs: Sequence[str]) -> str:
    """Returns how to leave out an input; empty if it is the only one."""
    rest = [other for other in inputs if other != name]
    if not rest:
        return ""
    if len(rest) <= MOST_LISTED and all(typed(other) == other for other in rest):
        return f"set data.inputs=[{','.join(rest)}] to leave it out"
    return f"set data.inputs=[…] without '{name}' to leave it out"
