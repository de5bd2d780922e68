"""Importance of inputs: that of a known linear model is as scikit-learn has it, what is not used has none."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import permutation_importance

from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.report import importance as module
from pipeline.report.importance import columns_of, importance, importance_figure
from pipeline.training import named_model

LOSSES = {"far": keras.losses.MeanSquaredError(), "kind": keras.losses.BinaryCrossentropy()}


def table(count: int) -> Examples:
    random = np.random.default_rng(0)
    inputs = {name: random.normal(size=count).astype("float32") for name in ("a", "b", "unused")}
    inputs["pair"] = random.normal(size=(count, 2)).astype("float32")
    spec = DataSpec(
        {name: InputSpec(array.shape[1:], "float32") for name, array in inputs.items()},
        {"far": TargetSpec((), "float32"), "kind": TargetSpec((), "int64", ("no", "yes"))},
    )
    noise = random.normal(size=count)
    far = 3 * inputs["a"] + inputs["b"] - 2 * inputs["pair"][:, 1] + 0.1 * noise
    return Examples(spec, inputs, {"far": far.astype("float32"), "kind": (inputs["a"] + noise > 0).astype("int64")})


def linear(spec: DataSpec) -> keras.Model:
    """Gives 3 a + b - 2 pair[1], and the sigmoid of 2 a."""
    inputs = {name: keras.Input(given.shape, name=name) for name, given in spec.inputs.items()}
    rows = [keras.layers.Reshape((-1,))(tensor) for tensor in inputs.values()]
    all_of_it = keras.layers.Concatenate()(rows)
    far, kind = keras.layers.Dense(1, name="far"), keras.layers.Dense(1, activation="sigmoid", name="kind")
    model = keras.Model(inputs, {"far": far(all_of_it), "kind": kind(all_of_it)})
    far.set_weights([np.array([[3.0], [1], [0], [0], [-2]]), np.zeros(1)])
    kind.set_weights([np.array([[2.0], [0], [0], [0], [0]]), np.zeros(1)])
    return model


class Known(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The same for scikit-learn."""

    def fit(self, rows: Any, targets: Any) -> Known:
        return self

    def predict(self, rows: Any) -> Any:
        return rows @ np.array([3.0, 1, 0, 0, -2])


def test_importance_is_that_of_scikit_learn_for_each_output(monkeypatch: pytest.MonkeyPatch) -> None:
    data = table(900)
    model = linear(data.spec)
    named = named_model(model, data.spec)
    found = importance(named, data, LOSSES, seed=0)
    assert (found["examples"], found["of"], found["shuffles"], found["note"]) == (900, 900, 5, "")
    far, kind = (
        {column["name"]: column["growth"] for column in found["outputs"][name]["columns"]} for name in ("far", "kind")
    )
    assert list(far) == ["a", "pair[1]", "b", "unused", "pair[0]"]
    assert far["unused"] == far["pair[0]"] == kind["b"] == kind["pair[1]"] == 0
    rows = np.column_stack(list(data.inputs.values()))
    expected = permutation_importance(
        Known(), rows, data.targets["far"], scoring="neg_mean_absolute_error", n_repeats=5, random_state=0
    )
    np.testing.assert_allclose([far[name] for name in ("a", "b")], expected.importances_mean[:2], rtol=0.05)
    assert kind["a"] > 0.3
    probability = 1 / (1 + np.exp(-2 * data.inputs["a"]))
    right = np.where(data.targets["kind"] == 1, probability, 1 - probability)
    assert found["outputs"]["kind"]["loss"] == pytest.approx(-np.log(right).mean(), rel=1e-4)
    # Fewer at once give the same.
    monkeypatch.setattr(module, "AT_ONCE", 9000)
    again = importance(named, data, LOSSES, seed=0)["outputs"]["far"]["columns"]
    assert [column["growth"] for column in again] == pytest.approx(list(far.values()), rel=1e-5)


def test_cost_is_bounded_and_what_was_done_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    data = table(300)
    weights = np.where(np.arange(300) < 100, 1, 0).astype("float32")
    masked = Examples(data.spec, data.inputs, data.targets, {"far": weights, "kind": weights})
    model = linear(data.spec)
    monkeypatch.setattr(module, "MOST_ROWS", 80)
    monkeypatch.setattr(module, "SECONDS", 0.0)
    monkeypatch.setattr(module, "AT_ONCE", 800)
    found = importance(named_model(model, data.spec), masked, LOSSES, seed=0)
    assert (found["examples"], found["note"]) == (80, "only the first 2 of 5 inputs were measured")
    figure = importance_figure(found, "far", "test")
    assert figure is not None
    assert (
        "80 of 300 examples of the test split, 5 times; lines are standard deviations; only the first 2 of 5 inputs"
        in figure.title
    )
    assert figure.layout["yaxis"]["ticktext"] == ["a", "b"]
    assert importance_figure(found, "other", "test") is None


def test_only_tables_have_columns() -> None:
    target = {"y": TargetSpec((), "float32")}
    image, number = InputSpec((8, 8), "uint8"), InputSpec((), "float32")
    assert columns_of(DataSpec({"image": image, "n": number}, target)) == []
    assert columns_of(DataSpec({"n": number}, target)) == []
    assert columns_of(DataSpec({"series": InputSpec((None,), "float32"), "n": number}, target)) == []
    wide = DataSpec({"wide": InputSpec((101,), "float32"), "n": InputSpec((1,), "string")}, target)
    assert [column.name for column in columns_of(wide)] == ["wide", "n"]
