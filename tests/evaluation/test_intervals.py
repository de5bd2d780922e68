"""Intervals of accuracy and F1: published values, and samples drawn row by row."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from pipeline.evaluation.intervals import f1_of_classes_interval, f1_of_labels_interval, wilson


@pytest.mark.parametrize(
    ("hits", "examples", "low", "high"),
    [
        # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998),
        # table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_is_that_of_the_literature(hits: int, examples: int, low: float, high: float) -> None:
    found = wilson(hits / examples, examples)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_f1_interval_is_that_of_rows_drawn_again_and_always_the_same() -> None:
    random = np.random.default_rng(1)
    truth = random.choice(3, 300, p=[0.6, 0.3, 0.1])
    predicted = np.where(random.uniform(size=300) < 0.7, truth, random.integers(0, 3, 300))
    rows = random.integers(0, 300, (400, 300))
    for only in (None, 2):
        found = f1_of_classes_interval(truth, predicted, 3, only)
        each = [f1_score(truth[r], predicted[r], average=None, labels=[0, 1, 2], zero_division=0) for r in rows]
        values = np.mean(each, axis=1) if only is None else np.array(each)[:, only]
        assert (found.low, found.high) == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.02)
        assert f1_of_classes_interval(truth, predicted, 3, only) == found


def test_f1_interval_of_labels_draws_whole_examples() -> None:
    random = np.random.default_rng(1)
    truth = random.uniform(size=(200, 1)) < [[0.5, 0.5]]
    predicted = truth ^ (random.uniform(size=(200, 2)) < 0.2)
    found = f1_of_labels_interval(truth, predicted)
    rows = random.integers(0, 200, (400, 200))
    values = [f1_score(truth[r], predicted[r], average="macro") for r in rows]
    assert (found.low, found.high) == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.02)
    perfect = f1_of_labels_interval(truth, truth)
    assert (perfect.low, perfect.high) == (1, 1)
