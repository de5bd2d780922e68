"""What trivial predictors predict for every example: class frequencies, mean and median of a training split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.evaluation.measures import Truth

MOST = 10_000
"""The most numbers of an output that `run.json` has room for; an image has more."""


@dataclass(frozen=True)
class Constants:
    """Constants of one output.

    Attributes:
        kind: See `Truth`.
        plain: `frequencies` of classes or labels, or `mean` and `median` of numbers, one list each.
        weighted: The same, weighted by sample weights.
    """

    kind: str
    plain: Mapping[str, list[float]]
    weighted: Mapping[str, list[float]]

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values for `run.json`."""
        return asdict(self)

    def fits(self, truth: Truth, classes: int) -> bool:
        """Whether they have the same kind and size as some true values, with `classes` classes if they have any."""
        sizes = range(1, classes + 1) if truth.kind == "classes" else [truth.values.shape[1]]
        wanted = ("mean", "median") if truth.kind == "numbers" else ("frequencies",)
        found = [given.get(name, []) for given in (self.plain, self.weighted) for name in wanted]
        return self.kind == truth.kind and all(len(values) in sizes for values in found)


def constants_of(train: Truth) -> Constants | None:
    """Returns the constants of a training split; None if no example counts."""
    if not len(train.values):
        return None
    plain = _constants(train, None)
    return Constants(train.kind, plain, plain if train.weights is None else _constants(train, train.weights))


def constants_from(saved: Mapping[str, Mapping[str, Any]]) -> dict[str, Constants]:
    """Returns the constants by output from the values of `Constants.as_dict`."""
    return {name: Constants(**values) for name, values in saved.items()}


def _constants(train: Truth, weights: np.ndarray | None) -> dict[str, list[float]]:
    if train.kind == "numbers":
        values = train.values.astype("float64")
        mean = np.average(values, axis=0, weights=weights)
        return {"mean": mean.tolist(), "median": _median(values, weights).tolist()}
    if train.kind == "labels":
        frequencies = np.average(train.values > 0.5, axis=0, weights=weights)
    else:
        counts = np.bincount(train.values, weights)
        frequencies = counts / counts.sum()
    return {"frequencies": frequencies.tolist()}


def _median(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Returns the median of each column. With weights, it is the value with half of the weight below it."""
    if weights is None:
        return np.asarray(np.median(values, axis=0))
    order = values.argsort(axis=0, kind="stable")
    reached = weights[order].cumsum(axis=0) >= weights.sum() / 2
    return np.take_along_axis(values, np.take_along_axis(order, reached.argmax(axis=0)[None], axis=0), axis=0)[0]
