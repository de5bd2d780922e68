"""Numbers are written by their size, the same way everywhere."""

import pytest

from pipeline.report.numbers import axis_format, number, short_number


@pytest.mark.parametrize(
    ("value", "text"),
    [(122540.3, "122,540"), (0.0441, "0.0441"), (1.2e-05, "1.2e-05"), (12.34567, "12.346"), (384.0431, "384.04"),
     (204031456.0, "204,031,456"), (4.2e10, "4.2e+10"), (0.96649998, "0.9665"), (999.996, "1,000"), (-0.5, "-0.5000"),
     (0.0, "0"), (12345, "12,345"), (float("nan"), "—"), (None, "—")],
)  # fmt: skip
def test_number_has_the_digits_that_matter_at_its_size(value: float | None, text: str) -> None:
    assert number(value) == text


def test_values_of_data_have_no_zeros_that_nobody_measured() -> None:
    assert [short_number(value) for value in (3.0, 0.5, 100.0, 122540.0, 1e-10)] == [
        "3",
        "0.5",
        "100",
        "122,540",
        "1e-10",
    ]


def test_axis_of_prices_has_thousands_and_one_of_small_numbers_powers_of_ten() -> None:
    assert axis_format([122540.0])["separatethousands"]
    assert axis_format([122540.0])["minexponent"] > 5
    assert axis_format([1.2e-5])["minexponent"] < 5
