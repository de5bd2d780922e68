"""Selected rows of data in any form, and the number of its rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.streams import Data, ExampleStream
from pipeline.errors import ConfigError


def length_of(data: Data) -> int:
    """Returns the number of examples, or of batches of a stream of batches.

    Raises:
        ConfigError: It is unknown.
    """
    if isinstance(data, Examples):
        return len(data)
    if data.endless:
        raise ConfigError("split: an endless stream has no last part; set data.validation to a separate source instead")
    length = data.length if isinstance(data, ExampleStream) else data.steps
    if length is None:
        key = "data.length" if isinstance(data, ExampleStream) else "data.steps"
        raise ConfigError(
            f"split: the length of the data is unknown; set {key}, or set data.validation to a separate source"
        )
    return length


def with_rows(data: Examples | ExampleStream, rows: np.ndarray, length: int) -> Examples | ExampleStream:
    """Returns selected rows of data.

    Args:
        data: The data.
        rows: Their numbers; a stream returns them in its own order.
        length: The number of its rows.
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
