"""Every metric of Keras gives its right value, by scikit-learn or by hand, whatever form the target has."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    fbeta_score,
    jaccard_score,
    log_loss,
    precision_score,
    r2_score,
    recall_score,
    roc_auc_score,
    top_k_accuracy_score,
)

from pipeline.data.target import TargetSpec
from pipeline.errors import ConfigError
from pipeline.training.objectives.metrics import build_metrics
from pipeline.training.objectives.target_forms import OutputForm

RANDOM = np.random.default_rng(7)
ROWS = 200
TWO = RANDOM.integers(0, 2, ROWS)
SURE = np.clip(0.3 + 0.35 * TWO + RANDOM.normal(0, 0.2, ROWS), 0.01, 0.99).astype("float32")
FOUR = RANDOM.integers(0, 4, ROWS)
SCORES = (np.eye(4)[FOUR] * 1.2 + RANDOM.normal(0, 1, (ROWS, 4))).astype("float32")
SOFT = (np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)).astype("float32")
WEIGHTS = RANDOM.random(ROWS).astype("float32")

NAMES = ("no", "yes")
LETTERS = ("a", "b", "c", "d")
BINARY = OutputForm(TargetSpec((), "int64", NAMES), (1,))
BINARY_SOFTMAX = OutputForm(TargetSpec((), "int64", NAMES), (2,))
IDS = OutputForm(TargetSpec((), "int64", LETTERS), (4,))
ONE_HOT = OutputForm(TargetSpec((4,), "float32", LETTERS), (4,))
POSITIONS = OutputForm(TargetSpec((5,), "int64", LETTERS), (5, 4))
LABELS = OutputForm(TargetSpec((3,), "int64", ("x", "y", "z"), kind="labels"), (3,))
NUMBER = OutputForm(TargetSpec((), "float32"), (1,))


def value(
    form: OutputForm, item: Any, truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Returns the value of a metric after two batches."""
    (metric,) = build_metrics("metrics", item, form).used
    half = len(truth) // 2
    for part in (slice(0, half), slice(half, None)):
        metric.update_state(truth[part], predicted[part], None if weights is None else weights[part])
    return float(metric.result())


def as_config(kind: str, **arguments: Any) -> dict[str, Any]:
    return {"_target_": f"keras.metrics.{kind}", **arguments}


def precision_at_recall(recall: float) -> float:
    thresholds = np.linspace(0, 1, 2001)
    found = [
        precision_score(TWO, t < SURE, zero_division=0) for t in thresholds if recall_score(TWO, t < SURE) >= recall
    ]
    return float(max(found))


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("form", "output"),
    [(BINARY, SURE[:, None]), (BINARY_SOFTMAX, np.stack([1 - SURE, SURE], axis=1))],
    ids=["sigmoid", "softmax"],
)
def test_two_classes_are_measured_by_the_positive_one(form: OutputForm, output: np.ndarray) -> None:
    chosen = SURE > 0.5
    expected = {
        "auc": (roc_auc_score(TWO, SURE), 0.01),
        "precision": (precision_score(TWO, chosen), 1e-5),
        "recall": (recall_score(TWO, chosen), 1e-5),
        "f1_score": (f1_score(TWO, chosen), 1e-5),
        "fbeta_score": (fbeta_score(TWO, chosen, beta=1), 1e-5),
        "true_positives": ((chosen & (TWO == 1)).sum(), 1e-5),
        "false_negatives": ((~chosen & (TWO == 1)).sum(), 1e-5),
        "accuracy": ((chosen == TWO).mean(), 1e-5),
        "binary_accuracy": ((chosen == TWO).mean(), 1e-5),
        "sparse_categorical_accuracy": ((chosen == TWO).mean(), 1e-5),
        "categorical_accuracy": ((chosen == TWO).mean(), 1e-5),
        "binary_crossentropy": (log_loss(TWO, SURE), 1e-4),
        "sparse_categorical_crossentropy": (log_loss(TWO, SURE), 1e-4),
        "categorical_crossentropy": (log_loss(TWO, SURE), 1e-4),
        "crossentropy": (log_loss(TWO, SURE), 1e-4),
        "mean_squared_error": (((SURE - TWO) ** 2).mean(), 1e-5),
        "iou": (jaccard_score(TWO, chosen), 1e-5),
        "mean_io_u": (jaccard_score(TWO, chosen, average="macro"), 1e-5),
        "binary_io_u": (jaccard_score(TWO, chosen, average="macro"), 1e-5),
    }
    for name, (right, tolerance) in expected.items():
        assert value(form, name, TWO, output) == pytest.approx(right, rel=tolerance), name
    curve = as_config("AUC", curve="PR", num_thresholds=1000)
    assert value(form, curve, TWO, output) == pytest.approx(average_precision_score(TWO, SURE), abs=0.01)
    at = as_config("PrecisionAtRecall", recall=0.9, num_thresholds=2001)
    assert value(form, at, TWO, output) == pytest.approx(precision_at_recall(0.9), abs=0.01)
    weighted = roc_auc_score(TWO, SURE, sample_weight=WEIGHTS)
    assert value(form, as_config("AUC", num_thresholds=1000), TWO, output, WEIGHTS) == pytest.approx(weighted, abs=2e-3)


