"""A column of which a saved model knows no value is a warning; one known value is none."""

import keras
import numpy as np
import pytest

from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec, InputSpec
from pipeline.data.tables.texts import MISSING_TEXT
from pipeline.evaluation.unknown_texts import warn_of_unknown_texts

SPEC = DataSpec({"city": InputSpec((), "string", missing=True, kind="category")}, {})


def new(*cities: str) -> Examples:
    return Examples(SPEC, {"city": np.array(cities, object)}, {})


def test_column_of_unknown_texts_only_is_told(caplog: pytest.LogCaptureFixture) -> None:
    text = keras.Input((), dtype="string", name="city")
    inner = keras.Model(text, keras.layers.StringLookup(vocabulary=["Oslo", "Rome"])(text))
    model = keras.Model(text, inner(text))
    for known in (new("Rome", "Bern"), new(MISSING_TEXT)):
        warn_of_unknown_texts(model, known)
    assert not caplog.messages
    warn_of_unknown_texts(model, new("rome", "oslo", MISSING_TEXT))
    assert caplog.messages == [
        "input 'city': the model knows none of its 2 values, such as 'oslo', and treats them all the same"
    ]
