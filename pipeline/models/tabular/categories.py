"""Columns of text as features: each value of few a unit of its own, each of many a vector that is learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import DataError

if TYPE_CHECKING:
    import keras

BUCKETS = 1000
"""Vectors that the rarer values share by their hash, where a column has more values than get one of their own."""
COMMON = 2
"""Rows from which a value has a place of its own; the others show the model what an unknown value means."""


@dataclass(frozen=True)
class Vocabulary:
    """The values of a column that the model tells apart.

    Attributes:
        values: The values, the most frequent first.
        buckets: Ids before theirs, which the other values share.
        rare: Whether the training split has values that are not among them.
    """

    values: tuple[str, ...]
    buckets: int
    rare: bool

    @property
    def size(self) -> int:
        """How many ids there are."""
        return self.buckets + len(self.values)


def vocabulary(name: str, texts: np.ndarray, most: int) -> Vocabulary:
    """Returns the vocabulary of a column.

    Args:
        name: The column, for messages.
        texts: Its values.
        most: How many values have a place of their own at most.

    Raises:
        DataError: A value could not be read back from the saved model.
    """
    import pandas as pd

    codes, found = pd.factorize(np.asarray(texts, object))
    counts = np.bincount(codes, minlength=len(found))
    for index, text in enumerate(found):
        # NumPy drops what ends with a null character, and an entry of a saved vocabulary ends with its line.
        if text.splitlines() != [text] or text.endswith("\0"):
            row = int(np.flatnonzero(codes == index)[0])
            raise DataError(f"input '{name}': row {row} is {text[:20]!r}; text of one line, and not empty, is right")
    # Of equally frequent values the first by the alphabet, whatever the order of the rows.
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
    """Returns a unit for each value of the columns; one for unknown values only where training shows what they mean."""
    from keras import ops

    units = [range(0 if column.rare else column.buckets, column.size) for column in known]
    columns = np.repeat(np.arange(len(units)), [len(unit) for unit in units])
    values = np.concatenate([np.array(unit, "int64") for unit in units])
    return ops.cast(ops.equal(ops.take(ops.stack(ids, axis=1), columns, axis=1), values), "float32")


def embedded(ids: Sequence[keras.KerasTensor], known: Sequence[Vocabulary], size: int) -> keras.KerasTensor:
    """Returns the vectors of the values of the columns, one after the other, of one table for all columns."""
    import keras

    sizes = [column.size for column in known]
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype("int64")
    places = keras.ops.add(keras.ops.stack(ids, axis=1), offsets)
    start = keras.initializers.RandomNormal(stddev=0.1)
    vectors = keras.layers.Embedding(sum(sizes), size, embeddings_initializer=start, name="categories")(places)
    return keras.layers.Reshape((len(known) * size,))(vectors)


def by_size(known: Mapping[str, Vocabulary], most: int) -> tuple[list[str], list[str]]:
    """Returns the columns of at most so many values, and those of more."""
    few = [name for name, column in known.items() if column.size <= most + 1]
    return few, [name for name in known if name not in few]
