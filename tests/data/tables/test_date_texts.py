"""Dates and times as text: the common forms, zones, the order of day and month by the whole column, no wrong date."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline.data.tables.date_texts import DAY_FIRST, MONTH_FIRST, parsed_dates
from pipeline.data.tables.durations import seconds


def texts(*values: str) -> pa.Array:
    return pa.array(values, pa.large_string())


def read(*values: str, order: str = "") -> list[str | None]:
    found = parsed_dates(texts(*values), order).seconds
    return [None if np.isnan(s) else str(np.datetime64(int(s * 1000), "ms"))[:-4] for s in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-01-05", "2020-01-05T00:00:00"),
        ("2020-1-5 9:07", "2020-01-05T09:07:00"),
        ("2020/01/05 10:20:30.5", "2020-01-05T10:20:30"),
        ("2020-01-05T10:20:30Z", "2020-01-05T10:20:30"),
        ("2020-01-05T10:20:30+02:00", "2020-01-05T08:20:30"),
        ("2020-01-05 10:20:30 UTC", "2020-01-05T10:20:30"),
        ("20200105T102030Z", "2020-01-05T10:20:30"),
        ("31.12.2020 23:59", "2020-12-31T23:59:00"),
        ("12/31/99 3:04 PM", "1999-12-31T15:04:00"),
        ("12/31/2020 12:04 am", "2020-12-31T00:04:00"),
        ("Jan 31, 2020", "2020-01-31T00:00:00"),
        ("3rd Sept 2020", "2020-09-03T00:00:00"),
        ("Fri, 31 January 2020 10:00:00 GMT", "2020-01-31T10:00:00"),
        ("31-Dec-68", "2068-12-31T00:00:00"),
        ("2020-03", "2020-03-01T00:00:00"),
        ("Mar 2020", "2020-03-01T00:00:00"),
        ("2020Q3", "2020-07-01T00:00:00"),
        ("9999-12-31", "9999-12-31T00:00:00"),
    ],
)
def test_forms(text: str, expected: str) -> None:
    assert read(text) == [expected]


@pytest.mark.parametrize(
    "text", ["2020-02-30", "2020-13-01", "31 Foo 2020", "2020", "1.2.3", "10-20", "soon", "", "31/31/2020", "13:00 pm"]
)
def test_what_is_no_date(text: str) -> None:
    assert read(text) == [None]


def test_order_of_day_and_month_is_told_by_all_values_or_given() -> None:
    assert read("01/02/2020", "31/01/2020") == ["2020-02-01T00:00:00", "2020-01-31T00:00:00"]
    assert read("01/02/2020", "01/31/2020") == ["2020-01-02T00:00:00", "2020-01-31T00:00:00"]
    assert read("01/02/2020", order=DAY_FIRST) == ["2020-02-01T00:00:00"]
    found = parsed_dates(texts("01/02/2020"))
    assert (found.order, found.doubtful) == (MONTH_FIRST, True)
    found = parsed_dates(texts("01.02.2020"))
    assert (found.order, found.doubtful) == (DAY_FIRST, False)
    assert read("31/01/2020", "01/31/2020")[1] is None


def test_a_rare_form_among_many_dates_is_read_too() -> None:
    usual = [f"{day}/{month}/{year}" for year in range(1900, 2000) for month in range(1, 13) for day in range(1, 28)]
    found = parsed_dates(texts(*usual, "5 May 2020")).seconds
    assert not np.isnan(found).any()


def test_times_of_day_and_durations_are_seconds() -> None:
    found = seconds(texts("14:30", "2:30 pm", "12:00 AM", "1 days 02:00:05", "-0:10", "36:00:00", "00:00:01.5"))
    assert found.tolist() == [52200, 52200, 0, 93605, -600, 129600, 1.5]
    assert np.isnan(seconds(texts("14:61", "noon", "13:00 pm", "12"))).all()
