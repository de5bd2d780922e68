"""The valid name that a mistyped one was probably meant for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

ALIKE = 0.6
"""Least similarity of a name to be considered, by difflib."""
CONSIDERED = 20
LETTERS_PER_EDIT = 3
"""One edit is allowed for this many letters of the longer name, and always at least one."""
SHORTEST_PART = 3
"""Least length of a name that may be a part of another one, such as `acc`."""
COMPARED = 60
"""Number of letters that are compared."""


def meant_name(name: str, valid: Iterable[str], alike: float = ALIKE) -> str | None:
    """Returns the valid name with the fewest edits from a mistyped one, whatever its case; None if none is near.

    Args:
        name: The name as typed.
        valid: The valid names.
        alike: Least similarity by difflib, which decides between names with equally many edits.
    """
    typed = name.lower()
    by_lower = {str(each).lower(): str(each) for each in valid}
    close = difflib.get_close_matches(typed, by_lower, n=CONSIDERED, cutoff=alike)
    near = [each for each in close if _is_near(typed, each)]
    # The first of equally distant ones is the most alike.
    return by_lower[min(near, key=lambda each: edits(typed, each))] if near else None


def edits(one: str, other: str) -> int:
    """Returns how many letters to insert, delete, replace or swap with the next one to turn a name into another."""
    one, other = one[:COMPARED], other[:COMPARED]
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = above, row, [i]
        for j, target in enumerate(other, 1):
            fewest = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == target:
                fewest = min(fewest, before[j - 2] + 1)
            row.append(fewest)
    return row[-1]


def _is_near(typed: str, valid: str) -> bool:
    shorter, longer = sorted((typed, valid), key=len)
    if len(shorter) >= SHORTEST_PART and shorter in longer:
        return True
    return edits(typed, valid) <= max(1, len(longer) // LETTERS_PER_EDIT)
