"""Converts batches of the array types that Keras accepts to NumPy arrays and TensorFlow's ragged and sparse tensors."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.trainers.data_adapters import data_adapter_utils


def converted(batch: Any) -> Any:
    """Returns a batch with each array, tensor or table in it converted. Dtypes stay as they are, as in Keras.

    Raises:
        ValueError: A part has no example axis.
    """
    return keras.tree.map_structure(_converted, batch)


def _converted(leaf: Any) -> Any:
    if leaf is None or isinstance(leaf, (tf.RaggedTensor, tf.SparseTensor)):
        return leaf
    if data_adapter_utils.is_scipy_sparse(leaf):
        return data_adapter_utils.scipy_sparse_to_tf_sparse(leaf)
    if data_adapter_utils.is_jax_sparse(leaf):
        return data_adapter_utils.jax_sparse_to_tf_sparse(leaf)
    if data_adapter_utils.is_torch_tensor(leaf):
        leaf = leaf.detach().cpu()
    array = np.asarray(leaf)
    if not array.ndim:
        raise ValueError(
            "When passing a dataset to a Keras model, the arrays must be at least rank 1. "
            f"Received: {leaf!s:.40} of rank 0."
        )
    return array
