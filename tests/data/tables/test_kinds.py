"""What a column is, told by its values: numbers, categories and times of any type and way of writing, or nothing."""

import datetime
import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.config.schema import SplitConfig
from pipeline.data.examples import Examples
from pipeline.data.matching import match_inputs
from pipeline.data.sources.table import Frame
from pipeline.data.spec import DataSpec
from pipeline.data.stage import load_splits
from pipeline.errors import ConfigError, DataError

SETTINGS: dict[str, Any] = {
    "targets": ["y"], "inputs": None, "columns": [], "categories": [], "missing": ["", "NA", -999], "classes": None,
    "validation": None, "test": None,
}  # fmt: skip
ROWS = range(40)


def loaded(columns: dict[str, Any], **more: Any) -> Examples:
    rows = len(next(iter(columns.values())))
    frame = pd.DataFrame({**columns, "ok": np.arange(rows) % 7 / 2, "y": ["no", "yes"] * (rows // 2)})
    found = Frame(train=frame, **{**SETTINGS, **more}).load().train
    assert isinstance(found, Examples)
    return found


def kind(values: Any, **more: Any) -> tuple[str, str]:
    """Returns kind and dtype of a column; empty if it is left out."""
    found = loaded({"x": values}, **more).spec.inputs.get("x")
    return ("", "") if found is None else (found.kind, found.dtype)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([i / 3 for i in ROWS], "number"),
        ([True, False] * 20, "number"),
        (np.array([True, None] * 20, object), "number"),
        (["True", "False"] * 20, "category"),
        (pd.to_timedelta(ROWS, unit="h"), "number"),
        ([datetime.time(1, i % 60) for i in ROWS], "number"),
        (["14:30", "2:05"] * 20, "number"),
        ([f"${i * 100:,}" for i in ROWS], "number"),
        (pd.Categorical([1, 2] * 20), "category"),
        (["01234", "4567"] * 20, "category"),
        (["0", "0.5"] * 20, "number"),
        (["12A", "13B"] * 20, "category"),
        (["1.2.3", "1.10.2"] * 20, "category"),
        ([datetime.date(2020, 1, 1 + i % 28) for i in ROWS], "time"),
        (pd.date_range("2020", periods=40, tz="Europe/Berlin"), "time"),
        (pd.period_range("2020", periods=40, freq="M"), "time"),
        ([f"2020-01-{i % 28 + 1:02}" for i in ROWS], "time"),
        ([f"{i % 28 + 1}.3.2020" for i in ROWS], "time"),
        ([b"red", b"blue"] * 20, "category"),
        (["red", 3] * 20, "category"),
        ([2**60 + i % 3 for i in ROWS], "category"),
        ([2**70 + i % 3 for i in ROWS], "category"),
        ([str(2**60 + i % 3) for i in ROWS], "category"),
    ],
)
def test_kind_of_a_column(values: Any, expected: str) -> None:
    assert kind(values)[0] == expected


def test_whole_numbers_that_are_large_stay_exact() -> None:
    assert loaded({"x": [2**60 + i % 2 for i in ROWS]}).inputs["x"].tolist()[:2] == [str(2**60), str(2**60 + 1)]
    assert kind([16_777_216 + i % 2 for i in ROWS]) == ("number", "float64")
    assert loaded({"x": [16_777_216 + i % 2 for i in ROWS]}).inputs["x"][1] == 16_777_217
    assert kind([1e9 + i / 10 for i in ROWS]) == ("number", "float64")
    assert kind(np.random.default_rng(0).normal(size=40)) == ("number", "float32")


def test_missing_values_by_name_among_numbers_of_any_type() -> None:
    for values in ([-999, 1] * 20, ["-999", "1"] * 20, [-999.0, 1.5] * 20):
        assert np.isnan(loaded({"x": values}).inputs["x"]).tolist() == [True, False] * 20


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("Unnamed: 0", list(ROWS), "numbers the rows"),
        ("", [str(i) for i in ROWS], "numbers the rows"),
        ("x", list(range(1, 41)), "numbers the rows"),
        ("PassengerId", list(range(900, 940)), "numbers the rows"),
        ("Unnamed: 0", [(i * 7) % 40 + 3 for i in ROWS], "is an id"),
        ("user_id", [(i * 7) % 40 + 1000 for i in ROWS], "is an id"),
        ("ID", [*map(str, range(50, 89)), "15A"], "differ from row to row (40 in 40 rows)"),
        ("title", [f"A title, number {i}" for i in ROWS], "differ from row to row (40 in 40 rows)"),
        ("zip", [f"0{i:04}" for i in ROWS], "differ from row to row"),
        ("one", [5] * 40, "has only one value"),
        ("none", [None] * 40, "is empty"),
        ("gone", ["NA", ""] * 20, "is empty"),
        ("lists", [[1, 2]] * 40, "holds lists"),
        ("structs", [{"a": 1}] * 40, "holds structs"),
        ("bytes", [b"\xff\xfe"] * 40, "holds bytes"),
    ],
)
def test_what_tells_nothing_is_left_out_with_a_line(
    name: str, values: list[Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert list(loaded({name: values}).spec.inputs) == ["ok"]
    assert len(caplog.messages) == 1
    assert f"column '{name}' is left out" in caplog.text
    assert reason in caplog.text


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("year", [1950 + i for i in ROWS]),
        ("height", [150 + i / 7 for i in ROWS]),
        ("price", [(i * 7919) % 10007 for i in ROWS]),
        ("heat_index", [(i * 7) % 40 for i in ROWS]),
        ("paid", [i % 30 for i in ROWS]),
        ("group_id", [i % 9 for i in ROWS]),
        ("city", [f"city {i % 30}" for i in ROWS]),
        ("half", ["x", None] * 20),
    ],
)
def test_what_may_tell_something_stays(name: str, values: list[Any]) -> None:
    assert name in loaded({name: values}).spec.inputs


