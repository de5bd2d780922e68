"""Losses, weights and metrics reach their outputs by position and by name; what does not suit is told at once."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config.schema import PipelineConfig
from pipeline.data.batches import ArrayBatches
from pipeline.data.examples import Examples
from pipeline.data.spec import spec_of
from pipeline.errors import ConfigError, DataError
from pipeline.training import compile_model
from pipeline.training.objectives.checks import objective_mistakes
from pipeline.training.objectives.losses import loss_name, settings_by_output
from pipeline.training.optimizers import build_optimizer
from pipeline.training.stages import evaluate

CROSSENTROPY = "sparse_categorical_crossentropy"


def values(model: keras.Model, config: PipelineConfig, examples: Examples) -> dict[str, float]:
    named = compile_model(model, config, examples.spec)
    return evaluate(named, ArrayBatches(examples, 4, shuffle=False, seed=0))


def expected_losses(model: keras.Model, examples: Examples) -> tuple[float, float]:
    found = model.predict_on_batch(dict(examples.inputs))
    score = float(np.mean((found["score"] - examples.targets["score"]) ** 2))
    kind = float(np.mean(-np.log(found["kind"][np.arange(8), examples.targets["kind"]])))
    return score, kind


def test_losses_by_name_by_position_and_weighted(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    score, kind = expected_losses(two_outputs, several)
    by_name = values(two_outputs, config, several)
    by_position = values(two_outputs, replace(config, loss=["mse", CROSSENTROPY]), several)
    assert by_name == by_position
    assert by_name["loss"] == pytest.approx(score + kind, rel=1e-5)
    assert by_name["score_loss"] == pytest.approx(score, rel=1e-5)
    weighted = values(two_outputs, replace(config, loss_weights={"score": 2.0}), several)
    assert weighted["loss"] == pytest.approx(2 * score + kind, rel=1e-5)


@pytest.mark.parametrize("loss", [[None, CROSSENTROPY], {"kind": CROSSENTROPY}], ids=["position", "name"])
def test_output_without_a_loss_is_for_prediction_only(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig, loss: Any
) -> None:
    _, kind = expected_losses(two_outputs, several)
    assert values(two_outputs, replace(config, loss=loss), several)["loss"] == pytest.approx(kind, rel=1e-5)


def test_output_without_a_target_needs_none(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    kind_only = {"kind": several.targets["kind"]}
    examples = Examples(spec_of(several.inputs, kind_only), several.inputs, kind_only)
    _, kind = expected_losses(two_outputs, several)
    found = values(two_outputs, replace(config, loss={"kind": CROSSENTROPY}), examples)
    assert found["loss"] == pytest.approx(kind, rel=1e-5)
    with pytest.raises(ConfigError, match=r"loss.score: the data has no target 'score'"):
        values(two_outputs, config, examples)


@pytest.mark.parametrize("form", ["list", "dict"])
def test_model_of_a_list_of_outputs_takes_losses_by_name_too(
    several: Examples, config: PipelineConfig, form: str
) -> None:
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    outputs = [keras.layers.Dense(1, name="score")(a), keras.layers.Dense(3, activation="softmax", name="kind")(b)]
    model = keras.Model([a, b], outputs)
    losses: Any = {"kind": CROSSENTROPY} if form == "dict" else [None, CROSSENTROPY]
    metrics: Any = {"kind": ["accuracy"]} if form == "dict" else [None, ["accuracy"]]
    found = values(model, replace(config, loss=losses, metrics=metrics), several)
    assert found["loss"] > 0
    assert "kind_accuracy" in found


def test_metrics_by_position_by_name_and_by_target(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    top = {"_target_": "keras.metrics.SparseTopKCategoricalAccuracy", "k": 3, "name": "top"}
    for metrics in ([["mae"], ["accuracy", top]], {"score": "mae", "kind": ["accuracy", top]}):
        found = values(two_outputs, replace(config, metrics=metrics), several)
        assert found["kind_top"] == 1
        assert {"score_mae", "kind_accuracy"} <= set(found)


def test_sample_weights_of_one_output_scale_its_loss_only(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    weights = np.array([0, 1, 2, 3, 0, 1, 2, 3], "float32")
    weighed = several.weighed_by(lambda e: {"kind": weights})
    found = two_outputs.predict_on_batch(dict(several.inputs))
    by_hand = np.mean(-np.log(found["kind"][np.arange(8), several.targets["kind"]]) * weights)
    score, _ = expected_losses(two_outputs, several)
    measured = values(two_outputs, config, weighed)
    assert measured["kind_loss"] == pytest.approx(by_hand, rel=1e-5)
    assert measured["loss"] == pytest.approx(score + by_hand, rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"loss": "mse"},
            "expected one value per output, by position or name, for the 2 outputs score, kind, got 'mse'",
        ),
        ({"loss": ["mse"]}, "for the 2 outputs score, kind, got 1 items"),
        ({"loss": {"scor": "mse"}}, "loss.scor: the model has no output 'scor'; did you mean 'score'?"),
        ({"loss": None}, "loss: expected a loss for at least one of the outputs"),
        ({"loss_weights": {"kind": -1}}, "loss_weights.kind: expected a number of 0 or more, got -1"),
        (
            {"metrics": {"kind": ["acuracy"]}},
            "metrics.kind[0]: Keras has no metric 'acuracy'; did you",
        ),
        ({"optimizer": {"name": "sdg"}}, "Keras has no optimizer 'sdg'; did you mean 'sgd'?"),
        ({"optimizer": {"name": "sgd", "learning_rat": 1}}, "optimizer: SGD refused its arguments"),
    ],
)
def test_what_does_not_suit_the_model_is_told(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig, changes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ConfigError) as error:
        compile_model(two_outputs, replace(config, **changes), several.spec)
    assert expected in str(error.value)


def test_all_mistakes_of_losses_and_metrics_are_told_together(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    with pytest.raises(ConfigError) as error:
        compile_model(two_outputs, replace(config, loss={"x": "mse"}, metrics={"y": "mae"}), several.spec)
    assert len(str(error.value).splitlines()) == 2


def test_more_classes_than_units_and_a_wrong_shape_are_told(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    four = {**several.targets, "kind": several.targets["kind"] + 1}
    with pytest.raises(DataError, match="class id 3 is outside the model's range 0 to 2"):
        compile_model(two_outputs, config, spec_of(several.inputs, four))
    narrow = {**several.inputs, "a": several.inputs["a"][:, :2]}
    with pytest.raises(DataError, match="input 'a': has shape"):
        compile_model(two_outputs, config, spec_of(narrow, several.targets))


@pytest.mark.parametrize("name", ["rmsprop", "RMSprop", "Lion", "adamw"])
def test_any_optimizer_of_keras_by_name_in_any_case(name: str) -> None:
    optimizer = build_optimizer({"name": name, "learning_rate": 0.5}, None)
    assert type(optimizer).__name__.lower() == name.lower()
    assert float(optimizer.learning_rate) == 0.5


@pytest.mark.parametrize(
    ("kind", "arguments", "rates"),
    [
        ("ExponentialDecay", {"initial_learning_rate": 1.0, "decay_steps": 10, "decay_rate": 0.5}, {0: 1, 10: 0.5}),
        ("PiecewiseConstantDecay", {"boundaries": [5], "values": [1.0, 0.1]}, {5: 1, 6: 0.1}),
        (
            "CosineDecay",
            {"initial_learning_rate": 0.0, "warmup_target": 1.0, "warmup_steps": 10, "decay_steps": 10},
            {0: 0, 5: 0.5, 10: 1, 20: 0},
        ),
    ],
)
def test_schedule_replaces_the_learning_rate(kind: str, arguments: dict[str, Any], rates: dict[int, float]) -> None:
    node = {"_target_": f"keras.optimizers.schedules.{kind}", **arguments}
    optimizer = build_optimizer({"name": "sgd", "learning_rate": 7.0}, node)
    for step, rate in rates.items():
        optimizer.iterations.assign(step)
        assert float(optimizer.learning_rate) == pytest.approx(rate, abs=1e-6)


def test_optimizer_by_target() -> None:
    optimizer = build_optimizer({"_target_": "keras.optimizers.SGD", "learning_rate": 0.5}, None)
    assert isinstance(optimizer, keras.optimizers.SGD)
    with pytest.raises(ConfigError, match="expected a Keras optimizer"):
        build_optimizer({"_target_": "keras.losses.Huber"}, None)


def test_one_output_takes_bare_values_and_lists_of_one() -> None:
    assert settings_by_output("loss", ["mse"], ["y"]) == {"y": "mse"}
    assert settings_by_output("metrics", ["mae", "mse"], ["y"]) == {"y": ["mae", "mse"]}
    assert settings_by_output("loss", {"_target_": "x"}, ["y"]) == {"y": {"_target_": "x"}}


def test_losses_are_named_as_keras_spells_them() -> None:
    assert loss_name(keras.losses.SparseCategoricalCrossentropy()) == "sparse_categorical_crossentropy"
    assert loss_name(keras.losses.mean_squared_error) == "mean_squared_error"


def told(model: keras.Model, config: PipelineConfig, examples: Examples) -> str:
    with pytest.raises(ConfigError) as error:
        compile_model(model, config, examples.spec)
    return str(error.value)


def test_losses_and_metrics_that_do_not_take_the_shapes_are_told_at_once(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    targets = {**several.targets, "kind": np.full((8, 2), 0.5)}
    pairs = replace(several, spec=spec_of(several.inputs, targets), targets=targets)
    wrong = replace(config, loss={"kind": "mse"}, metrics={"kind": ["mae", "accuracy"]}, weighted_metrics=None)
    first, second, *_ = told(two_outputs, wrong, pairs).splitlines()
    assert first.startswith(
        "loss.kind: mean_squared_error does not accept target 'kind' of shape (2,) with an output of"
    )
    assert second.startswith("metrics.kind: mae does not accept target 'kind'")
    assert "{{" not in first + second


def test_metric_is_as_new_after_it_was_tried(several: Examples) -> None:
    metric = keras.metrics.MeanAbsoluteError()
    assert objective_mistakes("metrics", {"score": [metric]}, several.spec.targets, {"score": (1,), "kind": (3,)}) == []
    assert [float(variable) for variable in metric.variables] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"metrics": {"kind": [None]}},
            "metrics.kind[0]: expected the name of a metric, or a mapping with a _target_, got None",
        ),
        (
            {"metrics": {"kind": [["mae"]]}},
            "metrics.kind[0]: expected the name of a metric, or a mapping with a _target_, got ['mae']",
        ),
        ({"metrics": {"kind": ["precision_at_recall"]}}, "metrics.kind[0]: Keras' metric 'precision_at_recall' needs"),
        ({"metrics": {"score": ["mean_io_u"]}}, "metrics.score[0]: mean_io_u needs classes, but the target has none"),
        ({"loss": {"kind": 3}}, "loss.kind: expected the name of a loss, or a mapping with a _target_, got 3"),
        ({"loss_weights": {"kind": float("nan")}}, "loss_weights.kind: expected a number of 0 or more, got nan"),
        (
            {"optimizer": {"name": "adam", "weight_decay": ""}},
            "optimizer.weight_decay: expected a number for Adam, got ''",
        ),
        (
            {"optimizer": {"name": "sgd", "nesterov": "yes"}},
            "optimizer.nesterov: expected true or false for SGD, got 'yes'",
        ),
        (
            {"optimizer": {"name": "sgd", "learning_rate": float("nan")}},
            "optimizer.learning_rate: expected a finite number, got nan",
        ),
    ],
)
def test_values_that_keras_would_stumble_over_later_are_told(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig, changes: dict[str, Any], expected: str
) -> None:
    assert expected in told(two_outputs, replace(config, **changes), several)
