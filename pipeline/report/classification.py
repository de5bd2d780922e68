"""Numbers of an output of classes: confusion, precision and recall, ROC and PR curves, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import (
    auc,
    average_precision_score,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_curve,
)

DRAWN_CURVES = 8
CURVES_OF_ALL = 50
"""With up to this many classes, the areas under all curves are computed; with more, those of the lowest F1."""
CURVE_POINTS = 200
BINS = 10


@dataclass(frozen=True)
class Curve:
    """ROC and PR curve of one class against the others: thinned for drawing, with areas computed from all examples.

    Attributes:
        index: Number of the class.
        roc: False positive and true positive rates.
        roc_area: Area under the ROC curve.
        pr: Recall and precision.
        pr_area: Average precision.
    """

    index: int
    roc: tuple[np.ndarray, np.ndarray]
    roc_area: float
    pr: tuple[np.ndarray, np.ndarray]
    pr_area: float


@dataclass(frozen=True)
class Calibration:
    """The model's confidence compared with its accuracy, in bins of equal width.

    Attributes:
        confidence: The mean confidence of each bin that has predictions.
        accuracy: The share of correct predictions in each bin.
        counts: The number of predictions in each bin.
        error: The expected calibration error: the mean difference between the two, weighted by the counts.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    counts: np.ndarray
    error: float


@dataclass(frozen=True)
class Classification:
    """All numbers of an output of classes.

    Attributes:
        classes: Names.
        examples: Number of examples.
        accuracy: The share of correct examples or, for non-exclusive labels, of correct labels.
        precision: By class, of shape (classes,), like the next three.
        recall: By class.
        f1: By class.
        support: The number of examples of each class.
        pairs: Rows of true class, predicted class and count, for pairs that occur, since a matrix would be too large
            for many classes; None for non-exclusive labels.
        curves: The curves of classes that have both positive and negative examples.
        calibration: That of the predicted class or, for non-exclusive labels, of every label.
    """

    classes: Sequence[str]
    examples: int
    accuracy: float
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray
    pairs: np.ndarray | None
    curves: Sequence[Curve]
    calibration: Calibration

    @property
    def curve_of(self) -> dict[int, Curve]:
        """The curves by class number."""
        return {curve.index: curve for curve in self.curves}

    @property
    def mean_areas(self) -> tuple[float, float] | None:
        """The areas under ROC and PR curves, averaged over the classes that have them."""
        if not self.curves:
            return None
        areas = np.array([(curve.roc_area, curve.pr_area) for curve in self.curves])
        roc, pr = areas.mean(axis=0)
        return float(roc), float(pr)

    def most_confused(self, most: int = 10) -> list[tuple[int, int, int]]:
        """Returns true class, predicted class and count of the most frequent mistakes."""
        if self.pairs is None:
            return []
        wrong = self.pairs[self.pairs[:, 0] != self.pairs[:, 1]]
        order = np.argsort(-wrong[:, 2], kind="stable")[:most]
        return [(true, predicted, count) for true, predicted, count in wrong[order].tolist()]


def classification(classes: Sequence[str], ids: np.ndarray, probabilities: np.ndarray) -> Classification:
    """Computes the numbers for mutually exclusive classes.

    Args:
        classes: Names.
        ids: True class of each example, shape (examples,).
        probabilities: Shape (examples, classes).

    Raises:
        ValueError: The shapes are wrong, or an id belongs to no class.
    """
    _check_shape(probabilities, classes)
    if ids.shape != probabilities.shape[:1] or ids.dtype.kind not in "iu":
        raise ValueError(f"{ids.dtype} of shape {ids.shape} are no true classes of {len(probabilities)} examples")
    if ids.min() < 0 or ids.max() >= len(classes):
        raise ValueError(f"a true class is none of the {len(classes)} that there are")
    predicted = probabilities.argmax(axis=1)
    labels = np.arange(len(classes))
    precision, recall, f1, support = precision_recall_fscore_support(ids, predicted, labels=labels, zero_division=0)
    return Classification(
        classes,
        len(ids),
        float((predicted == ids).mean()),
        precision,
        recall,
        f1,
        support,
        pairs=_pairs(ids, predicted, len(classes)),
        # The curve of one of two classes mirrors that of the other.
        curves=_curves(
            ids[:, None] == labels[1:] if len(classes) == 2 else ids[:, None] == labels,
            probabilities[:, 1:] if len(classes) == 2 else probabilities,
            f1[1:] if len(classes) == 2 else f1,
            first=int(len(classes) == 2),
        ),
        calibration=calibration(probabilities.max(axis=1), predicted == ids),
    )


