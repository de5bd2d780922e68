"""What the measures of an output are compared with: their intervals, and the scores of trivial predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.evaluation.intervals import Interval, f1_of_classes_interval, f1_of_labels_interval, wilson
from pipeline.evaluation.measures import counted, measures

PREDICTORS = {
    "accuracy": "majority_class",
    "f1": "majority_class",
    "macro_f1": "majority_class",
    "log_loss": "class_frequencies",
    "mean_squared_error": "mean",
    "mean_absolute_error": "median",
}
"""The trivial predictor of `metrics.json` with which each measure is compared."""
IN_WORDS = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "log_loss": "log loss",
    "mean_squared_error": "mean squared error",
    "mean_absolute_error": "mean absolute error",
}


@dataclass(frozen=True)
class Compared:
    """A measure of a model, and what to compare it with.

    Attributes:
        name: Its name in words.
        value: The model's value.
        interval: Contains the true value in 95 % of samples; None if none is computed.
        baseline: The value of the trivial predictor; None if unknown.
        predictor: What the trivial predictor predicts.
    """

    name: str
    value: float
    interval: Interval | None
    baseline: float | None
    predictor: str


def compared(
    kind: str,
    classes: Sequence[str],
    truth: np.ndarray,
    predicted: np.ndarray,
    weights: np.ndarray | None,
    baseline: Mapping[str, Mapping[str, Any]],
) -> list[Compared]:
    """Returns the measures of an output; empty if no example counts.

    Examples of weight 0 do not count. If the others differ in weight, weighted measures are included.

    Args:
        kind: `classes`, `labels` or `numbers`.
        classes: Names.
        truth: Class ids of shape (examples,), or shape (examples, values).
        predicted: Probabilities of shape (examples, classes), or numbers of shape (examples, values).
        weights: Sample weights of shape (examples,); None for none.
        baseline: What `metrics.json` says of the output.
    """
    true, rows = counted(kind, truth, weights)
    predicted = predicted[rows]
    words = IN_WORDS | {"f1": f"F1 of {classes[-1]}" if len(classes) == 2 else "F1"}
    intervals = _intervals(kind, true.values, predicted) if len(true.values) else {}
    found = [
        Compared(words[name], value, intervals.get(name), *_of_baseline(baseline, name, ""))
        for name, value in measures(true, predicted).items()
    ]
    if true.weights is not None:
        found += [
            Compared(f"weighted {words[name]}", value, None, *_of_baseline(baseline, name, "weighted_"))
            for name, value in measures(true, predicted, true.weights).items()
        ]
    return found


def _intervals(kind: str, truth: np.ndarray, predicted: np.ndarray) -> dict[str, Interval]:
    if kind == "numbers":
        return {}
    if kind == "labels":
        # The labels of an example belong together, so they are not independent.
        return {"macro_f1": f1_of_labels_interval(truth > 0.5, predicted > 0.5)}
    ids = predicted.argmax(axis=1)
    two = {"f1": f1_of_classes_interval(truth, ids, 2, only=1)} if predicted.shape[1] == 2 else {}
    return {
        "accuracy": wilson(float((ids == truth).mean()), len(truth)),
        "macro_f1": f1_of_classes_interval(truth, ids, predicted.shape[1]),
        **two,
    }


def _of_baseline(baseline: Mapping[str, Mapping[str, Any]], name: str, prefix: str) -> tuple[float | None, str]:
    predictor = PREDICTORS[name]
    values = baseline.get(prefix + predictor, {})
    value = values.get(name)
    if not isinstance(value, (int, float)):
        return None, ""
    of_class = values.get("class")
    return value, predictor.replace("_", " ") + (f" {of_class}" if isinstance(of_class, str) else "")
