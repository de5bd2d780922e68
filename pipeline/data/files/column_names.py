"""Unique column names."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 3
"""Most names to list in a message."""


def unique(names: Sequence[object]) -> tuple[list[str], tuple[str, ...]]:
    """Returns names made unique as pandas does: the second `name` becomes `name.1`, an empty one `Unnamed: 3`.

    Args:
        names: The names in the file.

    Returns:
        The names, and findings to log.
    """
    found: list[str] = []
    taken = {str(name) for name in names}
    twice = []
    for index, given in enumerate(names):
        name = str(given) if str(given).strip() else f"Unnamed: {index}"
        number, free = 0, name
        while free in found or (number and free in taken):
            number += 1
            free = f"{name}.{number}"
        if free != name:
            twice.append(f"'{free}'")
        found.append(free)
    if not twice:
        return found, ()
    more = f" and {len(twice) - MOST} more" if len(twice) > MOST else ""
    return found, (f"has duplicate column names; the later ones are renamed {', '.join(twice[:MOST])}{more}",)
