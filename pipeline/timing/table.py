"""The table of a benchmark."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.timing.turns import Timing

HEADER = ("", "samples/s", "slowest to fastest", "against Keras", "first step", "memory")


def table(results: Sequence[Timing], samples: int) -> list[str]:
    """Returns the lines of a table, with speeds as ratios to the first contender.

    Args:
        results: The timing of each contender.
        samples: Examples per epoch.
    """
    rows = [HEADER]
    for result in results:
        if result.error is not None:
            rows.append((result.name, "cannot train", "", "", "", ""))
            continue
        memory = "" if result.memory is None else f"{result.memory / 2**20:,.0f} MiB"
        rows.append(
            (
                result.name,
                f"{samples / result.median:,.0f}",
                f"{samples / max(result.epochs):,.0f} to {samples / min(result.epochs):,.0f}",
                f"{results[0].median / result.median:.2f}",
                f"{result.first_step:.2f} s",
                memory,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]).rstrip()
        for row in rows
    ]
