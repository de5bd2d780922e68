"""Columns of text as features: one unit per value for few values, one learned vector per value for many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import DataError

if TYPE_CHECKING:
    import keras

BUCKETS = 1000
"""Vectors that rarer values share by hash if a column has more values than get their own vector."""
COMMON = 2
"""Least rows for a value to get its own place; the others show the model what an unknown value means."""


@dataclass(frozen=True)
class Vocabulary:
    """The values of a column that the model distinguishes.

    Attributes:
        values: The values, the most frequent first.
        buckets: Number of ids before theirs, shared by all other values.
        rare: Whether the training split has other values.
    """

    values: tuple[str, ...]
    buckets: int
    rare: bool

    @property
    def size(self) -> int:
        """Number of ids."""
        return self.buckets + len(self.values)


def vocabulary(name: str, texts: np.ndarray, most: int) -> Vocabulary:
    """Returns the vocabulary of a column.

    Args:
        name: The column's name, for messages.
        texts: Its values.
        most: Maximum number of values with their own place.

    Raises:
        DataError: A value could not be read back from the saved model.
    """
    import pandas as pd

    codes, found = pd.factorize(np.asarray(texts, object))
    counts = np.bincount(codes, minlength=len(found))
    for index, text in enumerate(found):
        # NumPy drops trailing null characters, and an entry of a saved vocabulary ends with its line.
        if text.splitlines() != [text] or text.endswith("\0"):
            row = int(np.flatnonzero(codes == index)[0])
            raise DataError(f"input '{name}': row {row}: expected one non-empty line of text, got {text[:20]!r}")
    # Ties in frequency are broken alphabetically, so that the order of the rows does not matter.
    alphabet = np.argsort(found.astype(str), kind="stable")
    order = alphabet[np.argsort(-counts[alphabet], kind="stable")]
    common = order[counts[order] >= COMMON] if len(found) > 2 else order
    kept = tuple(str(text) for text in found[common[:most]])
    return Vocabulary(kept, BUCKETS if len(common) > most else 1, len(kept) < len(found))


def looked_up(text: keras.KerasTensor, known: Vocabulary) -> keras.KerasTensor:
    """Returns the id of each value.

    Args:
        text: Tensor of shape (batch,).
        known: The vocabulary.
    """
    import keras

    unknown = "[UNK]"
    while unknown in known.values:
        unknown = f"[{unknown}]"
    if not known.values:
        return keras.layers.StringLookup(num_oov_indices=known.buckets, vocabulary=["\1"])(text)
    values = list(known.values)
    return keras.layers.StringLookup(num_oov_indices=known.buckets, oov_token=unknown, vocabulary=values)(text)


def one_hot(ids: Sequence[keras.KerasTensor], known: Sequence[Vocabulary]) -> keras.KerasTensor:
    """Returns one unit per value of the columns; unknown values get one only if training shows what they mean."""
    from keras import ops

    units = [range(0 if column.rare else column.buckets, column.size) for column in known]
    columns = np.repeat(np.arange(len(units)), [len(unit) for unit in units])
    values = np.concatenate([np.array(unit, "int64") for unit in units])
    return ops.cast(ops.equal(ops.take(ops.stack(ids, axis=1), columns, axis=1), values), "float32")


def embedded(ids: Sequence[keras.KerasTensor], known: Sequence[Vocabulary], size: int) -> keras.KerasTensor:
    """Returns the vectors of the values of all columns, concatenated, from one table for all columns."""
    import keras

    sizes = [column.size for column in known]
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype("int64")
    places = keras.ops.add(keras.ops.stack(ids, axis=1), offsets)
    start = keras.initializers.RandomNormal(stddev=0.1)
    vectors = keras.layers.Embedding(sum(sizes), size, embeddings_initializer=start, name="categories")(places)
    return keras.layers.Reshape((len(known) * size,))(vectors)


def by_size(known: Mapping[str, Vocabulary], most: int) -> tuple[list[str], list[str]]:
    """Returns the columns with at most that number of values, and those with more."""
    few = [name for name, column in known.items() if column.size <= most + 1]
    return few, [name for name in known if name not in few]
