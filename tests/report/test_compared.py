"""Measures beside intervals and trivial predictions: the model's values are those of scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss

from pipeline.evaluation.baseline import baseline
from pipeline.evaluation.constants import constants_of
from pipeline.evaluation.measures import Truth
from pipeline.report.compared import compared


def test_two_classes_have_accuracy_f1_and_log_loss_beside_the_majority_class() -> None:
    random = np.random.default_rng(0)
    truth = (random.uniform(size=200) < 0.2).astype("int64")
    positive = np.clip(0.3 * truth + random.uniform(0, 0.6, 200), 0.01, 0.99)
    weights = np.where(np.arange(200) < 50, 0, np.where(truth == 1, 3.0, 1.0))
    counts = weights > 0
    constants = constants_of(Truth("classes", truth, weights + 1))
    trivial = baseline(constants, Truth("classes", truth[counts], weights[counts]), ("no", "yes"))
    both = np.column_stack([1 - positive, positive])
    rows = {row.name: row for row in compared("classes", ("no", "yes"), truth, both, weights, trivial)}
    true, ids = truth[counts], (positive > 0.5)[counts].astype(int)
    accuracy = rows["accuracy"]
    assert accuracy.value == pytest.approx((true == ids).mean())
    assert accuracy.baseline == pytest.approx((true == 0).mean())
    assert accuracy.predictor == "majority class no"
    for name, value in (("F1 of yes", f1_score(true, ids)), ("macro F1", f1_score(true, ids, average="macro"))):
        interval = rows[name].interval
        assert rows[name].value == pytest.approx(value)
        assert interval is not None
        assert interval.low < value < interval.high
    assert rows["F1 of yes"].baseline == 0
    assert rows["log loss"].value == pytest.approx(log_loss(true, both[counts]))
    weighted = log_loss(true, both[counts], sample_weight=weights[counts])
    assert rows["weighted log loss"].value == pytest.approx(weighted)
    assert rows["weighted log loss"].predictor == "class frequencies"


def test_labels_numbers_and_what_does_not_count() -> None:
    truth, predicted = np.array([[1, 0], [0, 1.0]]), np.array([[0.9, 0.2], [0.3, 0.4]])
    rows = {row.name: row for row in compared("labels", ("a", "b"), truth, predicted, None, {})}
    assert rows["accuracy"].value == 0.75
    assert rows["accuracy"].interval is None
    assert (rows["macro F1"].value, rows["macro F1"].baseline) == (0.5, None)
    found = compared("numbers", (), truth, predicted, None, {"mean": {"mean_squared_error": 2.0}})
    assert [(row.name, row.baseline, row.predictor) for row in found] == [
        ("mean squared error", 2.0, "mean"), ("mean absolute error", None, ""),
    ]  # fmt: skip
    assert compared("numbers", (), truth, predicted, np.zeros(2), {}) == []
