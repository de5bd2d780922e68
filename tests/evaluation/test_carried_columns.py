"""Columns that predictions carry on keep their values, whatever the file that they are from."""

import logging

import numpy as np
import pandas as pd
import pytest

from pipeline.data.origin import Origin
from pipeline.errors import DataError
from pipeline.evaluation.carried_columns import beside, carried_columns

FRAME = pd.DataFrame(
    {
        "id": ["007", "010", "100"],
        "count": ["1", "", "3"],
        "big": ["9007199254740993", "2", "3"],
        "score": ["1.50", "-2", "3"],
        "day": ["2024-01-02", "x", "y"],
        "huge": ["99999999999999999999", "1", "2"],
    }
)


def origin(frame: pd.DataFrame = FRAME, *, as_text: bool = True) -> Origin:
    names = tuple(map(str, frame.columns))
    return Origin(np.array([2, 0]), "'new.csv'", {name: frame[name] for name in names}, names, as_text)


def test_texts_of_a_csv_become_numbers_only_where_they_are_written_as_such() -> None:
    found = carried_columns(origin(), FRAME.columns.tolist(), [], as_text=False)
    assert {name: str(values.dtype) for name, values in found.items() if values.dtype.kind in "if"} == {
        "count": "Int64", "big": "Int64", "score": "Float64",
    }  # fmt: skip
    assert found["big"].tolist() == [3, 9007199254740993]
    assert found["score"].tolist() == [3.0, 1.5]
    assert found["id"].tolist() == ["100", "007"]
    assert found["huge"].tolist() == ["2", "99999999999999999999"]
    assert carried_columns(origin(), ["count"], [], as_text=True)["count"].tolist() == ["3", "1"]


def test_types_of_a_file_that_has_them_stay_and_whole_numbers_are_whole_though_some_are_missing() -> None:
    frame = pd.DataFrame({"n": [1.0, np.nan, 3.0], "text": ["1", "2", "3"], "x": [0.5, np.nan, 1.0]})
    found = carried_columns(origin(frame, as_text=False), frame.columns.tolist(), [], as_text=False)
    assert found["n"].astype(str).tolist() == ["3", "1"]
    assert found["text"].tolist() == ["3", "1"]
    assert found["x"].tolist() == [1.0, 0.5]


def test_a_column_that_is_not_there_is_told_but_for_those_of_the_training(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(DataError, match=r"'new.csv': has no column 'idd' \(data.columns\); did you mean 'id'"):
        carried_columns(origin(), ["idd"], [], as_text=False)
    with caplog.at_level(logging.INFO):
        assert list(carried_columns(origin(), ["part", "id"], ["part"], as_text=False)) == ["id"]
    assert "has no column 'part', so the predictions have none either" in caplog.text
    with pytest.raises(DataError, match="no column 'id', as it is not a table"):
        carried_columns(Origin(np.arange(2)), ["id"], [], as_text=False)


def test_a_column_of_a_name_of_the_predictions_gets_another() -> None:
    names = {"label": 1, "row": 2, "data_row": 3, "id": 4}
    table = beside(names, {"row": 0, "label": 5})
    assert table == {"row": 0, "data_label": 1, "data_data_row": 2, "data_row": 3, "id": 4, "label": 5}
