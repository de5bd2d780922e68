"""Columns of numbers as features, all at once: standardised, by quantile bins, and whether a value is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.models.tabular.statistics import Statistics

if TYPE_CHECKING:
    import keras

FURTHEST = 10.0
"""Standard deviations at which values are clipped, so that a mistake in a new row gives no wild prediction."""
SOFTLY = 3.0
"""Standard deviations to which values are squeezed for the hidden layers, so that a long tail does not dominate."""


def filled(matrix: keras.KerasTensor, medians: np.ndarray) -> keras.KerasTensor:
    """Returns numbers with each missing one replaced by the median."""
    from keras import ops

    return ops.where(ops.isnan(matrix), medians.astype(matrix.dtype), matrix)


def indicators(matrix: keras.KerasTensor, missing: np.ndarray) -> keras.KerasTensor:
    """Returns 1 for a missing value and 0 for others, for the columns with missing values."""
    from keras import ops

    return ops.cast(ops.isnan(ops.take(matrix, missing, axis=1)), "float32")


def standardised(matrix: keras.KerasTensor, known: Statistics) -> keras.KerasTensor:
    """Returns standardised numbers, computed in their own precision and then cast to float32."""
    from keras import ops

    centred = ops.subtract(matrix, known.means.astype(matrix.dtype))
    scaled = ops.divide(centred, known.deviations.astype(matrix.dtype))
    return ops.cast(ops.clip(scaled, -FURTHEST, FURTHEST), "float32")


def squeezed(values: keras.KerasTensor) -> keras.KerasTensor:
    """Returns standardised numbers squeezed softly into a few standard deviations."""
    from keras import ops

    return ops.divide(values, ops.sqrt(ops.add(1.0, ops.square(ops.divide(values, SOFTLY)))))


def binned(matrix: keras.KerasTensor, known: Statistics) -> keras.KerasTensor:
    """Returns the piecewise linear encoding: how far each bin is filled, from -0.5 (the value is below it) to 0.5.

    Gorishniy et al. 2022, On Embeddings for Numerical Features in Tabular Deep Learning.
    """
    from keras import ops

    columns = np.repeat(np.arange(len(known.edges)), [max(0, len(edges) - 1) for edges in known.edges])
    low = np.concatenate([edges[:-1] for edges in known.edges])
    width = np.concatenate([np.diff(edges) for edges in known.edges])
    values = ops.subtract(ops.take(matrix, columns, axis=1), low.astype(matrix.dtype))
    shares = ops.clip(ops.divide(values, width.astype(matrix.dtype)), 0.0, 1.0)
    return ops.subtract(ops.cast(shares, "float32"), 0.5)
