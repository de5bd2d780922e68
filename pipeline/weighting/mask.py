"""0/1 masks that select which examples count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.data.examples import Examples, class_ids
from pipeline.errors import ConfigError
from pipeline.weighting.sample_weight import SampleWeight


@dataclass(frozen=True)
class Mask(SampleWeight):
    """Sample weights that are 0 or 1, from a column, a file or a function, see `SampleWeight`.

    A loss with Keras' default reduction divides by all examples of a batch, masked ones too. One with
    `reduction: mean_with_sample_weight` divides by the examples that count, so masked examples have no effect.
    """

    def checked(self, values: np.ndarray, examples: Examples) -> np.ndarray:
        """Returns the mask.

        Raises:
            ConfigError: A value is neither 0 nor 1.
        """
        mask = super().checked(values, examples)
        wrong = np.argwhere((mask != 0) & (mask != 1))
        if len(wrong):
            first = tuple(wrong[0])
            raise ConfigError(f"weighting: row {first[0]} of the mask: expected 0 or 1, got {mask[first]:g}")
        return mask


def of_classes(examples: Examples, keep: Sequence[int], target: str | None = None) -> np.ndarray:
    """Returns 1 for the examples of the given classes and 0 for all others."""
    name = target or next(iter(examples.spec.targets))
    return np.isin(class_ids(examples, name), keep)
