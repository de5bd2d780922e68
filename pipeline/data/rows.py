"""Some rows of data, whatever form that has, and how many rows it has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.streams import Data, ExampleStream
from pipeline.errors import ConfigError


def length_of(data: Data) -> int:
    """Returns the number of examples, or of batches of a stream of batches.

    Raises:
        ConfigError: Nobody knows it.
    """
    if isinstance(data, Examples):
        return len(data)
    if data.endless:
        raise ConfigError(
            "split: an endless stream has no last part; set data.validation to a source of its own instead"
        )
    length = data.length if isinstance(data, ExampleStream) else data.steps
    if length is None:
        key = "data.length" if isinstance(data, ExampleStream) else "data.steps"
        raise ConfigError(
            f"split: the length of the data is unknown; set {key}, or data.validation to a source of its own"
        )
    return length


def with_rows(data: Examples | ExampleStream, rows: np.ndarray, length: int) -> Examples | ExampleStream:
    """Returns some rows of data.

    Args:
        data: The data.
        rows: Their numbers; a stream gives them in its own order.
        length: The number of rows that it has.
    """
    if isinstance(data, Examples):
        return data.rows(rows)
    import tensorflow as tf

    chosen = np.zeros(length, bool)
    chosen[rows] = True
    keep = tf.constant(chosen)
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
        dataset = data.dataset.skip(int(rows[0])).take(len(rows))
    else:
        dataset = data.dataset.enumerate().filter(lambda row, _: keep[row]).map(lambda _, example: example)
    return replace(data, dataset=dataset, length=len(rows))
