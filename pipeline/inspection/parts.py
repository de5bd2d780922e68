"""The part of each split to inspect: all of it in memory, or the first examples of a stream."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.data.examples import Arrays, Examples, ragged
from pipeline.data.spec import DataSpec
from pipeline.data.splits import Splits
from pipeline.data.streams import CHUNK, Data, ExampleStream, batched
from pipeline.errors import DataError

MOST_DRAWN = 10_000
MOST_BYTES = 2**28
"""Limits on the number of first examples of a stream to inspect."""


@dataclass(frozen=True, eq=False)
class Part:
    """The part of a split to inspect.

    Attributes:
        name: The split's.
        examples: Its examples that are inspected.
        rows: The row of each example in the source, counted from 0; shape (examples,).
        source: What the rows count: the rows of the source's split, or of a stream from its start.
        whole: Whether these are all examples of the split.
    """

    name: str
    examples: Examples
    rows: np.ndarray
    source: str
    whole: bool

    def __len__(self) -> int:
        """Number of examples that are inspected."""
        return len(self.examples)


def parts_of(splits: Splits, brought: Iterable[str]) -> list[Part]:
    """Returns the part of each split to inspect.

    Args:
        splits: The splits as training would use them.
        brought: The splits that the source itself has; others are split from its training split.

    Raises:
        DataError: A stream has no examples, or is invalid.
    """
    own = set(brought)
    found = []
    for name, data in splits.present():
        source = name if name in own else "train"
        if isinstance(data, Examples):
            rows = np.arange(len(data)) if data.origin is None else data.origin.rows
            found.append(Part(name, data, rows, source, whole=True))
            continue
        examples, whole = _drawn(data)
        found.append(Part(name, examples, np.arange(len(examples)), name, whole))
    return found


def _drawn(data: Data) -> tuple[Examples, bool]:
    """Returns the first examples of a stream, and whether these were all."""
    most = _most(data.spec)
    chunks, count, whole = [], 0, True
    for chunk in _chunks(data, most):
        if count >= most:
            whole = False
            break
        chunks.append(chunk.rows(slice(0, most - count)))
        whole = count + len(chunk) <= most
        count += len(chunk)
    if not chunks:
        raise DataError("data: has no examples")
    if isinstance(data, ExampleStream):
        whole = not data.endless and data.length is not None and data.length <= most
    return _joined(chunks), whole


def _chunks(data: Data, most: int) -> Iterator[Examples]:
    if isinstance(data, ExampleStream):
        return data.batches(batched(data.dataset.take(most), min(CHUNK, most), data.spec))
    assert not isinstance(data, Examples)
    return data.batches(0)


def _most(spec: DataSpec) -> int:
    sizes = [math.prod(size or 100 for size in given.shape) for given in spec.inputs.values()]
    return max(100, min(MOST_DRAWN, MOST_BYTES // (4 * max(1, sum(sizes)))))


def _joined(chunks: list[Examples]) -> Examples:
    first = chunks[0]
    groups = ("inputs", "targets", "weights", "columns")
    inputs, targets, weights, columns = (
        _joined_arrays([getattr(chunk, group) for chunk in chunks]) for group in groups
    )
    return Examples(first.spec, inputs, targets, weights, columns)


def _joined_arrays(groups: list[Arrays]) -> dict[str, np.ndarray]:
    found = {}
    for name in groups[0]:
        arrays = [np.asarray(group[name]) for group in groups]
        if len({array.shape[1:] for array in arrays}) == 1:
            found[name] = np.concatenate(arrays)
        else:
            found[name] = ragged([row for array in arrays for row in array])
    return found