def test_another_class_may_be_the_positive_one() -> None:
    form = OutputForm(TargetSpec((), "int64", NAMES, positive=0), (1,))
    assert value(form, "precision", TWO, SURE[:, None]) == pytest.approx(precision_score(TWO == 0, SURE < 0.5))
    assert value(form, "accuracy", TWO, SURE[:, None]) == pytest.approx(((SURE > 0.5) == TWO).mean())
    third = OutputForm(TargetSpec((), "int64", LETTERS, positive=2), (4,))
    right = roc_auc_score(FOUR == 2, SOFT[:, 2])
    assert value(third, as_config("AUC", num_thresholds=1000), FOUR, SOFT) == pytest.approx(right, abs=2e-3)
    assert value(third, "f1_score", FOUR, SOFT) == pytest.approx(f1_score(FOUR == 2, SOFT[:, 2] > 0.5))


@pytest.mark.parametrize(
    ("form", "truth", "output"),
    [
        (IDS, FOUR, SOFT),
        (ONE_HOT, np.eye(4, dtype="float32")[FOUR], SOFT),
        (POSITIONS, FOUR.reshape(40, 5), SOFT.reshape(40, 5, 4)),
    ],
    ids=["ids", "one-hot", "positions"],
)
def test_several_classes_are_measured_by_ids_and_by_one_hot_rows(
    form: OutputForm, truth: np.ndarray, output: np.ndarray
) -> None:
    chosen, rows = SOFT.argmax(axis=1), np.eye(4)[FOUR]
    accuracy = (chosen == FOUR).mean()
    expected = {
        "accuracy": accuracy,
        "sparse_categorical_accuracy": accuracy,
        "categorical_accuracy": accuracy,
        "sparse_categorical_crossentropy": log_loss(FOUR, SOFT.astype("float64")),
        "categorical_crossentropy": log_loss(FOUR, SOFT.astype("float64")),
        "sparse_top_k_categorical_accuracy": 1.0,
        "f1_score": f1_score(FOUR, chosen, average="macro"),
        "precision": precision_score(rows, SOFT > 0.5, average="micro"),
        "recall": recall_score(rows, SOFT > 0.5, average="micro"),
        "mean_squared_error": ((SOFT - rows) ** 2).mean(),
        "mean_io_u": jaccard_score(FOUR, chosen, average="macro"),
        "one_hot_mean_io_u": jaccard_score(FOUR, chosen, average="macro"),
    }
    for name, right in expected.items():
        assert value(form, name, truth, output) == pytest.approx(right, rel=1e-4), name
    two = as_config("TopKCategoricalAccuracy", k=2)
    assert value(form, two, truth, output) == pytest.approx(top_k_accuracy_score(FOUR, SOFT, k=2))
    micro = roc_auc_score(rows, SOFT, average="micro")
    assert value(form, as_config("AUC", num_thresholds=1000), truth, output) == pytest.approx(micro, abs=2e-3)
    macro = as_config("AUC", multi_label=True, num_labels=4, num_thresholds=1000)
    assert value(form, macro, truth, output) == pytest.approx(roc_auc_score(rows, SOFT, average="macro"), abs=2e-3)
    third = as_config("Recall", class_id=2)
    assert value(form, third, truth, output) == pytest.approx(recall_score(FOUR == 2, SOFT[:, 2] > 0.5))


def test_positions_are_weighed_each_or_with_their_example() -> None:
    truth, output = FOUR.reshape(40, 5), SOFT.reshape(40, 5, 4)
    right = SOFT.argmax(axis=1) == FOUR
    each = WEIGHTS.reshape(40, 5)
    assert value(POSITIONS, "accuracy", truth, output, each) == pytest.approx(np.average(right, weights=WEIGHTS))
    whole = np.repeat(WEIGHTS[:40], 5)
    assert value(POSITIONS, "f1_score", truth, output, WEIGHTS[:40]) == pytest.approx(
        f1_score(FOUR, SOFT.argmax(axis=1), average="macro", sample_weight=whole), rel=1e-4
    )


def test_a_metric_of_several_values_is_logged_as_several() -> None:
    by_class = build_metrics("metrics", as_config("F1Score", average=None), IDS).used
    for metric in by_class:
        metric.update_state(FOUR, SOFT)
    assert [metric.name for metric in by_class] == [f"f1_score_{letter}" for letter in LETTERS]
    found = [float(metric.result()) for metric in by_class]
    assert found == pytest.approx(f1_score(FOUR, SOFT.argmax(axis=1), average=None), rel=1e-4)
    steps = build_metrics("metrics", as_config("Precision", thresholds=[0.3, 0.7], name="exact"), BINARY).used
    for metric in steps:
        metric.update_state(TWO, SURE[:, None])
    assert [metric.name for metric in steps] == ["exact_0.3", "exact_0.7"]
    assert [float(m.result()) for m in steps] == pytest.approx([precision_score(TWO, t < SURE) for t in (0.3, 0.7)])
    assert len([v for metric in steps for v in metric.variables]) == len(steps[0].inner.variables)


