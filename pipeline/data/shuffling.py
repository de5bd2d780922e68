"""Whether a `tf.data.Dataset` has a different order in every pass, so that parts of it share examples."""

from __future__ import annotations

from typing import Any


def is_shuffled_anew(dataset: Any) -> bool:
    """Whether every pass over a dataset has a different order, as far as its input datasets show."""
    if type(dataset).__name__ == "CacheDataset":
        return False
    if getattr(dataset, "_reshuffle_each_iteration", False):
        return True
    return any(map(is_shuffled_anew, dataset._inputs() if hasattr(dataset, "_inputs") else ()))
