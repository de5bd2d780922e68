"""Target columns of tables: classes or numbers, labels alike in every kind of file, and rows without a target."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_wine

from pipeline.config.loss_kinds import LossKind
from pipeline.data.examples import Examples
from pipeline.data.labels import class_names
from pipeline.data.sources.table import Csv, Frame, Parquet
from pipeline.data.splits import Splits
from pipeline.data.target_kinds import settled
from pipeline.errors import ConfigError, DataError

MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "None", "?"]
RANDOM = np.random.default_rng(0)


def frame(targets: list[str], table: pd.DataFrame, *, missing: Any = None, losses: Any = None, **more: Any) -> Splits:
    own = {"classes": None, "validation": None, "test": None, **more}
    source = Frame(targets=targets, inputs=["x"], columns=[], categories=[], missing=MISSING, train=table, **own)
    return source.for_losses(losses or {}).load(missing=missing)


def column(values: Any, *, missing: Any = None, losses: Any = None, **more: Any) -> Examples:
    table = pd.DataFrame({"x": np.arange(len(values), dtype="float64"), "y": values})
    train = frame(["y"], table, missing=missing, losses=losses, **more).train
    assert isinstance(train, Examples)
    return train


def kind(values: Any, **more: Any) -> str:
    """Returns what a target is taken for, and in brackets if a line says so."""
    spec = column(values, **more).spec.targets["y"]
    said = settled("y", spec, None, of_table=True)[1]
    told = f"{len(spec.classes)} classes" if spec.classes else spec.kind
    return f"({told})" if said else told


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (load_iris().target, "(3 classes)"),
        (load_iris().target_names[load_iris().target], "3 classes"),
        (load_wine().target.astype("float64"), "(3 classes)"),
        (load_diabetes().target, "(numbers)"),
        ([0, 1] * 50, "2 classes"),
        ([-1, 1] * 50, "2 classes"),
        ([1.0, 2.0] * 50, "2 classes"),
        ([True, False] * 50, "2 classes"),
        (["yes", "no"] * 50, "2 classes"),
        ([3, 4, 4, 5, 5, 5, 5, 6, 6, 6, 7, 7, 8] * 20, "(6 classes)"),
        ([1.0, 2.0, 3.0, 4.0, 5.0] * 20, "(5 classes)"),
        ([0, 1, 2, 3, 4] * 5, "(5 classes)"),
        (RANDOM.integers(0, 26, 2000), "(26 classes)"),
        (RANDOM.poisson(8, 1000), "(numbers)"),
        (RANDOM.integers(18, 80, 5000), "(numbers)"),
        (RANDOM.integers(1990, 2021, 5000), "(numbers)"),
        (RANDOM.integers(0, 400, 8000) * 1000, "(numbers)"),
        ([250_000, 310_000, 198_000, 402_000], "(numbers)"),
        ([0.5, 1.0, 1.5, 2.0] * 20, "(numbers)"),
        (RANDOM.normal(size=50), "numbers"),
        (pd.Categorical([1, 2, 3, 4, 5] * 5), "5 classes"),
    ],
)  # fmt: skip
def test_a_target_is_of_classes_or_numbers_and_doubt_is_told(values: Any, expected: str) -> None:
    assert kind(values) == expected
    # All text, as in a CSV file, but for what only the type tells.
    if not isinstance(values, pd.Categorical):
        assert kind([str(value) for value in np.asarray(values).tolist()]) == expected


def test_kinds_classes_and_the_loss_settle_what_a_target_is() -> None:
    rooms = [0, 1, 2, 3, 4] * 5
    assert kind(rooms, kinds={"y": "number"}) == kind(rooms, classes=0) == kind(rooms, losses={"y": "regression"})
    assert kind(rooms, kinds={"y": "number"}) == "numbers"
    assert kind(rooms, kinds={"y": "class"}) == kind(rooms, losses={"y": "sparse"}) == "5 classes"
    assert kind([0.5, 1.5] * 9, kinds={"y": "class"}) == "2 classes"
    assert kind(rooms, kinds={"y": "class"}, losses={"y": "regression"}) == "5 classes"
    assert kind(rooms, classes=7) == "7 classes"
    assert column(["0.0", "1.0"] * 5, classes=2).spec.targets["y"].classes == ("0", "1")
    assert column([1, 2, 3] * 5, classes=3).spec.targets["y"].classes == ("1", "2", "3")
    spec = column(rooms).spec.targets["y"]
    assert settled("y", spec, LossKind("mean_squared_error"), of_table=True)[0].kind == "numbers"
    with pytest.raises(
        ConfigError, match=r"data.kinds.y: number, but data.classes=5 means class; set only one of them"
    ):
        kind(rooms, kinds={"y": "number"}, classes=5)
    with pytest.raises(
        ConfigError,
        match=r"data.kinds.y: expected number, category, time or class, got 'numbr'; did you mean 'number'\?",
    ):
        kind(rooms, kinds={"y": "numbr"})
    with pytest.raises(ConfigError, match=r"data.classes: 3 for target 'y', which has 5: 0, 1, 2, 3, 4"):
        kind(rooms, classes=3)
    with pytest.raises(DataError, match=r"row 1: target 'y': expected a number, got 'no'"):
        kind(["1", "no"], kinds={"y": "number"})
    with pytest.raises(DataError, match=r"row 1: target 'y': expected a number, got 'no'"):
        kind(["1", "no"], losses={"y": "regression"})
    with pytest.raises(ConfigError, match="the target 'y' has the classes 'bad', 'ok'; use loss=auto"):
        kind(["ok", "bad", "ok"], losses={"y": "regression"})
    with pytest.raises(DataError, match=r"row 40: target 'y': expected a number as in the other rows, got 'n\.d\.'"):
        kind([f"{i}.5" for i in range(40)] + ["n.d."])


def test_the_line_of_doubt_names_what_changes_it() -> None:
    spec = column([0, 1, 2, 3, 4] * 5).spec.targets["y"]
    line = settled("rooms", spec, None, of_table=True)[1]
    assert line == "target 'rooms': treated as 5 classes, not numbers; to change that, set data.kinds.rooms=number"
    prices = column(range(50)).spec.targets["y"]
    line = settled("price/m2", prices, None, of_table=True)[1]
    assert (
        line == "target 'price/m2': treated as numbers, not classes; to change that, set 'data.kinds={price/m2: class}'"
    )


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([1.0, 0.0, 1.0], ("0", "1")),
        ([True, False, True], ("False", "True")),
        (pd.array([1, 0, None], "Int64"), ("0", "1")),
        (pd.array([True, None, False], "boolean"), ("False", "True")),
        (pd.Categorical(["low", "high", "low"], categories=["low", "mid", "high"]), ("high", "low")),
        (np.array([2.0, -1.0, 2.0], "float32"), ("-1", "2")),
        (np.array([1, 2, 1], "int8"), ("1", "2")),
        (["007", "7", "007"], ("007", "7")),
    ],
)
def test_labels_of_a_csv_file_are_those_of_the_parquet_file_of_it(
    tmp_path: Path, values: Any, classes: tuple[str, ...]
) -> None:
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": values})
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    own = {"inputs": None, "columns": [], "categories": [], "missing": MISSING, "classes": None}
    rest = {"targets": ["y"], "validation": None, "test": None}
    found = [
        make(path=str(tmp_path / name), **own, **rest).load().train  # type: ignore[arg-type]
        for make, name in ((Csv, "t.csv"), (Parquet, "t.parquet"))
    ]
    for examples in found:
        assert isinstance(examples, Examples)
        assert examples.spec.targets["y"].classes == classes
    assert found[0].targets["y"].tolist() == found[1].targets["y"].tolist()  # type: ignore[union-attr]


def test_other_files_may_spell_classes_otherwise() -> None:
    table = pd.DataFrame({"x": [1.0] * 4, "y": ["1", "0", "1", "0"]})
    other = pd.DataFrame({"x": [1.0, 2.0], "y": ["1.0", "0.0"]})
    splits = frame(["y"], table, validation=other)
    assert splits.validation.targets["y"].tolist() == [1, 0]  # type: ignore[union-attr]
    with pytest.raises(DataError, match=r"data.validation: row 1: target 'y' has class '2'"):
        frame(["y"], table, validation=other.assign(y=[0, 2]))


def test_rows_without_a_target_are_left_out_masked_or_refused(caplog: pytest.LogCaptureFixture) -> None:
    values = ["a", "", "b", None, "a"]
    examples = column(values)
    assert (examples.inputs["x"].tolist(), examples.targets["y"].tolist()) == ([0, 2, 4], [0, 1, 0])
    assert (
        "2 of 5 rows have no target 'y' and are left out; set data.missing_target=error to stop instead" in caplog.text
    )
    assert len(column(values, missing_target="drop")) == 3
    for masked in (column(values, missing_target="mask"), column(values, missing="mask")):
        assert masked.weights["y"].tolist() == [1, 0, 1, 0, 1]
    assert column([3, -1, 5], missing=-1).weights["y"].tolist() == [1, 0, 1]
    assert column([3, -1, 5], missing=-1, missing_target="drop").targets["y"].tolist() == [0, 1]
    for refused in ({"missing_target": "error"}, {"missing": "refuse"}):
        with pytest.raises(DataError, match=r"row 1: target 'y' is missing \(rows affected: 2\); set data"):
            column(values, **refused)
    with pytest.raises(DataError, match=r"row 4: target 'y' has class 'c'"):
        frame(["y"], pd.DataFrame({"x": 1.0, "y": ["a", "b"]}), test=pd.DataFrame({"x": 1.0, "y": [*values[:4], "c"]}))
    with pytest.raises(DataError, match=r"no row has target 'y'"):
        column(["", None])


def test_two_keys_that_contradict_each_other_are_told() -> None:
    for key, missing in (("drop", "mask"), ("error", "mask"), ("mask", "refuse"), ("error", -1)):
        with pytest.raises(ConfigError, match=f"data.missing_target: {key} contradicts weighting.missing={missing}"):
            column(["a", "b"], missing_target=key, missing=missing)
    with pytest.raises(ConfigError, match=r"expected error, drop or mask, got 'dorp'; did you mean 'drop'"):
        column(["a", "b"], missing_target="dorp")


def test_rows_that_lack_some_of_several_targets_are_dropped_or_masked_only_if_that_is_said() -> None:
    table = pd.DataFrame({"x": [0.0, 1, 2, 3], "a": ["u", "", "v", ""], "b": [0.5, 1.5, np.nan, np.nan]})
    with pytest.raises(
        DataError, match=r"row 1: target 'a' is missing .*=drop to leave .*=mask to use them for the other"
    ):
        frame(["a", "b"], table)
    assert len(frame(["a", "b"], table, missing_target="drop").train) == 1  # type: ignore[arg-type]
    masked = frame(["a", "b"], table, missing_target="mask").train
    assert {n: w.tolist() for n, w in masked.weights.items()} == {"a": [1, 0, 1, 0], "b": [1, 1, 0, 0]}  # type: ignore[union-attr]
    assert len(frame(["a", "b"], table.assign(b=[0.5, np.nan, 1.0, np.nan])).train) == 2  # type: ignore[arg-type]


def test_a_text_that_stands_for_missing_may_be_a_class(caplog: pytest.LogCaptureFixture) -> None:
    values = ["NA", "EU", "AS"] * 10
    with pytest.raises(DataError, match=r"'NA' means a missing value in 10 rows; set \"data.missing=\['','N/A'"):
        column(values)
    assert len(column(values, missing_target="drop")) == 20
    # Too few for a class, and numbers, of which none is called so.
    assert len(column(["NA", *["EU", "AS"] * 15])) == 30
    assert len(column(["NA", "1.5", "2.5"])) == 2


def test_classes_have_the_order_of_numbers_or_of_the_alphabet() -> None:
    assert class_names(["10", "9", "-1.5"]) == ("-1.5", "9", "10")
    assert class_names(["10", "9", "b"]) == ("10", "9", "b")
