"""Intervals that contain the true value of a measure in 95 % of samples of examples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from pipeline.evaluation.measures import f1

LEVEL = 0.95
DRAWS = 20_000_000
"""The most numbers drawn for one bootstrap: the more data, the fewer samples."""


@dataclass(frozen=True)
class Interval:
    """A lower and an upper bound."""

    low: float
    high: float


def wilson(share: float, examples: int) -> Interval:
    """Returns the interval of a proportion, such as the accuracy.

    The score interval of E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal
    of the American Statistical Association 22 (1927), which unlike the normal approximation stays between 0 and 1 and
    holds for few examples and for shares near 0 and 1.

    Args:
        share: The proportion of examples.
        examples: The number of independently drawn examples, 1 or more.
    """
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    scale = 1 + z**2 / examples
    centre = (share + z**2 / (2 * examples)) / scale
    reach = z * math.sqrt(share * (1 - share) / examples + z**2 / (4 * examples**2)) / scale
    return Interval(max(0.0, centre - reach), min(1.0, centre + reach))


def f1_of_classes_interval(truth: np.ndarray, predicted: np.ndarray, classes: int, only: int | None = None) -> Interval:
    """Returns the interval of the F1 of one class, or of the mean over all classes.

    Percentiles of bootstrap samples, B. Efron, "Bootstrap methods: another look at the jackknife", The Annals of
    Statistics 7 (1979). As F1 depends only on the counts of true and predicted classes, those counts are drawn, from
    the multinomial distribution that results from drawing whole examples with replacement. The samples are the same
    each time.

    Args:
        truth: True ids, shape (examples,).
        predicted: Predicted ids, shape (examples,).
        classes: Number of classes.
        only: The one class; None for all.
    """
    cells, counts = np.unique(truth.astype("int64") * classes + predicted, return_counts=True)
    rows, columns = cells // classes, cells % classes
    right = rows == columns
    samples = _samples(len(cells) + classes)
    generator = np.random.default_rng(0)
    values = np.empty(samples)
    for index in range(samples):
        drawn = generator.multinomial(len(truth), counts / len(truth))
        both = np.bincount(rows, drawn, minlength=classes) + np.bincount(columns, drawn, minlength=classes)
        found = f1(np.bincount(rows[right], drawn[right], minlength=classes), both)
        values[index] = found.mean() if only is None else found[only]
    return _percentiles(values)


def f1_of_labels_interval(truth: np.ndarray, predicted: np.ndarray) -> Interval:
    """Returns the interval of the macro F1, see `f1_of_classes_interval`. Whole examples are drawn.

    Args:
        truth: Whether each label is true, shape (examples, labels).
        predicted: Whether it is predicted, shape (examples, labels).
    """
    hits, both = (truth & predicted).astype("float32"), truth.astype("float32") + predicted
    samples = _samples(truth.size)
    generator = np.random.default_rng(0)
    values = np.empty(samples)
    for index in range(samples):
        drawn = np.bincount(generator.integers(0, len(truth), len(truth)), minlength=len(truth)).astype("float32")
        values[index] = f1(drawn @ hits, drawn @ both).mean()
    return _percentiles(values)


def _samples(size: int) -> int:
    return int(np.clip(DRAWS // max(1, size), 100, 1000))


def _percentiles(values: np.ndarray) -> Interval:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
