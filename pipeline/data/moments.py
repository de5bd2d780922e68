"""Moments, which time inputs hold as seconds since 1970, as people read them."""

from __future__ import annotations

import numpy as np


def moment_text(seconds: float) -> str:
    """Returns a moment as a date, with the time of day unless it is midnight."""
    return str(np.datetime64(round(seconds), "s")).replace("T", " ").removesuffix(" 00:00:00")