def test_labels_that_do_not_exclude_each_other() -> None:
    truth = RANDOM.integers(0, 2, (ROWS, 3))
    output = np.clip(truth * 0.3 + RANDOM.random((ROWS, 3)) * 0.7, 0.01, 0.99).astype("float32")
    chosen = output > 0.5
    assert value(LABELS, "accuracy", truth, output) == pytest.approx((chosen == truth).mean())
    assert value(LABELS, "f1_score", truth, output) == pytest.approx(f1_score(truth, chosen, average="macro"), rel=1e-4)
    assert value(LABELS, "precision", truth, output) == pytest.approx(precision_score(truth, chosen, average="micro"))
    right = jaccard_score(truth.ravel(), chosen.ravel(), average="macro")
    assert value(LABELS, "mean_io_u", truth, output) == pytest.approx(right)


def test_numbers_and_logits() -> None:
    truth = RANDOM.normal(size=ROWS).astype("float32")
    output = (truth + RANDOM.normal(0, 0.3, ROWS))[:, None].astype("float32")
    assert value(NUMBER, "r2_score", truth, output) == pytest.approx(r2_score(truth, output), rel=1e-4)
    assert value(NUMBER, "mae", truth, output) == pytest.approx(np.abs(truth - output[:, 0]).mean(), rel=1e-4)
    logits = OutputForm(BINARY.target, (1,), "sigmoid")
    odds = np.log(SURE / (1 - SURE))[:, None]
    assert value(logits, "auc", TWO, odds) == pytest.approx(value(BINARY, "auc", TWO, SURE[:, None]), abs=1e-3)
    assert value(logits, "accuracy", TWO, odds) == pytest.approx(((SURE > 0.5) == TWO).mean())
    of_logits = as_config("BinaryAccuracy", threshold=0.0)
    assert value(logits, of_logits, TWO, odds) == pytest.approx(((SURE > 0.5) == TWO).mean())


def test_metric_that_counts_classes_is_refused_for_numbers() -> None:
    with pytest.raises(ConfigError, match="mean_io_u needs classes, but the target has none"):
        build_metrics("metrics", "mean_io_u", NUMBER)


NEEDED = {
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "IoU": {"num_classes": 4, "target_class_ids": [0]},
    "OneHotIoU": {"num_classes": 4, "target_class_ids": [0]},
    "MeanIoU": {"num_classes": 4},
    "OneHotMeanIoU": {"num_classes": 4},
}
OF_VALUES = {"Mean", "Sum", "Metric", "MeanMetricWrapper"}
KINDS = sorted(
    name
    for name, found in vars(keras.metrics).items()
    if inspect.isclass(found) and issubclass(found, keras.metrics.Metric) and name not in OF_VALUES
)


@pytest.mark.parametrize("kind", KINDS)
def test_each_metric_of_keras_takes_each_kind_of_classes(kind: str) -> None:
    item = as_config(kind, **NEEDED.get(kind, {}))
    of_two = as_config(
        kind, **{**NEEDED.get(kind, {}), **({"num_classes": 2} if "IoU" in kind and kind != "BinaryIoU" else {})}
    )
    assert np.isfinite(value(BINARY, of_two, TWO, SURE[:, None]))
    if kind not in ("F1Score", "FBetaScore"):
        assert value(IDS, item, FOUR, SOFT) == pytest.approx(
            value(ONE_HOT, item, np.eye(4, dtype="float32")[FOUR], SOFT), rel=1e-4
        )


def test_labels_that_are_missing_one_by_one_do_not_count() -> None:
    form = OutputForm(TargetSpec((3,), "int64", ("x", "y", "z"), kind="labels", missing=True), (3,))
    truth = RANDOM.integers(0, 2, (ROWS, 3))
    output = np.clip(truth * 0.3 + RANDOM.random((ROWS, 3)) * 0.7, 0.01, 0.99).astype("float32")
    there = RANDOM.random((ROWS, 3)) > 0.3
    weights, chosen = there.astype("float32"), output > 0.5
    assert value(form, "binary_accuracy", truth, output, weights) == pytest.approx((chosen == truth)[there].mean())
    assert value(form, "precision", truth, output, weights) == pytest.approx(
        precision_score(truth[there], chosen[there])
    )
    by_label = [f1_score(truth[there[:, i], i], chosen[there[:, i], i]) for i in range(3)]
    assert value(form, "f1_score", truth, output, weights) == pytest.approx(np.mean(by_label), rel=1e-4)
    right = jaccard_score(truth[there], chosen[there], average="macro")
    assert value(form, "mean_io_u", truth, output, weights) == pytest.approx(right)
