"""Times as calendar numbers and angles, computed in whole numbers so that rounding shifts no day."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

DAY = 86400
FIRST, LAST = -62135596800, 253402300799
"""Seconds of the years 1 to 9999; a time outside is clipped to the nearest one inside."""
PARTS = ("elapsed", "year", "month", "day", "weekday", "hour")
"""What `parts` gives: seconds since 1970, the year, month and day of the month from 1, the day of the week from 0 for
Monday, and the hours since midnight with minutes and seconds as their fraction."""
PERIODS = {"month": (1, 12.0), "day": (1, 31.0), "weekday": (0, 7.0), "hour": (0, 24.0)}
"""Start and length of the period of each periodic part."""


def parts(seconds: Any) -> list[Any]:
    """Returns the parts of times in the order of `PARTS`, each float64 and of the same shape.

    Args:
        seconds: float64 seconds since 1970 (UTC), none missing; a symbolic or eager tensor, or an array.
    """
    from keras import ops

    seconds = ops.clip(seconds, float(FIRST), float(LAST))
    days = ops.cast(ops.floor(ops.divide(seconds, float(DAY))), "int64")
    year, month, day = _civil(days)
    weekday = ops.mod(ops.add(days, 3), 7)
    hour = ops.divide(ops.subtract(seconds, ops.cast(ops.multiply(days, DAY), "float64")), 3600.0)
    return [seconds, *(ops.cast(part, "float64") for part in (year, month, day, weekday)), hour]


def _civil(days: Any) -> tuple[Any, Any, Any]:
    """Converts days since 1970 to year, month and day, by Howard Hinnant's `civil_from_days`."""
    from keras import ops

    # Years that begin in March have their leap day at the end; an era of 400 such years has 146,097 days.
    shifted = ops.add(days, 719468)
    era = ops.floor_divide(shifted, 146097)
    of_era = ops.subtract(shifted, ops.multiply(era, 146097))
    leaps = ops.subtract(
        ops.subtract(of_era, ops.floor_divide(of_era, 1460)),
        ops.subtract(ops.floor_divide(of_era, 146096), ops.floor_divide(of_era, 36524)),
    )
    year_of_era = ops.floor_divide(leaps, 365)
    before = ops.subtract(
        ops.add(ops.multiply(year_of_era, 365), ops.floor_divide(year_of_era, 4)), ops.floor_divide(year_of_era, 100)
    )
    of_year = ops.subtract(of_era, before)
    from_march = ops.floor_divide(ops.add(ops.multiply(of_year, 5), 2), 153)
    day = ops.add(
        ops.subtract(of_year, ops.floor_divide(ops.add(ops.multiply(from_march, 153), 2), 5)),
        1,
    )
    month = ops.add(ops.mod(ops.add(from_march, 2), 12), 1)
    year = ops.add(ops.add(year_of_era, ops.multiply(era, 400)), ops.cast(ops.less_equal(month, 2), "int64"))
    return year, month, day


def varying(seconds: np.ndarray) -> tuple[list[int], list[np.ndarray]]:
    """Returns which of `PARTS` differ between times, none missing, and their values."""
    found = [np.asarray(part) for part in parts(seconds)]
    kept = [i for i, part in enumerate(found) if np.ptp(part) > 0]
    return kept, [found[i] for i in kept]


def angles(values: Any, names: Sequence[str]) -> Any:
    """Returns sines and cosines of periodic parts, float32 of shape (rows, 2 * columns).

    Args:
        values: Parts of shape (rows, columns).
        names: The key in `PERIODS` of each column.
    """
    from keras import ops

    starts, periods = (np.array(numbers, "float64") for numbers in zip(*map(PERIODS.__getitem__, names), strict=True))
    turned = ops.cast(ops.multiply(ops.subtract(values, starts), 2 * math.pi / periods), "float32")
    return ops.concatenate([ops.sin(turned), ops.cos(turned)], axis=1)
