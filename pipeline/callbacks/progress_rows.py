"""Rows of the live progress, fitted to the terminal: bar, count, time left and speed first, then the values."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.callbacks.shown_values import GAP, fitted

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.text import Text

WIDEST, NARROWEST = 24, 8
"""The width of a bar in columns."""
FREE = 3
"""Columns kept free on the right for the `^C` that terminals print at the cursor."""


@dataclass
class Row:
    """The progress of one count.

    Attributes:
        name: What is counted.
        total: How many there will be; None if unknown.
        done: How many are done; may be fractional.
        first: How many were done when the clock started.
        begun: When the clock started.
        said: What is happening other than counting.
        values: Metric values, the important ones first.
        best: The best values so far, for some of them.
    """

    name: str
    total: int | None = None
    done: float = 0
    first: float = 0
    begun: float = field(default_factory=time.perf_counter)
    said: str = ""
    values: dict[str, float] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    _moved: float = 0

    def start(self, done: float) -> None:
        """Starts the clock with `done` already done."""
        self.done = self.first = done
        self.begun = self._moved = time.perf_counter()
        self.values, self.best = {}, {}

    def move(self, done: float) -> None:
        """Records that `done` are done."""
        self.done, self._moved = done, time.perf_counter()

    def speed(self) -> float | None:
        """Returns how many are done per second; None before the first."""
        made, seconds = self.done - self.first, self._moved - self.begun
        return made / seconds if made > 0 and seconds > 0 else None

    def left(self) -> float | None:
        """Returns the seconds left at the current speed; None if unknown."""
        speed = self.speed()
        if self.total is None or speed is None:
            return None
        return max(0.0, (self.total - self.done) / speed - (time.perf_counter() - self._moved))

    def count(self) -> str:
        """Returns the count and the total as text."""
        return f"{int(self.done):,}/{'?' if self.total is None else f'{self.total:,}'}"


class Rows:
    """Several rows below each other, with aligned columns.

    Args:
        rows: The rows.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Yields each row as one terminal line."""
        width = options.max_width - FREE
        bar = max(NARROWEST, min(WIDEST, width // 5))
        counts = max(len(row.count()) for row in self._rows)
        times = [_clock(row.left()) for row in self._rows]
        for row, left in zip(self._rows, times, strict=True):
            speed = row.speed() if row.name == "step" else None
            known = [f"{row.count():>{counts}}", f"{left:>{max(map(len, times))}}"]
            known += [f"{speed:,.{0 if speed >= 10 else 1}f} steps/s"] if speed else []
            known += [row.said] if row.said else []
            yield _line(row, bar, " ".join(known), width, ascii_only=options.ascii_only)


def _line(row: Row, bar: int, known: str, width: int, *, ascii_only: bool) -> Text:
    from rich.text import Text

    full = 0 if not row.total else min(bar, int(bar * row.done / row.total))
    line = Text(f"{row.name:<5} ", style="bold", no_wrap=True, overflow="crop", end="\n")
    line.append(("#" if ascii_only else "━") * full, style="not bold magenta")
    line.append(("-" if ascii_only else "━") * (bar - full), style="not bold bright_black")
    line.append(f" {known}", style="not bold")
    values = fitted(row.values, row.best, width - len(line) - len(GAP))
    line.append(f"{GAP}{values}" if values else "", style="not bold")
    line.truncate(max(1, width), overflow="crop")
    return line


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "-:--"
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
