"""Balanced weights: every class has the same total weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.data.examples import Weigh
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError
from pipeline.weighting.classes import counts_of_classes, weights_of_classes
from pipeline.weighting.weighting import chosen_target


@dataclass(frozen=True)
class Balanced:
    """Weighs each class by `n / (classes * count)`, with the counts of the training data.

    The heuristic of G. King and L. Zeng, "Logistic Regression in Rare Events Data" (2001), as
    `class_weight="balanced"` in scikit-learn.

    Attributes:
        targets: The targets to balance; null for all targets with classes.
        splits: The splits to weight.
    """

    targets: Sequence[str] | None
    splits: Sequence[str]

    def fitted(self, splits: Splits) -> Weigh:
        """See `Weighting`; counts the classes of the training data."""
        specs = splits.train.spec.targets
        names = self.targets or [name for name, spec in specs.items() if spec.classes is not None]
        if not names:
            raise ConfigError("weighting=balanced: no target has classes to balance")
        by_target = {chosen_target(splits, n, "weighting.targets"): balanced_weights(splits, n) for n in names}
        return lambda examples: weights_of_classes(examples, by_target)


def balanced_weights(splits: Splits, target: str) -> np.ndarray:
    """Returns the weight of each class by id.

    Raises:
        ConfigError: The training data never ends, so its classes cannot be counted.
        DataError: A class has no examples.
    """
    counts = counts_of_classes(splits, target, "weighting=balanced")
    return (counts.sum() / (len(counts) * counts)).astype("float32")
