"""New data is matched with what the model was trained on: inputs by name and kind, classes by name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.data.examples import Examples
from pipeline.data.matching import match_classes, match_inputs
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.data.streams import BatchStream
from pipeline.data.tables.texts import MISSING_TEXT
from pipeline.errors import DataError

TRAINED = DataSpec(
    {"house": InputSpec((), "string", missing=True)}, {"kind": TargetSpec((), "int64", ("cat", "cow", "dog"))}
)


def new(values: np.ndarray, dtype: str, classes: tuple[str, ...] = ("cat", "dog"), name: str = "house") -> Examples:
    spec = DataSpec({name: InputSpec((), dtype, missing=True)}, {"kind": TargetSpec((), "int64", classes)})
    return Examples(spec, {name: values}, {"kind": np.array([1, 0, 1])})


def test_numbers_become_text_where_the_model_takes_text() -> None:
    matched = match_inputs(new(np.array([12, np.nan, 3.5], "float32"), "float32"), TRAINED)
    assert matched.inputs["house"].tolist() == ["12", MISSING_TEXT, "3.5"]  # type: ignore[union-attr]


def test_text_where_the_model_takes_numbers_is_told() -> None:
    numbers = DataSpec({"house": InputSpec((), "float32")}, TRAINED.targets)
    with pytest.raises(DataError, match="input 'house': expected numbers, got text"):
        match_inputs(new(np.array(list("abc"), object), "string"), numbers)


def test_columns_that_the_model_does_not_take_are_left_out_and_missing_ones_told() -> None:
    examples = new(np.array(list("abc"), object), "string")
    spec = DataSpec({**examples.spec.inputs, "id": InputSpec((), "float32")}, examples.spec.targets)
    more = Examples(spec, {**examples.inputs, "id": np.arange(3)}, examples.targets)
    assert list(match_inputs(more, TRAINED).inputs) == ["house"]  # type: ignore[union-attr]
    with pytest.raises(DataError, match="has no input 'house', which the model needs; did you mean 'houses'"):
        match_inputs(new(np.array(list("abc"), object), "string", name="houses"), TRAINED)


def test_class_ids_become_those_of_the_training_data_by_name() -> None:
    matched = match_classes(new(np.array(list("abc"), object), "string"), TRAINED)
    assert matched.targets["kind"].tolist() == [2, 0, 2]  # type: ignore[union-attr]
    assert matched.spec.targets["kind"].classes == ("cat", "cow", "dog")


def test_class_that_the_model_does_not_know_is_told() -> None:
    with pytest.raises(DataError, match="the model has no class 'dig'; did you mean 'dog'"):
        match_classes(new(np.array(list("abc"), object), "string", ("cat", "dig")), TRAINED)


def test_stream_of_the_same_classes_stays_as_it_is_and_of_others_is_told() -> None:
    same = BatchStream(TRAINED, lambda _: [])
    assert match_inputs(same, TRAINED) is same
    assert match_classes(same, TRAINED) is same
    fewer = BatchStream(new(np.array(list("abc"), object), "string").spec, lambda _: [])
    with pytest.raises(DataError, match="expected the classes of the training data, got others"):
        match_classes(fewer, TRAINED)


def test_targets_of_another_form_are_made_what_the_model_was_trained_on() -> None:
    ids = TargetSpec((), "int64", ("1", "2", "4"))
    trained = DataSpec({}, {"y": ids})

    def matched(values: Any, spec: TargetSpec, weights: Any = None) -> Any:
        array = np.asarray(values)
        given = {} if weights is None else {"y": np.asarray(weights, "float32")}
        return match_classes(Examples(DataSpec({}, {"y": spec}), {}, {"y": array}, given), trained)

    numbers = TargetSpec((), "float32")
    assert matched([4.0, 1.0], numbers).targets["y"].tolist() == [2, 0]
    assert matched([4.0, 0.0], replace(numbers, missing=True), [1, 0]).spec.targets["y"].missing
    with pytest.raises(DataError, match=r"target 'y': row 1: the model has no class '2.5'"):
        matched([4.0, 2.5], numbers)
    one_hot = TargetSpec((3,), "float32", ("1", "2", "4"))
    assert matched(np.eye(3)[[2, 0]], one_hot).targets["y"].tolist() == [2, 0]
    assert matched(np.eye(3)[[2, 0]], one_hot).spec.targets["y"].kind == "ids"
    back = match_classes(Examples(trained, {}, {"y": np.array([2, 0])}), DataSpec({}, {"y": one_hot}))
    assert isinstance(back, Examples)
    assert back.targets["y"].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert back.spec.targets["y"].one_hot


def test_rows_that_a_run_was_trained_on_do_not_pass_for_its_test_split(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    frame = pd.DataFrame({"x": np.arange(80) % 7, "y": ["p", "q"] * 40, "id": range(100, 180)})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    done = command(
        "+experiment=table/csv", "data.path=rows.csv", "data.targets=[y]", "trainer.epochs=1", "report=false"
    )
    run = f"run={done.folder}"
    for key in ("seed=5", "split.test=0.5"):
        (line,) = command("task=evaluate", run, key).errors
        assert line == f"{key.partition('=')[0]}: would set other rows apart than the training did; leave this key out"
    assert "has changed since the training" not in command("task=predict", run, "data.columns=[id]").out
    pd.concat([frame, frame[:9]]).to_csv(tmp_path / "rows.csv", index=False)
    assert "the data has changed since the training" in command("task=evaluate", run).out


def test_a_value_of_the_test_data_changes_the_test_data(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sized_rows.py").write_text(
        "import numpy as np\n\n\ndef rows(count):\n"
        "    x = np.linspace(-1, 1, 2 * count, dtype='float32').reshape(count, 2)\n"
        "    return x, (x[:, 0] > 0).astype('int64')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    own = [f"data.{part}.{key}" for part in ("train", "test") for key in ("_target_=sized_rows.rows", "count=20")]
    done = command("data=arrays", *own, "model=mlp", "loader.batch_size=8", "trainer.epochs=1", "report=false")
    assert done.code == 0, done.errors
    again = command("task=predict", f"run={done.folder}", "trust=[sized_rows]", "data.test.count=7", "task.form=npz")
    assert again.code == 0, again.errors
    with np.load(again.folder / "predictions.npz") as table:
        assert len(table["row"]) == 7