def test_count_of_rows_that_is_all_there_is_stays() -> None:
    frame = pd.DataFrame({"x": ROWS, "y": ["no", "yes"] * 20})
    assert list(Frame(train=frame, **SETTINGS).load().train.spec.inputs) == ["x"]


@pytest.mark.parametrize("settings", [{"kinds": {"name": "category"}}, {"inputs": ["name"]}, {"categories": ["name"]}])
def test_column_that_the_user_names_is_an_input_whatever_it_holds(settings: dict[str, Any]) -> None:
    assert loaded({"name": [f"name {i}" for i in ROWS]}, **settings).spec.inputs["name"].kind == "category"


def test_kinds_that_the_user_gives() -> None:
    assert kind([f"0{i % 10}" for i in ROWS], kinds={"x": "number"})[0] == "number"
    assert kind([1, 2] * 20, kinds={"x": "category"})[0] == "category"
    moments = loaded({"x": [20200101 + i % 30 for i in ROWS]}, kinds={"x": "time"}).inputs["x"]
    assert moments[1] - moments[0] == 86400
    milliseconds = loaded({"x": [1_600_000_000_000 + i for i in ROWS]}, kinds={"x": "time"}).inputs["x"]
    assert milliseconds[0] == 1_600_000_000
    years = loaded({"x": [1970 + i for i in ROWS]}, kinds={"x": "time"}).inputs["x"]
    assert years[1] == 365 * 86400


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"kinds": {"xx": "number"}}, "data.kinds.xx: there is no such column; did you mean 'x'"),
        (
            {"kinds": {"x": "nombre"}},
            "data.kinds.x: expected number, category, time or class, got 'nombre'; did you mean 'number'",
        ),
        (
            {"kinds": "number"},
            "data.kinds: expected a mapping of columns to kinds such as {COLUMN: number}, got 'number'",
        ),
        ({"categories": ["xx"]}, "data.categories: there is no column 'xx'; did you mean 'x'"),
        ({"kinds": {"x": "class"}}, "'class' is only for targets; set it to number, category or time"),
        ({"kinds": {"x": "number"}, "categories": ["x"]}, "but data.categories also names the column"),
        ({"kinds": {"x": "number"}, "inputs": ["ok"]}, "is neither an input nor a target"),
        ({"kinds": {"x": "number"}}, "row 0: column 'x': expected a number, got 'soon'"),
        ({"kinds": {"x": "time"}}, "row 0: column 'x': expected a date or time, got 'soon'"),
        ({"inputs": ["lists"]}, "column 'lists' holds lists; split it into columns of numbers or text"),
    ],
)
def test_wrong_kind_is_told(settings: dict[str, Any], expected: str) -> None:
    with pytest.raises((ConfigError, DataError)) as error:
        loaded({"x": ["soon", "later"] * 20, "lists": [[1]] * 40}, **settings)
    assert expected in str(error.value)


