"""Converts times of day and durations with colons to seconds."""

from __future__ import annotations

from typing import Any

import numpy as np

CLOCK = (
    r"^(?P<sign>-?)(?:(?P<days>\d{1,6}) days?,?\s+)?(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d)"
    r"(?::(?P<seconds>[0-5]\d(?:\.\d{1,9})?))?(?:\s?(?P<half>[aApP])\.?[mM]\.?)?$"
)


def seconds(text: Any) -> np.ndarray:
    """Returns times such as `14:30`, `2:30 pm` or `1 days 02:00:05` as seconds, float64, NaN for other text.

    Args:
        text: An Arrow array of different texts, none missing.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = pc.extract_regex(text, CLOCK)

    def part(name: str) -> np.ndarray:
        given = parts.field(name)
        there = pc.if_else(pc.and_(parts.is_valid(), pc.not_equal(given, "")), given, pa.scalar(None, given.type))
        return np.nan_to_num(np.asarray(there.cast(pa.float64()).to_numpy(zero_copy_only=False)))

    hours, half = part("hours"), pc.utf8_lower(parts.field("half")).to_numpy(zero_copy_only=False)
    of_twelve = (half == "a") | (half == "p")
    wrong = ~np.asarray(parts.is_valid()) | (of_twelve & ((hours < 1) | (hours > 12)))
    hours = np.where(of_twelve, hours % 12 + 12.0 * (half == "p"), hours)
    found = part("days") * 86400 + hours * 3600 + part("minutes") * 60 + part("seconds")
    signed = np.where(parts.field("sign").to_numpy(zero_copy_only=False) == "-", -found, found)
    return np.where(wrong, np.nan, signed)
