"""Converts date and time texts to seconds since 1970 (UTC without a time zone)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.data.tables.column import sample

DAY_FIRST, MONTH_FIRST = "day_first", "month_first"
"""The order of dates such as 01/02/2020, which is ambiguous."""

CLOCK = (
    r"(?:(?:T|,?\s+)(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?:\s?(?P<half>[aApP])\.?[mM]\.?)?"
    r"\s?(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?|)(?:\s?\([A-Z]{2,5}\))?)?$"
)
WEEKDAY = r"^(?:(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?\s+)?"
NAME, DAY = r"(?P<name>[A-Za-z]{3,9})\.?", r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
STANDARD = r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$"
FORMS = (
    r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + CLOCK,
    r"^(?P<first>\d{1,2})(?P<sign>[-/.])(?P<second>\d{1,2})[-/.](?P<year>\d{4}|\d{2})" + CLOCK,
    rf"{WEEKDAY}{DAY}[\s.-]+{NAME},?[\s-]+(?P<year>\d{{4}}|\d{{2}})" + CLOCK,
    rf"{WEEKDAY}{NAME}\s+{DAY},?\s+(?P<year>\d{{4}})" + CLOCK,
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})T(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second_>\d{2}))?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2}|)$",
    r"^(?P<year>\d{4})[-/](?P<month>\d{2})$",
    rf"^{NAME}[\s-]+(?P<year>\d{{4}})$",
    r"^(?P<year>\d{4})[\s-]?Q(?P<quarter>[1-4])$",
)
"""Date formats, of which all values of a column share one; months have their English names."""
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
LAST_OF_2000 = 69
"""Two-digit years up to this one are in the century from 2000 on, as in POSIX."""


@dataclass(frozen=True)
class Dates:
    """Texts as times.

    Attributes:
        seconds: float64, NaN if a text is not a time.
        order: `day_first` or `month_first` for numeric dates with the year last.
        doubtful: Whether the values leave this order open.
    """

    seconds: np.ndarray
    order: str = ""
    doubtful: bool = False


def parsed_dates(text: Any, order: str = "") -> Dates:
    """Returns texts as times.

    Args:
        text: An Arrow array of different texts, none missing.
        order: `day_first` or `month_first` for dates such as 01/02/2020; empty to infer it from all of them.
    """
    import pyarrow.compute as pc

    seconds, doubtful = np.full(len(text), np.nan), False
    standard = np.asarray(pc.match_substring_regex(text, STANDARD))
    seconds[standard] = _parsed(text.filter(standard))
    left = np.flatnonzero(~standard)
    for form in _likely(text.take(left)):
        parts = pc.extract_regex(text.take(left), form)
        fits = np.asarray(parts.is_valid())
        rows, left = left[fits], left[~fits]
        if not len(rows):
            continue
        fields = {field.name: parts.field(field.name).filter(fits) for field in parts.type}
        if "first" in fields:
            order, doubtful = (order, False) if order else _order(fields)
            fields["day"], fields["month"] = (fields[key] for key in _as(order))
        seconds[rows] = _seconds(fields)
    return Dates(seconds, order, doubtful)


def _likely(text: Any) -> list[str]:
    """Returns the date formats in the order to try them; none if a sample fits none."""
    import pyarrow.compute as pc

    some = sample(text)
    hits = {form: pc.sum(pc.match_substring_regex(some, form)).as_py() or 0 for form in FORMS}
    return sorted(FORMS, key=lambda form: -hits[form]) if any(hits.values()) else []


def _as(order: str) -> tuple[str, str]:
    return ("first", "second") if order == DAY_FIRST else ("second", "first")


def _order(fields: dict[str, Any]) -> tuple[str, bool]:
    """Returns the order of day and month, and whether it is in doubt; dates with points have the day first."""
    first, second = (int(np.asarray(fields[key].cast("int64")).max()) for key in ("first", "second"))
    if first > 12 or second > 12:
        return DAY_FIRST if first > 12 else MONTH_FIRST, False
    if fields["sign"][0].as_py() == ".":
        return DAY_FIRST, False
    return MONTH_FIRST, True


def _seconds(fields: dict[str, Any]) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(fields["year"])

    def padded(name: str) -> Any:
        return pc.utf8_lpad(fields[name], 2, "0") if name in fields else pa.array(["01"] * count, pa.large_string())

    short = pc.equal(pc.utf8_length(fields["year"]), 2)
    years = fields["year"].cast(pa.int64())
    century = pc.if_else(pc.less_equal(years, LAST_OF_2000 - 1), 2000, 1900)
    years = pc.utf8_lpad(pc.if_else(short, pc.add(years, century), years).cast(pa.large_string()), 4, "0")
    dates = _joined("-", years, _months(fields, padded), padded("day"))
    return _of_halves(_parsed(_joined("T", dates, _clock(fields, count))), fields)


def _parsed(text: Any) -> np.ndarray:
    """Returns the times of ISO 8601 texts, NaN for invalid ones such as 30 February."""
    import pandas as pd

    parsed = pd.to_datetime(text.to_pandas(), format="ISO8601", utc=True, errors="coerce")
    found = parsed.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(found), np.nan, found.astype("int64") / 1e6)


def _months(fields: dict[str, Any], padded: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if "quarter" in fields:
        return pc.utf8_lpad(
            pc.subtract(pc.multiply(fields["quarter"].cast(pa.int64()), 3), 2).cast(pa.large_string()), 2, "0"
        )
    if "name" not in fields:
        return padded("month")
    names = pc.utf8_lower(fields["name"])
    known = [*MONTHS, *(month[:3] for month in MONTHS), "sept"]
    places = pc.index_in(names, value_set=pa.array(known, names.type)).to_numpy(zero_copy_only=False)
    numbers = np.where(np.isnan(places.astype("float64")), 98, places.astype("float64") % 12)
    # `sept` is the 25th of the names; any other word becomes the 99th, which pandas rejects.
    numbers = np.where(places == 24, 8, numbers) + 1
    return pa.array([f"{int(number):02}" for number in numbers], pa.large_string())


def _clock(fields: dict[str, Any], count: int) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if "hour" in fields:
        seconds = pc.if_else(pc.equal(fields["second_"], ""), "00", fields["second_"])
        times = _joined(":", fields["hour"], fields["minute"], seconds)
    elif "time" in fields:
        times = pc.if_else(pc.equal(fields["time"], ""), "00:00", fields["time"])
        times = pc.replace_substring_regex(times, r"^(\d):", r"0\1:")
    else:
        return pa.array(["00:00"] * count, pa.large_string())
    zones = pc.replace_substring_regex(fields["zone"], "^(UTC|GMT)$", "Z")
    return _joined("", times, zones)


def _joined(sign: str, *parts: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(
        *(part.cast(pa.large_string()) for part in parts), pa.scalar(sign, pa.large_string())
    )


def _of_halves(seconds: np.ndarray, fields: dict[str, Any]) -> np.ndarray:
    """Returns times on a twelve-hour clock, with half a day added in the afternoon."""
    import pyarrow.compute as pc

    if "half" not in fields:
        return seconds
    half = pc.utf8_lower(fields["half"]).to_numpy(zero_copy_only=False)
    given = (half == "a") | (half == "p")
    hours = np.array([int(time.split(":")[0]) if time else 0 for time in fields["time"].to_pylist()], "int64")
    seconds = np.where(given & ((hours < 1) | (hours > 12)), np.nan, seconds)
    return seconds - 43200.0 * (given & (hours == 12)) + 43200.0 * (half == "p")
