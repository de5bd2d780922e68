"""The tabular model takes raw columns, missing values and unknown categories, also when it was saved."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.data.tables.texts import MISSING_TEXT
from pipeline.errors import ConfigError, DataError
from pipeline.models.tabular import tabular

SPEC = DataSpec(
    {"age": InputSpec((), "float32", missing=True), "city": InputSpec((), "string", missing=True)},
    {"bought": TargetSpec((), "int64", ("no", "yes"))},
)
INPUTS = {
    "age": np.array([20, np.nan, 40, 60], "float32"),
    "city": np.array(["Oslo", "Rome", MISSING_TEXT, "Oslo"], object),
}
NEW = {"age": np.array([np.nan, 1000], "float32"), "city": np.array(["Bern", MISSING_TEXT], object)}


def build() -> keras.Model:
    keras.utils.set_random_seed(0)
    return tabular(SPEC, Examples(SPEC, INPUTS, {"bought": np.array([0, 1, 0, 1])}), units=8, depth=1, dropout=0.1)


def test_missing_numbers_and_unknown_categories_give_probabilities() -> None:
    found = build().predict_on_batch(NEW)
    assert found.shape == (2, 1)
    assert ((found > 0) & (found < 1)).all()


def test_missing_number_is_the_median_and_says_so() -> None:
    model = build()
    encoder = model.get_layer("encoder")
    assert [output.shape[-1] for output in encoder.output] == [1 + 1 + 2] * 2
    at_median = model.predict_on_batch({"age": np.array([40], "float32"), "city": np.array(["Oslo"], object)})
    missing = model.predict_on_batch({"age": np.array([np.nan], "float32"), "city": np.array(["Oslo"], object)})
    assert not np.allclose(at_median, missing)


def test_saved_model_predicts_the_same_where_the_pipeline_is_not_known(tmp_path: Path) -> None:
    model = build()
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "expected.npy", model.predict_on_batch(NEW))
    code = f"""
import sys, keras, numpy as np
model = keras.saving.load_model({str(tmp_path / "model.keras")!r}, compile=False, safe_mode=True)
found = model.predict_on_batch({{"age": np.array([np.nan, 1000], "float32"),
    "city": np.array(["Bern", {MISSING_TEXT!r}], object)}})
np.testing.assert_allclose(found, np.load({str(tmp_path / "expected.npy")!r}), rtol=1e-5)
assert "pipeline" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]


def test_input_that_is_no_column_is_told() -> None:
    spec = DataSpec({"image": InputSpec((8, 8), "uint8")}, SPEC.targets)
    with pytest.raises(ConfigError, match="expected columns as inputs, got input 'image'"):
        tabular(spec, Examples(spec, {"image": np.zeros((2, 8, 8))}, {}), units=8, depth=1, dropout=0.0)


@pytest.mark.parametrize("text", ["", "a\nb", "a\rb", "a\0"])
def test_category_that_a_saved_model_could_not_read_back_is_told(text: str) -> None:
    spec = DataSpec({"city": InputSpec((), "string")}, SPEC.targets)
    examples = Examples(spec, {"city": np.array(["Oslo", text], object)}, {"bought": np.array([0, 1])})
    with pytest.raises(DataError, match=r"input 'city': row 1: expected one non-empty line of text, got .*"):
        tabular(spec, examples, units=8, depth=1, dropout=0.1)
