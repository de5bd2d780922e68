"""Names where there is little room: where a line may break, and short forms that stay distinct."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup, escape

WORD = re.compile(r"\w+$")
ELLIPSIS = "…"


def breakable(text: object) -> Markup:
    """Returns escaped text that a browser breaks after underscores, dots and the like, not within words."""
    parts = re.split(r"(?<=[_,/.=])(?=[^\W\d]\w)", str(text))
    return Markup("<wbr>").join(escape(part) for part in parts)


def cut(text: object, longest: int) -> str:
    """Returns a text, or both of its ends if it is too long: names often differ at the end."""
    whole, half = str(text), (longest - 1) // 2
    return whole if len(whole) <= longest else f"{whole[: longest - 1 - half]}{ELLIPSIS}{whole[-half:]}"


def short_names(names: Sequence[str], longest: int) -> list[str]:
    """Returns names of about this length, different ones for different names.

    If shortened names look alike, what they share at the beginning and end is left out. If they still look alike, a
    number is added.
    """
    short = [cut(name, longest) for name in names]
    alike = _alike(names, short)
    if alike:
        long = [name for name in names if len(name) > longest]
        head, tail = _shared(long)
        short = [
            text if len(name) <= longest else _middle(name, head, tail, longest)
            for name, text in zip(names, short, strict=True)
        ]
        # Names of one kind share little with those of another kind.
        for same in _alike(names, short):
            head, tail = _shared([names[index] for index in same])
            for index in same:
                short[index] = _middle(names[index], head, tail, longest)
    for same in _alike(names, short):
        for index in same:
            number = f" #{index + 1}"
            short[index] = cut(short[index], max(4, longest - len(number))) + number
    return short


def _alike(names: Sequence[str], short: Sequence[str]) -> list[list[int]]:
    """Returns the positions of different names whose short forms are equal."""
    counts = Counter(short)
    groups: dict[str, list[int]] = {}
    for index, text in enumerate(short):
        if counts[text] > 1:
            groups.setdefault(text, []).append(index)
    return [group for group in groups.values() if len({names[index] for index in group}) > 1]


def _shared(names: Sequence[str]) -> tuple[int, int]:
    """Returns how many characters all names share at the beginning and at the end, up to a word boundary."""
    head = WORD.sub("", _prefix(names))
    rest = [name[len(head) :][::-1] for name in names]
    tail = WORD.sub("", _prefix(rest))
    return len(head), len(tail)


def _prefix(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:length]


def _middle(name: str, head: int, tail: int, longest: int) -> str:
    """Returns the part between the shared ends, preceded by as much of the shared beginning as fits."""
    core = name[head : len(name) - tail]
    room = longest - len(core) - 1 - bool(tail)
    before = name[: max(0, min(head, room))]
    return cut(f"{before}{ELLIPSIS if head else ''}{core}{ELLIPSIS if tail else ''}", longest)
