"""Columns of tables become features that are exact, the same in every process, and quick to find."""

import json
import time

import keras
import numpy as np
import pandas as pd
import pytest

from pipeline.data.examples import Examples
from pipeline.data.spec import CATEGORY, NUMBER, TIME, DataSpec, InputSpec, TargetSpec
from pipeline.models.tabular import calendar, tabular
from pipeline.models.tabular.categories import vocabulary
from pipeline.models.tabular.encoding import encoder
from pipeline.models.tabular.statistics import statistics

NUMBERS = InputSpec((), "float32", missing=True, kind=NUMBER)
DOUBLES = InputSpec((), "float64", missing=True, kind=NUMBER)
TEXT = InputSpec((), "string", missing=True, kind=CATEGORY)
MOMENTS = InputSpec((), "float64", missing=True, kind=TIME)
SIZES = {"bins": 16, "one_hot": 32, "embedding": 4, "categories": 10000}


def test_calendar_is_that_of_pandas_from_1900_to_2100() -> None:
    days = pd.date_range("1900-01-01", "2100-12-31", freq="D")
    moments = pd.DatetimeIndex(days + pd.to_timedelta(np.arange(len(days)) * 7919 % 86400, unit="s"))
    seconds = (moments - pd.Timestamp(0)).total_seconds().to_numpy("float64")
    found = dict(zip(calendar.PARTS, map(np.asarray, calendar.parts(seconds)), strict=True))
    right = {"elapsed": seconds, "year": moments.year, "month": moments.month, "day": moments.day}
    right |= {"weekday": moments.dayofweek, "hour": (seconds % 86400) / 3600}
    for part, values in right.items():
        np.testing.assert_array_equal(found[part], np.asarray(values, "float64"), err_msg=part)


def test_moments_are_told_by_what_differs_between_them() -> None:
    days = pd.to_datetime(pd.Series(["2024-01-05", "2024-02-05", "2024-03-05", None]))
    seconds = ((days - pd.Timestamp(0)).dt.total_seconds()).to_numpy("float64")
    deep, linear = encoder({"day": MOMENTS}, {"day": seconds}, **SIZES).predict_on_batch([seconds])
    # Elapsed, month and weekday; two angles of each of the latter; whether it is missing.
    assert linear.shape == (4, 3 + 4 + 1)
    np.testing.assert_array_equal(linear[:, -1], [0, 0, 0, 1])
    np.testing.assert_array_equal(linear[3, :-1], linear[1, :-1])
    assert np.isfinite(deep).all()


def test_large_numbers_that_float32_takes_for_one_stay_apart() -> None:
    values = 1e9 + np.arange(4.0)
    _, linear = encoder({"x": DOUBLES}, {"x": values}, **SIZES).predict_on_batch([values])
    np.testing.assert_allclose(linear[:, 0], (np.arange(4) - 1.5) / np.arange(4).std(), rtol=1e-6)


def test_statistics_are_those_of_numpy_whatever_is_missing() -> None:
    values = np.array([3e38, -3e38, np.nan, np.inf, 1, 2], "float32")
    known = statistics([values, np.full(6, np.nan), np.full(6, 7.0)], bins=4)
    assert list(known.medians) == [1.5, 0.0, 7.0]
    assert list(known.missing) == [0, 1]
    assert np.isfinite(known.means).all()
    assert np.isfinite(known.deviations).all()
    assert list(known.deviations[1:]) == [1.0, 1.0]


def test_bins_are_filled_one_after_the_other() -> None:
    values = np.arange(200, dtype="float32")
    deep, _ = encoder({"x": NUMBERS}, {"x": values}, **(SIZES | {"bins": 2})).predict_on_batch([values])
    np.testing.assert_allclose(deep[[0, 100, 199], 1:], [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5]], atol=1e-6)


def test_vocabulary_is_that_of_the_values_whatever_their_order() -> None:
    texts = np.array(["b", "a", "c", "b", "a", "d"], object)
    known = vocabulary("x", texts, most=10)
    assert (known.values, known.buckets, known.rare) == (("a", "b"), 1, True)
    assert vocabulary("x", texts[::-1], most=10) == known
    assert vocabulary("x", texts, most=1).values == ("a",)
    assert vocabulary("x", texts, most=1).buckets > 1


def test_column_of_many_texts_costs_a_vector_each_and_no_unit() -> None:
    texts = np.array([f"t{i % 3000}" for i in range(9000)], object)
    model = encoder({"x": TEXT, "y": TEXT}, {"x": texts, "y": texts[::-1]}, **SIZES)
    assert [output.shape[-1] for output in model.output] == [8, 8]
    assert model.count_params() == 2 * 3001 * 4
    unknown = np.array(["new", "[UNK]"], object)
    first, second = model.predict_on_batch([unknown, unknown])[0]
    np.testing.assert_array_equal(first, second)


def test_names_of_columns_are_no_names_of_layers() -> None:
    names = ["hidden_1", "encoder", "take", "stack", "a/b", "a b", "ä", "wide_and_deep", "dropout_1", "year"]
    specs = DataSpec(
        {n: [TEXT, NUMBERS, MOMENTS][i % 3] for i, n in enumerate(names)}, {"y": TargetSpec((), "float32")}
    )
    rows = {
        n: np.array(["a", "b", "a"], object) if specs.inputs[n] == TEXT else np.array([0, 1e9, np.nan], s.dtype)
        for n, s in specs.inputs.items()
    }
    model = tabular(specs, Examples(specs, rows, {"y": np.zeros(3, "float32")}), units=2, depth=1, dropout=0.1)
    assert np.isfinite(model.predict_on_batch(rows)).all()


def columns(rows: int, count: int) -> tuple[DataSpec, dict[str, np.ndarray]]:
    generator = np.random.default_rng(0)
    kinds = [NUMBERS, NUMBERS, NUMBERS, MOMENTS, TEXT]
    spec = DataSpec({f"c{i}": kinds[i % 5] for i in range(count)}, {"y": TargetSpec((), "float32")})
    texts = np.array([f"t{i}" for i in range(1000)], object)
    made = {
        n: texts[generator.integers(0, 1000, rows)] if s == TEXT else generator.normal(0, 1e8, rows).astype(s.dtype)
        for n, s in spec.inputs.items()
    }
    return spec, made


@pytest.mark.parametrize(("rows", "count"), [(300_000, 10), (1000, 300)])
def test_large_table_is_encoded_in_seconds_and_the_same_each_time(rows: int, count: int) -> None:
    spec, made = columns(rows, count)
    examples = Examples(spec, made, {"y": np.zeros(rows, "float32")})
    configs = []
    start = time.perf_counter()
    for _ in range(2):
        keras.backend.clear_session()
        configs.append(json.dumps(tabular(spec, examples, units=8, depth=1, dropout=0.0).get_config(), default=str))
    assert time.perf_counter() - start < 15
    assert configs[0] == configs[1]
