"""Numbers as text: plain ones as programs write them, and those with a currency, a unit, percent or thousands."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline.data.tables.numerals import plain, written


def texts(*values: str | None) -> pa.Array:
    return pa.array(values, pa.large_string())


def test_plain_numbers() -> None:
    found = plain(texts("1", "-1.5", "+2", "1e5", ".5", "5.", "-inf", "0.1"))
    assert found.tolist() == [1, -1.5, 2, 1e5, 0.5, 5, -np.inf, 0.1]
    assert np.isnan(plain(texts("x", None, "0x1", "1_0", "1,5", "--1", "nan"))).all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("$1,200", "-$5.50", "$0"), [1200, -5.5, 0]),
        (("1,200 €", "€"), [1200, np.nan]),
        (("12%", "3.5 %", "0"), [12, 3.5, 0]),
        (("12%", "3"), [12, np.nan]),
        (("1 200", "12\u00a0000\u202f000"), [1200, 12e6]),
        (("3.5 kg", "12 kg"), [3.5, 12]),
        (("3.5 kg", "12 lb"), [np.nan, np.nan]),
        (("5 €", "5 $"), [np.nan, np.nan]),
        (("\u22125 °C",), [-5]),
        (("3 bedrooms", "2 bedrooms"), [3, 2]),
        (("1,23", "1.234.567", "12-34", "5-", "12A", "12 Main St", "A1"), [np.nan] * 7),
    ],
)
def test_numbers_as_people_write_them(values: tuple[str, ...], expected: list[float]) -> None:
    np.testing.assert_array_equal(written(texts(*values)), expected)
