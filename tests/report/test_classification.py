"""Numbers of classes against scikit-learn's and against what can be counted by hand."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    classification_report,
    confusion_matrix,
    roc_auc_score,
)

from pipeline.report.classification import (
    CURVE_POINTS,
    CURVES_OF_ALL,
    DRAWN_CURVES,
    calibration,
    classification,
    labelling,
)
from pipeline.report.classification_figures import MOST_CLASSES, classification_figures

NAMES = ("cat", "dog", "<cow>", "never")


def predictions(count: int, classes: int, there: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    ids = random.integers(0, there, count)
    scores = random.normal(size=(count, classes))
    scores[np.arange(count), ids] += 1.5
    probabilities = np.exp(scores)
    return ids, probabilities / probabilities.sum(axis=1, keepdims=True)


def test_numbers_are_those_of_scikit_learn() -> None:
    ids, probabilities = predictions(5000, 4, 3)
    numbers = classification(NAMES, ids, probabilities)
    predicted = probabilities.argmax(axis=1)
    expected = classification_report(ids, predicted, labels=range(4), output_dict=True, zero_division=0)
    assert numbers.accuracy == accuracy_score(ids, predicted)
    for index in range(4):
        row = expected[str(index)]
        found = [numbers.precision[index], numbers.recall[index], numbers.f1[index], numbers.support[index]]
        assert found == pytest.approx([row["precision"], row["recall"], row["f1-score"], row["support"]])
    counts = classification_figures(numbers)[0].traces[0]["z"]
    np.testing.assert_array_equal(counts, confusion_matrix(ids, predicted, labels=range(4)))
    assert [curve.index for curve in numbers.curves] == [0, 1, 2]
    for curve in numbers.curves:
        score = probabilities[:, curve.index]
        assert curve.roc_area == pytest.approx(roc_auc_score(ids == curve.index, score))
        assert curve.pr_area == pytest.approx(average_precision_score(ids == curve.index, score))
        assert len(curve.roc[0]) == len(curve.pr[1]) == CURVE_POINTS
        assert (curve.roc[0][0], curve.roc[1][-1]) == (0, 1)


def test_two_classes_have_one_curve() -> None:
    ids, probabilities = predictions(500, 2, 2)
    (curve,) = classification(("no", "yes"), ids, probabilities).curves
    assert curve.index == 1
    assert curve.roc_area == pytest.approx(roc_auc_score(ids, probabilities[:, 1]))


def test_calibration_is_that_of_scikit_learn_and_its_error_the_weighted_difference() -> None:
    random = np.random.default_rng(0)
    confidence = random.uniform(0.3, 1, 3000)
    right = random.uniform(size=3000) < confidence**2
    found = calibration(confidence, right)
    accuracy, sure = calibration_curve(right, confidence, n_bins=10)
    np.testing.assert_allclose(found.accuracy, accuracy)
    np.testing.assert_allclose(found.confidence, sure)
    assert found.counts.sum() == 3000
    assert found.error == pytest.approx(np.sum(found.counts * np.abs(accuracy - sure)) / 3000)
    assert calibration(np.array([0.8, 0.8, 0.8, 0.8, 1.0]), np.array([1, 0, 1, 0, 1])).error == pytest.approx(0.24)


def test_labels_that_do_not_exclude_each_other_are_judged_one_by_one() -> None:
    truth = np.array([[1, 1], [0, 1], [0, 0], [1, 0]])
    probabilities = np.array([[0.9, 0.8], [0.2, 0.4], [0.1, 0.3], [0.7, 0.6]])
    numbers = labelling(("a", "b"), truth, probabilities)
    assert numbers.accuracy == 6 / 8
    assert numbers.precision.tolist() == [1, 0.5]
    assert numbers.recall.tolist() == [1, 0.5]
    assert numbers.pairs is None
    assert [curve.roc_area for curve in numbers.curves] == [1, 0.75]
    assert numbers.most_confused() == []


def test_most_confused_are_the_most_frequent_mistakes() -> None:
    ids = np.array([0, 0, 0, 1, 1, 2])
    probabilities = np.eye(3)[[0, 1, 1, 1, 2, 2]]
    assert classification(("a", "b", "c"), ids, probabilities).most_confused() == [(0, 1, 2), (1, 2, 1)]


def test_figures_show_counts_shares_curves_and_calibration_with_names_escaped() -> None:
    ids, probabilities = predictions(300, 4, 3)
    numbers = classification(NAMES, ids, probabilities)
    counts, shares, roc, _, reliability = classification_figures(numbers)
    assert counts.traces[0]["z"].tolist() == confusion_matrix(ids, probabilities.argmax(axis=1)).tolist()
    np.testing.assert_allclose(shares.traces[0]["z"][:3].sum(axis=1), 1)
    assert counts.layout["xaxis"]["ticktext"] == ["cat", "dog", "&lt;cow&gt;", "never"]
    assert any("&lt;cow&gt;" in trace["name"] for trace in roc.traces)
    assert f"{numbers.calibration.error:.4f}" in reliability.title


def test_pairs_of_many_classes_need_no_matrix() -> None:
    ids, probabilities = np.array([0, 99_999, 7]), np.zeros((3, 100_000), "float32")
    numbers = classification([str(i) for i in range(100_000)], ids, probabilities)
    assert numbers.most_confused() == [(7, 0, 1), (99_999, 0, 1)]
    assert classification_figures(numbers)[0].traces[0]["z"].sum() >= 1


@pytest.mark.parametrize(
    ("ids", "probabilities"),
    [
        (np.zeros(3, int), np.zeros((3, 4))),
        (np.zeros(2, int), np.zeros((3, 2))),
        (np.zeros((3, 1), int), np.zeros((3, 2))),
        (np.array([0, 1, 2]), np.zeros((3, 2))),
        (np.array([0, -1, 0]), np.zeros((3, 2))),
        (np.array([0.0, np.nan, 0]), np.zeros((3, 2))),
        (np.zeros(0, int), np.zeros((0, 2))),
    ],
)
def test_what_does_not_fit_together_is_refused(ids: np.ndarray, probabilities: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"classes|true class"):
        classification(("no", "yes"), ids, probabilities)


def test_of_many_classes_those_with_the_most_mistakes_are_shown() -> None:
    ids, probabilities = predictions(4000, 200, 200)
    numbers = classification([str(i) for i in range(200)], ids, probabilities)
    assert len(numbers.curves) == DRAWN_CURVES < CURVES_OF_ALL
    counts = classification_figures(numbers)[0]
    assert counts.traces[0]["z"].shape == (MOST_CLASSES, MOST_CLASSES)
    assert f"the {MOST_CLASSES} classes" in counts.title
