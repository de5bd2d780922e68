"""What trivial predictions measure: values computed by hand and by scikit-learn, for every kind of target."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_absolute_error, mean_squared_error

from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.data.splits import Splits
from pipeline.data.streams import BatchStream
from pipeline.evaluation.baseline import (
    add_baselines,
    add_baselines_of_training,
    baseline,
    baselines,
    kind_of,
    training_constants,
)
from pipeline.evaluation.constants import constants_from, constants_of
from pipeline.evaluation.measures import Truth
from pipeline.training.signature import Signature

CLASSES = ("a", "b", "c")


def made(targets: dict[str, Any], specs: dict[str, TargetSpec], weights: dict[str, Any] | None = None) -> Examples:
    count = len(next(iter(targets.values())))
    arrays = {name: np.array(values) for name, values in targets.items()}
    given = {name: np.array(values, "float32") for name, values in (weights or {}).items()}
    return Examples(DataSpec({"x": InputSpec((), "float32")}, specs), {"x": np.zeros(count)}, arrays, given)


def signature(**outputs: Any) -> Signature:
    return Signature({"x": ()}, outputs, "bare", "dict")


def test_majority_class_and_frequencies_are_those_of_the_training_split() -> None:
    spec = {"y": TargetSpec((), "int64", CLASSES)}
    splits = Splits(made({"y": [1, 1, 1, 0]}, spec), None, made({"y": [0, 0, 1, 1, 1]}, spec))
    found, notes = baselines(
        splits, ["train", "test"], signature(y=(3,)), {"y": keras.losses.get("sparse_categorical_crossentropy")}
    )
    assert notes == []
    majority, frequencies = found["test"]["y"]["majority_class"], found["test"]["y"]["class_frequencies"]
    # By hand: three of five are of the majority class, whose F1 is 2 * 3 / (3 + 5), of three classes.
    assert majority == {"class": "b", "accuracy": pytest.approx(0.6), "macro_f1": pytest.approx(0.75 / 3)}
    assert frequencies == {"log_loss": pytest.approx(-(2 * np.log(0.25) + 3 * np.log(0.75)) / 5)}
    assert found["train"]["y"]["majority_class"]["accuracy"] == 0.75


def test_baseline_of_classes_is_that_of_scikit_learn_weighted_too() -> None:
    random = np.random.default_rng(0)
    train, test = random.choice(3, 200, p=[0.5, 0.3, 0.2]), random.choice(3, 80, p=[0.5, 0.3, 0.2])
    heavy, weights = np.where(train == 2, 9.0, 1.0), np.where(test == 2, 9.0, 1.0)
    found = baseline(constants_of(Truth("classes", train, heavy)), Truth("classes", test, weights), CLASSES)
    for prefix, fitted, by in (("", None, None), ("weighted_", heavy, weights)):
        dummy = DummyClassifier(strategy="prior").fit(np.zeros((200, 1)), train, fitted)
        ids, given = dummy.predict(np.zeros((80, 1))), dummy.predict_proba(np.zeros((80, 1)))
        majority = found[f"{prefix}majority_class"]
        assert majority["class"] == CLASSES[ids[0]]
        assert majority["accuracy"] == pytest.approx(accuracy_score(test, ids, sample_weight=by))
        f1 = f1_score(test, ids, average="macro", sample_weight=by, zero_division=0)
        assert majority["macro_f1"] == pytest.approx(f1)
        expected = log_loss(test, given, sample_weight=by)
        assert found[f"{prefix}class_frequencies"]["log_loss"] == pytest.approx(expected)
    assert found["majority_class"]["class"] != found["weighted_majority_class"]["class"]


def test_baseline_of_numbers_is_that_of_scikit_learn_weighted_too() -> None:
    random = np.random.default_rng(0)
    train, test = random.exponential(size=(101, 1)), random.exponential(size=(40, 1))
    heavy, weights = random.uniform(0.5, 2, 101), random.uniform(0.5, 2, 40)
    found = baseline(constants_of(Truth("numbers", train, heavy)), Truth("numbers", test, weights))
    for prefix, fitted, by in (("", None, None), ("weighted_", heavy, weights)):
        for strategy in ("mean", "median"):
            dummy = DummyRegressor(strategy=strategy).fit(np.zeros((101, 1)), train, fitted)
            given = np.broadcast_to(dummy.constant_, (40, 1))
            values = found[prefix + strategy]
            error = mean_absolute_error(test, given, sample_weight=by)
            assert values["mean_absolute_error"] == pytest.approx(error)
            if strategy == "mean":
                error = mean_squared_error(test, given, sample_weight=by)
                assert values["mean_squared_error"] == pytest.approx(error)


def test_labels_have_the_majority_of_each() -> None:
    train, test = np.array([[1, 0], [1, 0], [1, 1], [0, 0]]), np.array([[1, 1], [0, 0]])
    found = baseline(constants_of(Truth("labels", train)), Truth("labels", test))
    # Always (1, 0): right, wrong; wrong, right. The first label's F1 is 2 * 1 / (1 + 2), the second one's 0.
    assert found["majority_class"] == {"accuracy": 0.5, "macro_f1": pytest.approx(1 / 3)}
    right = np.array([[0.75, 0.25], [0.25, 0.75]])
    assert found["class_frequencies"]["log_loss"] == pytest.approx(-np.log(right).mean())


def test_rows_of_weight_0_do_not_count_for_one_output_of_several() -> None:
    specs = {"y": TargetSpec((2,), "float32", ("no", "yes")), "z": TargetSpec((1,), "float32")}
    eye = np.eye(2)
    train = made({"y": eye[[1, 1, 0, 0, 0]], "z": [[2.0], [4], [6], [8], [10]]}, specs, {"y": [1, 1, 1, 0, 0]})
    test = made({"y": eye[[1, 1, 1, 0]], "z": [[6.0], [6], [6], [8]]}, specs, {"y": [1, 0, 0, 1]})
    metrics: dict[str, Any] = {"test": {"loss": 1.0, "outputs": {}}}
    losses = {"y": "categorical_crossentropy", "z": "mean_squared_error"}
    assert add_baselines(metrics, Splits(train, None, test), signature(y=(2,), z=(1,)), losses) == []
    found = metrics["test"].pop("baseline")
    assert metrics == {"test": {"loss": 1.0, "outputs": {}}}
    assert found["y"]["majority_class"] == {
        "class": "yes", "accuracy": 0.5, "f1": pytest.approx(2 / 3), "macro_f1": pytest.approx(1 / 3),
    }  # fmt: skip
    # All weights are 0 or 1, so that weighted and plain are the same.
    assert set(found["y"]) == {"majority_class", "class_frequencies"}
    assert found["z"]["mean"] == {"mean_squared_error": 1.0, "mean_absolute_error": 0.5}


def test_one_sigmoid_output_and_positions_are_classes() -> None:
    binary = {"y": TargetSpec((), "float32")}
    splits = Splits(made({"y": [0.0, 1, 1]}, binary), None, made({"y": [1.0, 0]}, binary))
    found, _ = baselines(splits, ["test"], signature(y=(1,)), {"y": keras.losses.get("binary_crossentropy")})
    assert found["test"]["y"]["majority_class"]["class"] == "1"
    assert found["test"]["y"]["class_frequencies"]["log_loss"] == pytest.approx(-np.log(2 / 9) / 2)
    tags = {"y": TargetSpec((3,), "int64", CLASSES, kind="ids")}
    train, test = made({"y": [[0, 0, 1]]}, tags), made({"y": [[0, 1, 1]]}, tags, {"y": [1]})
    found, _ = baselines(
        Splits(train, None, test),
        ["test"],
        signature(y=(3, 3)),
        {"y": keras.losses.get("sparse_categorical_crossentropy")},
    )
    assert found["test"]["y"]["majority_class"]["accuracy"] == pytest.approx(1 / 3)


def test_other_data_has_the_baseline_of_the_training_from_what_its_run_wrote_down() -> None:
    specs = {"y": TargetSpec((), "int64", CLASSES), "z": TargetSpec((1,), "float32")}
    losses = {"y": "sparse_categorical_crossentropy", "z": "mean_squared_error"}
    outputs = signature(y=(3,), z=(1,))
    train = made({"y": [1, 1, 0], "z": [[2.0], [4], [9]]}, specs, {"z": [1, 1, 2]})
    other = made({"y": [2, 1], "z": [[5.0], [7]]}, specs, {"z": [1, 3]})
    learnt = training_constants(train, outputs, losses)
    saved = json.loads(json.dumps({name: constants.as_dict() for name, constants in learnt.items()}))
    metrics: dict[str, Any] = {"data": {}}
    assert add_baselines_of_training(metrics, other, constants_from(saved), outputs, losses) == []
    expected: dict[str, Any] = {"test": {}}
    add_baselines(expected, Splits(train, None, other), outputs, losses)
    assert metrics["data"] == expected["test"]
    assert metrics["data"]["baseline"]["z"]["weighted_mean"]["mean_absolute_error"] == pytest.approx(1)
    del saved["z"]
    saved["y"]["plain"] = {}
    metrics = {"data": {}}
    notes = add_baselines_of_training(metrics, other, constants_from(saved), outputs, losses)
    assert [note.rpartition(":")[0] for note in notes] == [
        "there is no baseline for output 'y'", "there is no baseline for output 'z'"
    ]  # fmt: skip
    assert metrics == {"data": {}}


@pytest.mark.parametrize(
    ("target", "loss", "output", "kind"),
    [
        (TargetSpec((), "int64", CLASSES), "sparse_categorical_crossentropy", (3,), "classes"),
        (TargetSpec((3,), "float32", CLASSES), "categorical_crossentropy", (3,), "classes"),
        (TargetSpec((), "int64", ("no", "yes")), "binary_crossentropy", (1,), "classes"),
        (TargetSpec((), "int64", ("no", "yes")), "mean_squared_error", (1,), "classes"),
        (TargetSpec((4,), "float32"), "binary_crossentropy", (4,), "labels"),
        (TargetSpec((4,), "float32"), "mean_absolute_error", (4,), "numbers"),
        (TargetSpec((4,), "float32"), "categorical_crossentropy", (4,), None),
        (TargetSpec((None,), "int64"), "mean_squared_error", (None,), None),
        (TargetSpec((), "string"), "mean_squared_error", (1,), None),
    ],
)
def test_kind_follows_from_target_loss_and_output(target: TargetSpec, loss: str, output: Any, kind: str) -> None:
    assert kind_of(target, keras.losses.get(loss), output) == kind


def test_streams_and_other_targets_are_told() -> None:
    spec = {"y": TargetSpec((), "int64", CLASSES)}
    held, drawn = made({"y": [0, 1]}, spec), BatchStream(DataSpec({}, spec), lambda _: [])
    losses = {"y": keras.losses.get("sparse_categorical_crossentropy")}
    assert baselines(Splits(drawn), ["train"], signature(y=(3,)), losses) == (
        {}, ["there is no baseline to compare with: the training split is streamed, not in memory"],
    )  # fmt: skip
    assert baselines(Splits(held, None, drawn), ["test"], signature(y=(3,)), losses) == (
        {}, ["there is no baseline for the test split: it is streamed, not in memory"],
    )  # fmt: skip
    soft = {"y": TargetSpec((3,), "float32")}
    splits = Splits(made({"y": [[0.2, 0.3, 0.5]]}, soft))
    assert baselines(splits, ["train"], signature(y=(3,)), {"y": keras.losses.get("categorical_crossentropy")}) == (
        {}, ["there is no baseline for output 'y': its target has neither classes nor numbers"],
    )  # fmt: skip
