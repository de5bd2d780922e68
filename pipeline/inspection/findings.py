"""What a look at the data finds: what is wrong or worth knowing, with its number and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

SERIOUS, WARNING, NOTE = "serious", "warning", "note"
LEVELS = (SERIOUS, WARNING, NOTE)
PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
"""Names that a shell and Hydra take as they are."""
MOST_LISTED = 6
"""Names that a command repeats; of more, it says what to list."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        level: `serious` makes what the model seems to be worth untrue, a `warning` may cost quality, a `note` is good
            to know.
        kind: Such as `leak` or `duplicates`.
        text: What was found, with its number, without a full stop.
        remedy: What to do about it, with the key of the config; empty for nothing.
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
    """Returns a share as people read it, without hiding that it is neither none nor all."""
    if 0 < share < 0.001:
        return "below 0.1 %"
    if 0.999 < share < 1:
        return "above 99.9 %"
    return f"{100 * share:.{1 if share < 0.1 or share > 0.99 else 0}f} %".replace(".0 %", " %")


def listed(names: Sequence[str], most: int = MOST_LISTED) -> str:
    """Returns names in quotes, the first of many."""
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def typed(name: str) -> str:
    """Returns a name as it is typed on a command line, where one that is no plain word is quoted for Hydra."""
    return name if PLAIN.fullmatch(name) else "'" + name.replace("'", "\\'") + "'"


def without(name: str, inputs: Sequence[str]) -> str:
    """Returns how an input is left out; empty where it is the only one."""
    rest = [other for other in inputs if other != name]
    if not rest:
        return ""
    if len(rest) <= MOST_LISTED and all(typed(other) == other for other in rest):
        return f"data.inputs=[{','.join(rest)}] leaves it out"
    return f"data.inputs=[…] without '{name}' leaves it out"
