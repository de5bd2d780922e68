"""Joins the predictions of many batches into one array per output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def joined(outputs: Sequence[Any]) -> Any:
    """Joins a model's outputs for several batches, in the model's own structure.

    Returns:
        NumPy arrays of shape (examples, ...); ragged tensors if the batches differ in other sizes, and ragged or sparse
        tensors if the model returns such. Numbers become an array of one per batch, but the number of a single batch
        stays a number. None stays None.
    """
    if not outputs:
        return []
    structure = outputs[0]
    parts = [keras.tree.flatten(output) for output in outputs]
    return keras.tree.pack_sequence_as(structure, [_joined(same) for same in zip(*parts, strict=True)])


def _joined(parts: Sequence[Any]) -> Any:
    if parts[0] is None:
        return None
    if isinstance(parts[0], tf.RaggedTensor):
        return tf.concat(parts, axis=0)
    if isinstance(parts[0], tf.SparseTensor):
        return tf.sparse.concat(axis=0, sp_inputs=list(parts))
    arrays = [np.asarray(part) for part in parts]
    if len(arrays) == 1:
        return arrays[0][()]
    arrays = [np.atleast_1d(array) for array in arrays]
    if len({array.shape[1:] for array in arrays}) == 1:
        return np.concatenate(arrays)
    return tf.concat([tf.RaggedTensor.from_tensor(array) for array in arrays], axis=0)