def labelling(classes: Sequence[str], truth: np.ndarray, probabilities: np.ndarray) -> Classification:
    """Computes the numbers for labels that are not mutually exclusive.

    Args:
        classes: Names.
        truth: 0 or 1, shape (examples, labels).
        probabilities: Shape (examples, labels).

    Raises:
        ValueError: The shapes are wrong.
    """
    _check_shape(probabilities, classes)
    if truth.shape != probabilities.shape:
        raise ValueError(f"true labels of shape {truth.shape} for predictions of shape {probabilities.shape}")
    predicted = probabilities > 0.5
    precision, recall, f1, support = precision_recall_fscore_support(
        truth > 0.5, predicted, average=None, zero_division=0
    )
    right = predicted == (truth > 0.5)
    return Classification(
        classes,
        len(truth),
        float(right.mean()),
        precision,
        recall,
        f1,
        support,
        pairs=None,
        curves=_curves(truth > 0.5, probabilities, f1),
        calibration=calibration(np.maximum(probabilities, 1 - probabilities).ravel(), right.ravel()),
    )


def calibration(confidence: np.ndarray, right: np.ndarray) -> Calibration:
    """Returns the calibration of predictions.

    Args:
        confidence: The probability of each prediction, shape (predictions,).
        right: Whether each prediction was correct.
    """
    bins = np.minimum((np.clip(confidence, 0, 1) * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    there = counts > 0
    sums = (np.bincount(bins, weights=values, minlength=BINS)[there] for values in (confidence, right))
    sure, accuracy = (values / counts[there] for values in sums)
    error = float(np.sum(counts[there] * np.abs(sure - accuracy)) / max(1, counts.sum()))
    return Calibration(sure, accuracy, counts[there], error)


def _check_shape(probabilities: np.ndarray, classes: Sequence[str]) -> None:
    if probabilities.shape[1:] != (len(classes),) or not probabilities.size:
        raise ValueError(f"predictions of shape {probabilities.shape} for {len(classes)} classes")


def _pairs(ids: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    pairs, counts = np.unique(ids.astype("int64") * classes + predicted, return_counts=True)
    return np.column_stack([pairs // classes, pairs % classes, counts])


def _curves(truth: np.ndarray, probabilities: np.ndarray, f1: np.ndarray, first: int = 0) -> list[Curve]:
    """Returns the curve of each class for which one can be drawn."""
    of = np.arange(truth.shape[1])
    if len(of) > CURVES_OF_ALL:
        of = np.sort(np.argsort(f1, kind="stable")[:DRAWN_CURVES])
    curves = []
    for index in of:
        is_class, score = truth[:, index], probabilities[:, index]
        if is_class.all() or not is_class.any():
            continue
        false_positive, true_positive, _ = roc_curve(is_class, score)
        precision, recall, _ = precision_recall_curve(is_class, score)
        curves.append(
            Curve(
                int(index) + first,
                (_thinned(false_positive), _thinned(true_positive)),
                float(auc(false_positive, true_positive)),
                (_thinned(recall), _thinned(precision)),
                float(average_precision_score(is_class, score)),
            )
        )
    return curves


def _thinned(values: np.ndarray) -> np.ndarray:
    if len(values) <= CURVE_POINTS:
        return values
    return values[np.linspace(0, len(values) - 1, CURVE_POINTS).round().astype(int)]
