"""What weightings of classes have in common: how often each class occurs, and weights by class id."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.data.examples import Arrays, Examples, class_ids
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError, DataError


def weights_of_classes(examples: Examples, by_target: Mapping[str, np.ndarray]) -> Arrays:
    """Returns the weights of the examples by target, looked up by class id."""
    return {target: by_id[class_ids(examples, target)] for target, by_id in by_target.items()}


def counts_of_classes(splits: Splits, target: str, key: str) -> np.ndarray:
    """Returns how often each class of a target occurs in the training data, by class id.

    Args:
        splits: The splits.
        target: The target, which has classes.
        key: What asks for it, for messages.

    Raises:
        ConfigError: The training data never ends, so its classes cannot be counted.
        DataError: A class has no examples.
    """
    counts = splits.train.class_counts(target)
    if counts is None:
        raise ConfigError(
            f"{key}: the training data never ends, so its classes cannot be counted; use weighting=class_weight"
        )
    absent = _uncounted(splits, target, counts)
    if absent:
        raise DataError(f"{key}: no training example of target '{target}' has class {', '.join(absent)}")
    return counts


def absent_classes(splits: Splits, target: str) -> list[str]:
    """Returns the classes of a target that no training example has; none where the training data never ends."""
    counts = splits.train.class_counts(target)
    return [] if counts is None else _uncounted(splits, target, counts)


def _uncounted(splits: Splits, target: str, counts: np.ndarray) -> list[str]:
    classes = splits.train.spec.targets[target].classes or ()
    return [classes[index] for index in np.flatnonzero(counts == 0)]
