"""Class weights of one output or several, turned into sample weights for any form of data."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.data.examples import multiplied

BOTH = "You cannot `class_weight` and `sample_weight` at the same time."
SINGLE = "`class_weight` is only supported for Models with a single output."


class ClassWeights:
    """Weights by class id, or such a mapping by output name.

    Weights by output are multiplied by the data's sample weights. A target with one axis less than its output has an id
    at each position. Weights of a single output mean the same as in Keras, except that such a target, for which Keras
    makes weights of the wrong shape, has ids at its positions too.

    Args:
        model: The model with the outputs.
        class_weight: The weights.

    Raises:
        ValueError: A key is not a class id.
    """

    def __init__(self, model: keras.Model, class_weight: Mapping[Any, Any]) -> None:
        self.is_by_output = all(isinstance(value, Mapping) for value in class_weight.values())
        self._given = class_weight
        for weights in class_weight.values() if self.is_by_output else [class_weight]:
            _check_ids(weights)
        self._shapes = _shapes(model)
        self._names = list((self.is_by_output and self._shapes) or class_weight)

    def of_arrays(self, y: Any, sample_weight: Any) -> Any:
        """Returns the sample weights of arrays.

        Raises:
            ValueError: The model has no such output; or a single output has sample weights or several targets.
        """
        return self._weights(y, sample_weight, weights_of, _times_arrays)

    def of_batch(self, batch: Any) -> Any:
        """Returns a batch of arrays with sample weights. A batch without targets stays as it is."""
        return self._batch(batch, weights_of, _times_arrays)

    def of_element(self, *batch: Any) -> Any:
        """See `of_batch`; for `tf.data.Dataset.map`."""
        return self._batch(batch[0] if len(batch) == 1 else batch, weights_in_graph, _times_tensors)

    def _batch(self, batch: Any, weigh: Callable[..., Any], times: Callable[[Any, Any], Any]) -> Any:
        if isinstance(batch, Mapping):
            return batch
        x, y, given = keras.utils.unpack_x_y_sample_weight(batch)
        return batch if y is None else (x, y, self._weights(y, given, weigh, times))

    def _weights(self, y: Any, given: Any, weigh: Callable[..., Any], times: Callable[[Any, Any], Any]) -> Any:
        if not self.is_by_output:
            if given is not None:
                raise ValueError(BOTH)
            if keras.tree.is_nested(y):
                raise ValueError(f"{SINGLE} For several, expected {_example_by_output(y)}.")
            are_ids = self._has_ids_of_positions(y)
            if not are_ids:
                _warn_of_positions(y)
            return weigh(y, self._given, are_ids=are_ids)
        names = list(y) if isinstance(y, Mapping) else self._names
        unknown = [name for name in self._given if name not in names]
        if unknown:
            raise ValueError(f"class_weight: expected {_expected(names, y)}, got weights of an output {unknown[0]!r}")
        before = {} if given is None else _by_name(names, given)
        weights = {}
        for name, given_target in _by_name(names, y).items():
            target = given_target if hasattr(given_target, "shape") else np.asarray(given_target)
            own = _ones(target)
            if name in self._given:
                own = weigh(target, self._given[name], are_ids=1 < len(target.shape) < len(self._shapes.get(name, ())))
            weights[name] = own if before.get(name) is None else times(own, before[name])
        return _like(y, weights)

    def _has_ids_of_positions(self, y: Any) -> bool:
        """Whether targets of a single output with several classes per position can only be ids."""
        shape = next(iter(self._shapes.values()), ())
        return 1 < len(getattr(y, "shape", ())) == len(shape) - 1 and shape[-1] != 1


def _shapes(model: keras.Model) -> dict[str, tuple[int | None, ...]]:
    """Returns the shape of each output in order; empty if the model does not declare them."""
    if isinstance(model, keras.Sequential) and model.layers:
        names = [model.layers[-1].name]
    else:
        names = getattr(model, "output_names", None) or []
    outputs = getattr(model, "outputs", None)
    known = outputs if isinstance(outputs, list) and len(outputs) == len(names) else [None] * len(names)
    return {name: tuple(getattr(out, "shape", None) or ()) for name, out in zip(names, known, strict=True)}


def _check_ids(weights: Mapping[Any, Any]) -> None:
    """Refuses keys that are not class ids, such as the texts of a JSON file, since such weights would never apply."""
    for key in weights:
        if not isinstance(key, numbers.Real):
            raise ValueError(f"class_weight: expected class ids as keys, as in {{0: 1.0, 1: 2.0}}, got {key!r:.40}")


def _example_by_output(y: Any) -> str:
    name = next(iter(y)) if isinstance(y, Mapping) else "name of an output"
    return f"such weights by output, as in {{{name!r}: {{0: 1.0, 1: 2.0}}}}"


def _expected(names: list[str], y: Any) -> str:
    if not names and keras.tree.is_nested(y):
        return "targets by name, in a dict, for weights by output"
    return f"weights by output of {', '.join(map(str, names))}" if len(names) > 1 else "weights by class id"


def _warn_of_positions(y: Any) -> None:
    if not isinstance(y, np.ndarray) or y.ndim != 2 or y.shape[1] == 1 or not np.issubdtype(y.dtype, np.integer):
        return
    if y.max(initial=0) > 1:
        warnings.warn(
            f"class_weight: targets of shape {y.shape} are taken as one-hot rows, as in Keras; for a class id at each "
            "position, give weights by output name, as in class_weight={'output': {0: 1.0, 1: 2.0}}",
            stacklevel=2,
        )


def _times_arrays(weight: Any, given: Any) -> Any:
    return multiplied(np.asarray(weight), np.asarray(given, "float32"))


def _times_tensors(weight: Any, given: Any) -> Any:
    """Multiplies weights of examples and of their positions; missing axes are added at the end."""
    given = tf.cast(given, weight.dtype)
    rank = max(weight.shape.rank, given.shape.rank)
    one, other = (tf.reshape(w, tf.concat([tf.shape(w), [1] * (rank - w.shape.rank)], 0)) for w in (weight, given))
    return one * other


def _ones(target: Any) -> Any:
    return tf.ones(tf.shape(target)[:1]) if tf.is_tensor(target) else np.ones(len(target), "float32")


def _by_name(names: list[str], values: Any) -> dict[str, Any]:
    if isinstance(values, Mapping):
        return dict(values)
    if isinstance(values, (list, tuple)):
        return dict(zip(names, values, strict=True))
    return dict.fromkeys(names, values)


def _like(targets: Any, weights: dict[str, Any]) -> Any:
    if isinstance(targets, Mapping):
        return weights
    return list(weights.values()) if isinstance(targets, (list, tuple)) else next(iter(weights.values()))


def weights_of(target: Any, class_weight: Mapping[int, float], *, are_ids: bool = False) -> np.ndarray:
    """Returns the weight of each example, or of each of its positions; 1 for a class without a weight.

    Args:
        target: Class ids of shape (examples,) or (..., 1), or one-hot rows along the last axis.
        class_weight: The weight by class id.
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
