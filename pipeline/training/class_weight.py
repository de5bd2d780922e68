"""The weights that class weights give to the examples of a batch, as arrays and in graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def weights_of(target: Any, class_weight: Mapping[int, float], *, are_ids: bool = False) -> np.ndarray:
    """Returns the weight of each example, or of each position of it; 1 for a class without one.

    Args:
        target: Class ids of shape (examples,) or (..., 1), or one-hot rows along the last axis.
        class_weight: Weight by class id.
        are_ids: Whether every number is a class id, whatever the shape.
    """
    values = np.asarray(keras.ops.convert_to_numpy(target))
    if values.ndim > 1 and not are_ids:
        values = values.argmax(axis=-1) if values.shape[-1] != 1 else values[..., 0]
    found, places = np.unique(np.round(values).astype("int32"), return_inverse=True)
    weights = np.array([class_weight.get(int(label), 1.0) for label in found], keras.config.floatx())
    return weights[places].reshape(values.shape)


def weights_in_graph(target: Any, class_weight: Mapping[int, float], *, are_ids: bool = False) -> Any:
    """See `weights_of`."""
    if target.shape.rank != 1 and not are_ids:
        target = tf.cond(
            tf.shape(target)[-1] != 1,
            lambda: tf.argmax(target, axis=-1, output_type=tf.int32),
            lambda: _ids(target[..., 0]),
        )
    ids = _ids(target)
    known = sorted({int(label): float(weight) for label, weight in class_weight.items()}.items())
    labels = tf.constant([label for label, _ in known], "int32")
    weights = tf.constant([weight for _, weight in known], keras.config.floatx())
    places = tf.minimum(tf.searchsorted(labels, tf.reshape(ids, [-1])), len(known) - 1)
    places = tf.reshape(places, tf.shape(ids))
    return tf.where(tf.gather(labels, places) == ids, tf.gather(weights, places), tf.ones_like(places, weights.dtype))


def _ids(target: Any) -> Any:
    return tf.cast(target if target.dtype == tf.bool else tf.round(target), "int32")
