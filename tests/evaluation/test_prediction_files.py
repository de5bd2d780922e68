"""Files of predictions: each form holds the same values, and no spreadsheet computes what a CSV has."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.data.examples import ragged
from pipeline.evaluation.prediction_files import write_predictions

TABLE: dict[str, Any] = {
    "row": np.array([4, 2]),
    "id": pd.Series(["007", None]),
    "file": pd.Series([1, None], dtype="Int64"),
    "day": pd.Series(pd.to_datetime(["2024-01-02", "2024-02-03"])),
    "label": np.array(["a,b", 'c"d']),
    "probability_=1+1": np.array([0.1, 1 / 3], "float32"),
}


def read(path: Path) -> Any:
    if path.suffix == ".npz":
        return np.load(path, allow_pickle=False)
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype={"id": str})


@pytest.mark.parametrize("form", ["parquet", "csv", "npz"])
def test_values_are_those_of_the_table_in_full_precision(tmp_path: Path, form: str) -> None:
    path = write_predictions(tmp_path, TABLE, form)
    assert path == tmp_path / f"predictions.{form}"
    found = read(path)
    assert list(found["label"]) == ["a,b", 'c"d']
    assert found["id"][0] == "007"
    assert list(found["row"]) == [4, 2]
    assert float(found["file"][0]) == 1
    assert str(found["day"][0]).startswith("2024-01-02")
    name = "probability_=1+1"
    assert np.asarray(found[name]).astype("float32").tolist() == TABLE[name].tolist()


def test_formulas_in_a_csv_are_inert_and_numbers_stay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = {"=HYPERLINK(1)": pd.Series(["=1+1", "-5", "+4.5e3", "@x", None, "-1-1"])}
    with caplog.at_level(logging.INFO):
        text = write_predictions(tmp_path, table, "csv").read_text()
    assert text == "'=HYPERLINK(1)\n'=1+1\n-5\n+4.5e3\n'@x\n\"\"\n'-1-1\n"
    assert "3 texts look like formulas" in caplog.text


def test_positions_are_lists_in_parquet_and_csv_and_padded_in_npz(tmp_path: Path) -> None:
    table = {
        "mask": np.arange(8).reshape(2, 2, 2),
        "tags": ragged([np.array(["a", "b"]), np.array(["a"])]),
        "value": ragged([np.array([1.0, 2.0]), np.array([3.0])]),
    }
    parquet = read(write_predictions(tmp_path, table, "parquet"))
    assert [list(tags) for tags in parquet["tags"]] == [["a", "b"], ["a"]]
    assert np.stack(parquet["mask"][1]).tolist() == [[4, 5], [6, 7]]
    csv = read(write_predictions(tmp_path, table, "csv"))
    assert list(csv["value"]) == ["[1.0, 2.0]", "[3.0]"]
    npz = read(write_predictions(tmp_path, table, "npz"))
    assert npz["value"].tolist() == [[1, 2], [3, 0]]
    assert npz["tags"].tolist() == [["a", "b"], ["a", ""]]
