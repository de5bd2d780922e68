"""The values in a progress line: the important ones first, and as many as fit."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import keras

from pipeline.security.terminal import printable

FIRST = ("loss", "val_loss")
LAST = ("learning_rate",)
NONE: Mapping[str, float] = MappingProxyType({})
GAP = "  "


def monitors_of(callbacks: Iterable[keras.callbacks.Callback]) -> list[str]:
    """Returns the metrics that callbacks monitor, those of early stopping first."""
    ordered = sorted(callbacks, key=lambda callback: not isinstance(callback, keras.callbacks.EarlyStopping))
    named = [getattr(c, "monitor", None) or getattr(getattr(c, "monitored", None), "name", None) for c in ordered]
    return [name for name in dict.fromkeys(named) if isinstance(name, str)]


def by_importance(names: Iterable[str], monitors: Sequence[str] = ()) -> list[str]:
    """Returns metric names in display order: the losses, then monitored metrics, then all others.

    Args:
        names: The names, in the order in which they are logged.
        monitors: The metrics that callbacks monitor.
    """
    first = [*FIRST, *monitors]

    def rank(name: str) -> tuple[bool, int]:
        return name in LAST and name not in first, first.index(name) if name in first else len(first)

    return sorted(names, key=rank)


def fitted(values: Mapping[str, float], best: Mapping[str, float] = NONE, room: int = sys.maxsize) -> str:
    """Returns the values as a text that fits into the given width.

    Args:
        values: The values by name, the important ones first.
        best: The best values so far, for some of them; shown only if there is room for all.
        room: The width in columns. Omitted values are counted at the end, as in `loss 0.5  +3`, if that fits.
    """
    plain = [f"{printable(name)} {value:.4g}" for name, value in values.items()]
    bests = [f" (best {best[name]:.4g})" if name in best else "" for name in values]
    whole = [text + more for text, more in zip(plain, bests, strict=True)]
    for texts in (whole, plain):
        if len(GAP.join(texts)) <= room:
            return GAP.join(texts)
    for count in range(len(plain) - 1, 0, -1):
        for texts in (whole, plain):
            text = GAP.join([*texts[:count], f"+{len(plain) - count}"])
            if len(text) <= room:
                return text
    return f"+{len(plain)}" if plain and len(f"+{len(plain)}") <= room else ""