def test_few_texts_among_numbers_or_dates_are_told_with_their_row() -> None:
    for values, right in (([str(i) for i in ROWS], "number"), ([f"2020-01-{i % 28 + 1:02}" for i in ROWS], "date")):
        with pytest.raises(DataError, match=f"row 7: column 'x': expected a {right} as in the other rows, got 'old'"):
            loaded({"x": [*values[:7], "old", *values[8:]]})


def test_new_data_is_read_as_the_training_data_was(tmp_path: Any) -> None:
    rows = {
        "Unnamed: 0": ROWS,
        "when": [f"{i % 28 + 1}/{i % 12 + 1}/2020" for i in ROWS],
        "code": [f"0{i % 5}" for i in ROWS],
        "price": [f"${i},000" for i in ROWS],
        "flag": [True, False] * 20,
    }
    spec = loaded(rows).spec
    assert list(spec.inputs) == ["when", "code", "price", "flag", "ok"]

    def read(**columns: Any) -> Any:
        node = {"_target_": "pipeline.data.sources.table.Frame", **SETTINGS, "train": pd.DataFrame(columns)}
        splits = load_splits(node, SplitConfig(), 0, with_targets=False, to_train=False, like=spec)
        return match_inputs(splits.train, spec)

    one = read(more=["?"], flag=["true"], ok=["3"], price=[2500], code=[7], when=["2/1/2020"])
    assert {name: values.tolist() for name, values in one.inputs.items()} == {
        "when": [1577923200], "code": ["7"], "price": [2500], "flag": [1], "ok": [3],
    }  # fmt: skip
    empty = read(flag=[None], ok=[""], price=[np.nan], code=[None], when=[pd.NaT])
    assert all(np.isnan(values[0]) for name, values in empty.inputs.items() if name != "code")
    with pytest.raises(DataError, match="row 1: column 'when': expected a date or time, got 'soon'"):
        read(flag=[1, 1], ok=[1, 1], price=[1, 1], code=["a", "b"], when=["1/2/2020", "soon"])
    with pytest.raises(DataError, match="column 'price': expected numbers, got dates"):
        read(flag=[1], ok=[1], price=[pd.Timestamp("2020")], code=["a"], when=["1/2/2020"])


def test_kinds_other_than_those_of_the_training_are_refused() -> None:
    spec = loaded({"x": [1, 2] * 20}).spec
    frame = pd.DataFrame({"x": [1], "ok": [1.5]})
    with pytest.raises(ConfigError, match="category, but the model was trained on it as number"):
        Frame(train=frame, **SETTINGS, kinds={"x": "category"}).like(spec).load(with_targets=False)
    with pytest.raises(ConfigError, match=r"data.kinds.z: the model takes no such input"):
        Frame(train=frame, **SETTINGS, kinds={"z": "number"}).like(spec).load(with_targets=False)
    assert isinstance(spec, DataSpec)


def test_way_of_writing_is_told_by_the_first_that_is_unusual(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        loaded({"x": [5, "$6"] * 20, "day": [f"{i % 12 + 1}/{i % 7 + 1}/2020" for i in ROWS]})
    assert caplog.messages == [
        "column 'x' is read as numbers, from texts such as '$6'; to change that, set data.kinds={x:category}",
        "column 'day' is read as times, month before day (set data.day_first=true for day before month), from texts "
        "such as "
        "'1/1/2020'; to change that, set data.kinds={day:category}",
    ]


def test_setting_that_a_line_names_is_what_a_shell_takes(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        loaded({"Unnamed: 0": list(ROWS), "a": [1] * 40, "b (x)": [2] * 40, "größe": ["x"] * 40})
    assert r"to change that, set 'data.kinds={Unnamed\:\ 0:number}'" in caplog.text
    assert (
        "columns 'a', 'b (x)': each is left out, because it has only one value; to change that, set "
        "data.kinds={a:number}" in caplog.text
    )
    assert "'größe' is left out, because it has only one value; to change that, name it in data.inputs" in caplog.text
