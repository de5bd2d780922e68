"""Columns of numbers as features, all columns at once: standardised, by quantile bins, and whether they are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.models.tabular.statistics import Statistics

if TYPE_CHECKING:
    import keras

FURTHEST = 10.0
"""Deviations from the mean from which values count as one: a mistake in a new row is no reason for a wild answer."""
SOFTLY = 3.0
"""Deviations to which the hidden layers see values squeezed, so that a long tail does not rule them."""


def filled(matrix: keras.KerasTensor, medians: np.ndarray) -> keras.KerasTensor:
    """Returns numbers with the median in place of each missing one."""
    from keras import ops

    return ops.where(ops.isnan(matrix), medians.astype(matrix.dtype), matrix)


def indicators(matrix: keras.KerasTensor, missing: np.ndarray) -> keras.KerasTensor:
    """Returns 1 for a value that is missing and 0 for others, of the columns that have such."""
    from keras import ops

    return ops.cast(ops.isnan(ops.take(matrix, missing, axis=1)), "float32")


def standardised(matrix: keras.KerasTensor, known: Statistics) -> keras.KerasTensor:
    """Returns numbers as deviations from their mean, as float32, in the precision of the numbers until then."""
    from keras import ops

    centred = ops.subtract(matrix, known.means.astype(matrix.dtype))
    scaled = ops.divide(centred, known.deviations.astype(matrix.dtype))
    return ops.cast(ops.clip(scaled, -FURTHEST, FURTHEST), "float32")


def squeezed(values: keras.KerasTensor) -> keras.KerasTensor:
    """Returns standardised numbers squeezed softly into a few deviations."""
    from keras import ops

    return ops.divide(values, ops.sqrt(ops.add(1.0, ops.square(ops.divide(values, SOFTLY)))))


def binned(matrix: keras.KerasTensor, known: Statistics) -> keras.KerasTensor:
    """Returns the piecewise linear encoding: how far each bin is filled, from -0.5 for a bin above to 0.5.

    Gorishniy et al. 2022, On Embeddings for Numerical Features in Tabular Deep Learning.
    """
    from keras import ops

    columns = np.repeat(np.arange(len(known.edges)), [max(0, len(edges) - 1) for edges in known.edges])
    low = np.concatenate([edges[:-1] for edges in known.edges])
    width = np.concatenate([np.diff(edges) for edges in known.edges])
    values = ops.subtract(ops.take(matrix, columns, axis=1), low.astype(matrix.dtype))
    shares = ops.clip(ops.divide(values, width.astype(matrix.dtype)), 0.0, 1.0)
    return ops.subtract(ops.cast(shares, "float32"), 0.5)
