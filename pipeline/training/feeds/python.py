"""Batches from a user's Python code, in any of the types that Keras accepts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.training.feeds.conversion import converted
from pipeline.training.feeds.feed import STACK_STEPS, Stack, Structure
from pipeline.training.feeds.passes import Pass, PassFeed
from pipeline.training.feeds.stacked import grouped, prefetched


class PythonFeed(PassFeed):
    """Stacks batches of dense arrays, and passes other batches on one by one. The first batch decides which.

    Args:
        batches: Begins a pass. If a pass is not at its end, its next batches belong to the next epoch.
        length: Returns the number of batches of a pass; None if unknown.
    """

    def __init__(self, batches: Callable[[], Iterator[Any]], length: Callable[[], int | None]) -> None:
        self._batches, self._length = batches, length
        self._first: Any = None
        self._dtypes: list[Any] = []
        self.loops = True

    @property
    def steps(self) -> int | None:  # type: ignore[override]
        """See `Feed`."""
        return self._length()

    @property
    def capacity(self) -> int:  # type: ignore[override]
        """See `Feed`."""
        return STACK_STEPS if self.loops else 1

    def open(self) -> Pass:
        """See `PassFeed`."""
        return _PythonPass(self, self._batches)

    def taken(self, batch: Any) -> Any:
        """Returns a batch as arrays in the structure and types of the first one."""
        batch = converted(batch)
        if self._first is None:
            self._learn(batch)
            return batch
        try:
            keras.tree.assert_same_structure(self._first, keras.tree.map_structure(_there, batch))
        except (TypeError, ValueError) as error:
            found = keras.tree.map_structure(_there, batch)
            raise ValueError(
                f"data: expected batches nested like the first one, as {self._first}, got one nested as {found}"
            ) from error
        if all(leaf.dtype == dtype for leaf, dtype in zip(Structure.leaves(batch), self._dtypes, strict=True)):
            return batch
        dtypes = iter(self._dtypes)
        return keras.tree.map_structure(lambda leaf: leaf if leaf is None else _cast(leaf, next(dtypes)), batch)

    def _learn(self, batch: Any) -> None:
        leaves = Structure.leaves(batch)
        self.structure = Structure(batch)
        self.loops = all(isinstance(leaf, np.ndarray) for leaf in leaves)
        self._dtypes = [leaf.dtype for leaf in leaves]
        self._first = keras.tree.map_structure(_there, batch)


class _PythonPass:
    def __init__(self, feed: PythonFeed, begin: Callable[[], Iterator[Any]]) -> None:
        self._feed, self._begin = feed, begin
        self._iterator: Iterator[Any] | None = None

    def stacks(self, most: int | None) -> Iterator[Stack]:
        """See `Pass`."""
        return prefetched(self._drawn(most))

    def _drawn(self, most: int | None) -> Iterator[Stack]:
        feed = self._feed
        if self._iterator is None:
            self._iterator = self._begin()
        batches = map(feed.taken, itertools.islice(self._iterator, most))
        first = next(batches, None)
        if first is None:
            return
        drawn = itertools.chain([first], batches)
        if feed.loops:
            for group in grouped(map(Structure.leaves, drawn)):
                yield Stack([tf.constant(np.stack(arrays)) for arrays in zip(*group, strict=True)], len(group))
        else:
            for batch in drawn:
                yield Stack([keras.tree.map_structure(_tensor, batch)], 1)


def _there(leaf: Any) -> Any:
    return None if leaf is None else "array"


def _tensor(leaf: Any) -> Any:
    return tf.constant(leaf) if isinstance(leaf, np.ndarray) else leaf


def _cast(leaf: Any, dtype: Any) -> Any:
    if not isinstance(leaf, np.ndarray):
        return tf.cast(leaf, dtype)
    # Texts of different lengths have different dtypes.
    return leaf if leaf.dtype.kind in "OSU" else leaf.astype(dtype, copy=False)
