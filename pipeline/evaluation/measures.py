"""The measures by which a model and a trivial baseline are compared, computed the same way for both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALLEST_PROBABILITY = 1e-7
"""The value that Keras' cross-entropies use instead of 0."""


@dataclass(frozen=True)
class Truth:
    """The true values of an output, without those of weight 0.

    Attributes:
        kind: `classes` that exclude each other, `labels` that do not, or `numbers`.
        values: Class ids of shape (examples,), 0 or 1 of shape (examples, labels), or numbers of shape
            (examples, values). If an output has many positions, each position is an example.
        weights: The sample weights, shape (examples,); None if all examples that count have the same weight.
    """

    kind: str
    values: np.ndarray
    weights: np.ndarray | None = None


def counted(kind: str, values: np.ndarray, weights: np.ndarray | None) -> tuple[Truth, np.ndarray]:
    """Returns the true values that count, and a mask of which do, shape (examples,).

    Args:
        kind: See `Truth`.
        values: The values of all examples.
        weights: Sample weights, shape (examples,); None for none.
    """
    if weights is None:
        return Truth(kind, values), np.ones(len(values), bool)
    rows = weights > 0
    kept = weights[rows].astype("float64")
    even = not len(kept) or bool((kept == kept[0]).all())
    return Truth(kind, values[rows], None if even else kept), rows


def measures(truth: Truth, predicted: np.ndarray, weights: np.ndarray | None = None) -> dict[str, float]:
    """Returns the measures of predictions by name.

    Args:
        truth: What is true.
        predicted: Probabilities of shape (examples, classes or labels), or numbers of shape (examples, values).
        weights: Sample weights to average by; None for plain means.

    Returns:
        `accuracy`, `macro_f1` and `log_loss` for classes and labels (for labels, means over all of them); for two
        classes also `f1`, that of the second class; `mean_squared_error` and `mean_absolute_error` for numbers. Empty
        if there are no examples.
    """
    if not len(truth.values):
        return {}
    if truth.kind == "numbers":
        errors = predicted.astype("float64") - truth.values
        return {
            "mean_squared_error": _mean(errors**2, weights),
            "mean_absolute_error": _mean(np.abs(errors), weights),
        }
    if truth.kind == "labels":
        is_true, is_predicted = truth.values > 0.5, predicted > 0.5
        return {
            "accuracy": _mean(is_true == is_predicted, weights),
            "macro_f1": float(f1_of_labels(is_true, is_predicted, weights).mean()),
            "log_loss": _mean(-_log(np.where(is_true, predicted, 1 - predicted)), weights),
        }
    ids = predicted.argmax(axis=1)
    of_each = f1_of_classes(truth.values, ids, predicted.shape[1], weights)
    return {
        "accuracy": _mean(ids == truth.values, weights),
        **({"f1": float(of_each[1])} if len(of_each) == 2 else {}),
        "macro_f1": float(of_each.mean()),
        "log_loss": _mean(-_log(predicted[np.arange(len(ids)), truth.values]), weights),
    }


def f1_of_classes(
    truth: np.ndarray, predicted: np.ndarray, classes: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Returns the F1 of each class from true and predicted ids; 0 for a class that is neither true nor predicted."""
    right = truth == predicted
    hits = np.bincount(truth[right], None if weights is None else weights[right], minlength=classes)
    both = np.bincount(truth, weights, minlength=classes) + np.bincount(predicted, weights, minlength=classes)
    return f1(hits, both)


def f1_of_labels(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Returns the F1 of each label from 0 and 1 of shape (examples, labels); 0 for a label that never occurs."""
    each = np.ones(len(truth)) if weights is None else weights
    return f1(each @ (truth & predicted), each @ truth + each @ predicted)


def f1(hits: np.ndarray, both: np.ndarray) -> np.ndarray:
    """Returns F1 from the number of hits and the sum of the numbers of true and predicted ones."""
    return np.asarray(2 * hits / np.where(both > 0, both, 1))


def _log(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.clip(probabilities.astype("float64"), SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))


def _mean(values: np.ndarray, weights: np.ndarray | None) -> float:
    by_example = values.reshape(len(values), -1).mean(axis=1)
    return float(np.average(by_example, weights=weights))
