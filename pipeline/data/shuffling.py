"""Whether a `tf.data.Dataset` has another order in each pass, so that parts of it share examples."""

from __future__ import annotations

from typing import Any


def is_shuffled_anew(dataset: Any) -> bool:
    """Whether each pass over a dataset has another order, as far as the datasets that it is made of tell."""
    if type(dataset).__name__ == "CacheDataset":
        return False
    if getattr(dataset, "_reshuffle_each_iteration", False):
        return True
    return any(map(is_shuffled_anew, dataset._inputs() if hasattr(dataset, "_inputs") else ()))
