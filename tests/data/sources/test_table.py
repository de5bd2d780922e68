"""Tables: columns to inputs and targets by name, missing values and categories, mistakes told by file and row."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.data.examples import Examples
from pipeline.data.labels import class_names
from pipeline.data.sources.table import Csv, Frame, Parquet, TableFiles
from pipeline.data.sources.table_source import TableSource
from pipeline.data.splits import Splits
from pipeline.data.tables.texts import MISSING_TEXT, numbers_as_text
from pipeline.errors import ConfigError, DataError

TABLE = """age,city,bought
31,Oslo,yes
,Rome,no
47.5,,yes
20,Oslo,no
"""
SETTINGS: dict[str, Any] = {
    "targets": ["bought"], "inputs": None, "columns": [], "categories": [], "missing": ["", "NA"], "classes": None,
    "validation": None, "test": None,
}  # fmt: skip


def load(tmp_path: Path, text: str | bytes, with_targets: bool = True, **more: Any) -> Splits:
    file = tmp_path / "table.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    source = Csv(path=str(file), **{**SETTINGS, **more})
    source.check()
    return source.load(with_targets=with_targets)


def train(splits: Splits) -> Examples:
    assert isinstance(splits.train, Examples)
    return splits.train


def test_numbers_and_text_become_inputs_and_missing_values_stay_so(tmp_path: Path) -> None:
    examples = train(load(tmp_path, TABLE))
    assert list(examples.inputs) == ["age", "city"]
    assert examples.inputs["age"].dtype == "float32"
    assert np.isnan(examples.inputs["age"][1])
    assert examples.inputs["age"][2] == 47.5
    assert examples.inputs["city"].tolist() == ["Oslo", "Rome", MISSING_TEXT, "Oslo"]
    assert examples.spec.inputs["city"].dtype == "string"


def test_text_targets_become_class_ids_in_alphabetical_order(tmp_path: Path) -> None:
    examples = train(load(tmp_path, TABLE))
    assert examples.spec.targets["bought"].classes == ("no", "yes")
    assert examples.targets["bought"].tolist() == [1, 0, 1, 0]


def test_whole_numbers_are_classes_by_value_unless_they_are_to_be_regressed(tmp_path: Path) -> None:
    text = "x,grade\n1,10\n2,9\n3,10\n"
    assert train(load(tmp_path, text, targets=["grade"])).spec.targets["grade"].classes == ("9", "10")
    regressed = train(load(tmp_path, text, targets=["grade"], classes=0))
    assert regressed.spec.targets["grade"].classes is None
    assert regressed.targets["grade"].tolist() == [10, 9, 10]
    given = train(load(tmp_path, "x,grade\n1,0\n2,1\n", targets=["grade"], classes=3))
    assert given.spec.targets["grade"].classes == ("0", "1", "2")


def test_fractions_are_regressed(tmp_path: Path) -> None:
    assert train(load(tmp_path, "x,y\n1,0.5\n2,2\n", targets=["y"])).targets["y"].tolist() == [0.5, 2]


def test_many_different_whole_numbers_are_numbers_but_for_doubt(tmp_path: Path) -> None:
    text = "x,price\n" + "".join(f"{i},{i * 1000}\n" for i in range(50))
    examples = train(load(tmp_path, text, targets=["price"]))
    assert (examples.spec.targets["price"].kind, examples.spec.targets["price"].certain) == ("numbers", False)
    assert examples.targets["price"].tolist()[:3] == [0, 1000, 2000]


def test_chosen_inputs_and_further_columns(tmp_path: Path) -> None:
    text = "a,b,weight,part,y\n1,2,0.5,train,0\n3,4,2,test,1\n"
    examples = train(load(tmp_path, text, inputs=["b"], targets=["y"], columns=["weight", "part"]))
    assert list(examples.inputs) == ["b"]
    assert examples.columns["weight"].tolist() == [0.5, 2]
    assert examples.columns["part"].tolist() == ["train", "test"]


def test_numbers_that_are_categories_on_purpose(tmp_path: Path) -> None:
    examples = train(load(tmp_path, "zip,y\n100,0\n200,1\n", targets=["y"], categories=["zip"]))
    assert examples.inputs["zip"].tolist() == ["100", "200"]


def test_other_files_have_types_and_classes_of_the_training_file(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("age,city,bought\n5,7,yes\n")
    splits = load(tmp_path, TABLE, test=str(other))
    assert isinstance(splits.test, Examples)
    assert splits.test.inputs["city"].tolist() == ["7"]
    assert splits.test.targets["bought"].tolist() == [1]
    other.write_text("age,city,bought\n5,Oslo,yess\n")
    with pytest.raises(DataError, match=r"other.csv': row 2: target 'bought' has class 'yess'; did you mean 'yes'"):
        load(tmp_path, TABLE, test=str(other))
    other.write_text("age,city,bought\nold,Oslo,yes\n")
    with pytest.raises(DataError, match="row 2: column 'age': expected a number, got 'old'"):
        load(tmp_path, TABLE, test=str(other))


def test_targets_may_be_absent_where_they_are_not_wanted(tmp_path: Path) -> None:
    assert train(load(tmp_path, "age,city\n1,Oslo\n", with_targets=False)).targets == {}


@pytest.mark.parametrize(
    ("text", "settings", "expected"),
    [
        ("", {}, "is empty"),
        ("age,bought\n", {}, "has a header but no rows"),
        ("age,bought\n1,yes\n2,no,3\n", {}, "row 3 has 3 values for 2 columns"),
        ("age,bought\n1,yes\n2\n", {}, "row 3 has 1 value for 2 columns"),
        ("age,boght\n1,yes\n", {}, "table.csv' has no column 'bought'; did you mean 'boght'?"),
        (TABLE, {"inputs": ["agee"]}, "table.csv' has no column 'agee'; did you mean 'age'?"),
        (TABLE, {"inputs": ["bought"]}, "'bought' is a target too"),
        ("bought\nyes\nno\n", {}, "no column is left to use as an input"),
        (b"age,bought\n1,\xff\n", {}, "is not UTF-8 text"),
        ("age,bought\n1,yes\n2,\n", {"missing_target": "error"}, "row 3: target 'bought' is missing"),
        (
            "age,bought\n" + "1,yes\n" * 12 + "old,no\n",
            {},
            "row 14: column 'age': expected a number as in the other rows, got 'old'",
        ),
    ],
)
def test_wrong_table_is_told(tmp_path: Path, text: str | bytes, settings: dict[str, Any], expected: str) -> None:
    with pytest.raises((DataError, ConfigError)) as error:
        load(tmp_path, text, **settings)
    assert expected in str(error.value)


def test_a_column_that_is_not_there_is_told_with_the_key_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("age,bought\n1,yes\n2,no\n")
    for key in ("targets", "inputs", "columns"):
        source = Csv(path=str(tmp_path / "table.csv"), **{**SETTINGS, "targets": ["bought"], key: ["agee"]})
        with pytest.raises(DataError, match=rf"^data.{key}: '.*table.csv' has no column 'agee'; did you mean 'age'\?$"):
            source.load()


def test_an_input_of_the_model_that_a_table_lacks_is_told(tmp_path: Path) -> None:
    spec = train(load(tmp_path, TABLE)).spec
    (tmp_path / "new.csv").write_text("a,b\n1,2\n")
    source = replace(Csv(path=str(tmp_path / "new.csv"), **SETTINGS), trained=spec)
    with pytest.raises(DataError, match=r"^the model needs the input 'age'; '.*new.csv' has the columns a, b$"):
        source.load(with_targets=False)
    (tmp_path / "new.csv").write_text("agee,city\n1,x\n")
    with pytest.raises(DataError, match=r"no column 'age', an input that the model needs; did you mean 'agee'\?$"):
        source.load(with_targets=False)


def test_missing_file_is_told_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data.validation: no file"):
        load(tmp_path, TABLE, validation="none.csv")
    with pytest.raises(DataError, match=r"data.path: no file"):
        Csv(path=str(tmp_path / "none.csv"), **SETTINGS).load()


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    expected = train(load(tmp_path, TABLE))
    pd.read_csv(tmp_path / "table.csv").to_parquet(tmp_path / "table.parquet")
    found = train(Parquet(path=str(tmp_path / "table.parquet"), **SETTINGS).load())
    assert found.spec == expected.spec
    np.testing.assert_array_equal(found.inputs["age"], expected.inputs["age"])
    assert found.inputs["city"].tolist() == expected.inputs["city"].tolist()
    assert found.targets["bought"].tolist() == expected.targets["bought"].tolist()


def test_file_that_is_no_parquet_and_one_without_rows_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("no parquet")
    with pytest.raises(DataError, match="not a Parquet file"):
        Parquet(path=str(tmp_path / "a.parquet"), **SETTINGS).load()
    pd.DataFrame({"bought": []}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="has no rows"):
        Parquet(path=str(tmp_path / "a.parquet"), **SETTINGS).load()


def test_frame_of_a_function_is_read_whatever_its_index() -> None:
    frame = pd.DataFrame({"age": [1, 2], "bought": ["yes", "no"]}, index=[7, 9])
    splits = Frame(train=frame, **{**SETTINGS, "test": frame.head(1)}).load()
    assert train(splits).inputs["age"].tolist() == [1, 2]
    assert isinstance(splits.test, Examples)
    assert splits.test.targets["bought"].tolist() == [1]
    with pytest.raises(ConfigError, match=r"data.train: expected a pandas.DataFrame, got a list"):
        Frame(train=[1], **SETTINGS).load()
    with pytest.raises(DataError, match="has no rows"):
        Frame(train=frame.head(0), **SETTINGS).load()


@pytest.mark.parametrize("text", ["\n\n\n", 'a,bought\n"1,yes\n', "a,bought\n1,y\0es\n"])
def test_what_pandas_cannot_read_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"table.csv': "):
        load(tmp_path, text)


@pytest.mark.parametrize("name", ["--5", "²", "1" * 400])
def test_names_of_classes_that_only_look_like_whole_numbers_are_text(tmp_path: Path, name: str) -> None:
    splits = load(tmp_path, f"a,bought\n1,{name}\n2,x\n3,x\n")
    assert set(splits.train.spec.targets["bought"].classes or ()) == {name, "x"}


def test_classes_of_equal_number_always_have_the_same_order() -> None:
    assert class_names(["1", "01", "001", "2"]) == ("001", "01", "1", "2")


def test_truth_values_are_classes() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "bought": [True, False, True]})
    splits = Frame(train=frame, **SETTINGS).load()
    assert splits.train.spec.targets["bought"].classes == ("False", "True")


def test_columns_named_by_numbers_are_found_and_twice_the_same_is_told() -> None:
    frame = pd.DataFrame({0: [1.0, 2.0], "bought": ["x", "y"]})
    assert list(Frame(train=frame, **SETTINGS).load().train.spec.inputs) == ["0"]
    twice = pd.concat([frame, frame[[0]]], axis=1)
    with pytest.raises(DataError, match=r"data\.train: has 2 columns named '0'; expected one"):
        Frame(train=twice, **SETTINGS).load()


def test_missing_values_in_dtypes_of_pandas_are_nan() -> None:
    frame = pd.DataFrame(
        {"a": pd.array([1, None], "Int64"), "b": pd.array([0.5, None], "Float64"), "bought": ["x", "y"]}
    )
    inputs = train(Frame(train=frame, **SETTINGS).load()).inputs
    assert np.isnan(inputs["a"]).tolist() == np.isnan(inputs["b"]).tolist() == [False, True]


def test_infinity_as_text() -> None:
    assert numbers_as_text(np.array([1.0, np.inf, np.nan])).tolist() == ["1", "inf", MISSING_TEXT]


def test_no_line_break_of_any_kind_is_left_in_a_category() -> None:
    frame = pd.DataFrame({"a": ["x\ry", "x\u2028y", "x\ny"], "bought": ["x", "y", "x"]})
    assert train(Frame(train=frame, **SETTINGS).load()).inputs["a"].tolist() == ["x y"] * 3


def test_a_column_that_sets_splits_apart_is_found_in_the_table_and_is_no_input_but_for_time(tmp_path: Path) -> None:
    text = "id,a,day,y\n007,1,01.02.2020,p\n7,2,13.01.2020,q\n,3,NA,p\n"
    (tmp_path / "table.csv").write_text(text)
    source = Csv(path=str(tmp_path / "table.csv"), **{**SETTINGS, "targets": ["y"]})
    examples = train(source.keeping("id", is_time=False).load())
    assert list(examples.inputs) == ["a", "day"]
    assert examples.columns["id"].tolist() == ["007", "7", ""]
    examples = train(source.keeping("day", is_time=True).load())
    assert list(examples.inputs) == ["id", "a", "day"]
    # The very values of the input.
    np.testing.assert_array_equal(examples.columns["day"], examples.inputs["day"])
    # Named as an input, it is one.
    named = Csv(path=str(tmp_path / "table.csv"), **{**SETTINGS, "targets": ["y"], "inputs": ["id"]})
    assert list(train(named.keeping("id", is_time=False).load()).inputs) == ["id"]
    assert list(train(named.keeping("a", is_time=False).load()).inputs) == ["id"]
    with pytest.raises(DataError, match=r"^split.column: .* has no column 'dya'; did you mean 'day'\?"):
        source.keeping("dya", is_time=True).load()


def test_a_column_that_sets_splits_apart_keeps_the_exact_values_of_a_frame() -> None:
    days = [pd.Timestamp(2020, 2, 1), pd.Timestamp(2020, 1, 13, 12), pd.NaT]
    frame = pd.DataFrame({"id": [2**53 + 1, 2**53, 2**53 + 1], "day": days, "y": list("pqp"), "a": [1.0, 2.0, 3.0]})
    source = Frame(train=frame, **{**SETTINGS, "targets": ["y"], "inputs": ["a"]})
    assert train(source.keeping("id", is_time=False).load()).columns["id"].tolist() == list(frame["id"])
    kept = train(source.keeping("day", is_time=True).load()).columns["day"]
    np.testing.assert_array_equal(kept, [days[0].timestamp(), days[1].timestamp(), np.nan])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"inputs": []}, "data.inputs: expected a list of names, or null for all columns, got an empty list"),
        ({"inputs": ["x", "x"]}, "data.inputs: names 'x' twice; name it once"),
        ({"targets": ["y", "z", "y"]}, "data.targets: names 'y' twice; name it once"),
    ],
)
def test_names_of_columns_that_say_nothing_are_told(settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        Frame(train=None, **{**SETTINGS, **settings}).check()
    assert expected in str(error.value)


def test_an_empty_path_is_not_the_working_folder() -> None:
    with pytest.raises(ConfigError, match=r"data\.path: expected a file, a folder or a pattern, got an empty text"):
        Csv(path="", **SETTINGS).check()


@dataclass(frozen=True, kw_only=True)
class Given(TableSource):
    given: Any

    def tables(self) -> Any:
        return self.given


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([None], "[NoneType]"),
        ([], "[]"),
        ([pd.DataFrame({"a": [1]})], "[DataFrame]"),
        (pd.DataFrame({"a": [1]}), "a DataFrame"),
    ],
)
def test_own_tables_that_are_none_are_told(given: Any, found: str) -> None:
    with pytest.raises(DataError) as raised:
        Given(
            given=given, **{key: value for key, value in SETTINGS.items() if key not in ("validation", "test")}
        ).load()
    assert str(raised.value).startswith(f"data: Given.tables returned {found}; expected [Table], or [Table, Table or N")


@dataclass(frozen=True, kw_only=True)
class Nested(TableFiles):
    def rows_of(self, file: Path) -> pd.DataFrame:
        return pd.json_normalize([json.loads(line) for line in file.read_text().splitlines()])


def nested(path: Path, **more: Any) -> Nested:
    given = {"targets": ["kind"], "inputs": None, "columns": [], "categories": [], "missing": [""], "classes": None}
    return Nested(path=str(path), validation=None, test=None, **{**given, **more})


def test_own_kind_of_file_takes_one_method(tmp_path: Path) -> None:
    for name, size in (("a", 1.5), ("b", 2.5)):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"of": {"size": size}, "kind": name}) + "\n")
    source = nested(tmp_path)
    source.check()
    train = source.load().train
    assert isinstance(train, Examples)
    assert train.inputs["of.size"].tolist() == [1.5, 2.5]
    assert train.spec.targets["kind"].classes == ("a", "b")


def test_file_that_an_own_kind_cannot_read_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{")
    with pytest.raises(DataError, match=r"a\.jsonl': JSONDecodeError: "):
        nested(tmp_path / "a.jsonl").load()
    with pytest.raises(DataError, match=r"data\.path: .*b\.jsonl"):
        nested(tmp_path / "b.jsonl").check()
