"""Names of columns that are different from each other."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 3
"""Names that are said."""


def unique(names: Sequence[object]) -> tuple[list[str], tuple[str, ...]]:
    """Returns names as pandas makes them different: the second `name` is `name.1`, one that is empty `Unnamed: 3`.

    Args:
        names: As the file has them.

    Returns:
        The names, and what is to be said of it.
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
