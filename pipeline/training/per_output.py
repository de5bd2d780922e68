"""What Keras refuses and users ask for: class weights for each output, a validation split of batches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.trainers.data_adapters import array_slicing

from pipeline.data.examples import multiplied

Split = tuple[tuple[Any, Any, Any], Any]


def split_off(x: Any, y: Any, sample_weight: Any, share: float) -> Split:
    """Returns data without its last part, and that part.

    Args:
        x: As in `keras.Model.fit`; of a dataset of batches, the last batches are split off.
        y: As there.
        sample_weight: As there.
        share: Share of examples, or of batches.

    Raises:
        ValueError: The data has no length, or not enough of it.
    """
    if isinstance(x, tf.data.Dataset):
        length = int(x.cardinality())
        end = _end(length, share, "dataset")
        return (x.take(end), y, sample_weight), x.skip(end)
    if isinstance(x, keras.utils.PyDataset):
        length = -1 if x.num_batches is None else x.num_batches
        end = _end(length, share, "PyDataset")
        return (_Part(x, 0, end), y, sample_weight), _Part(x, end, length)
    arrays: Split = array_slicing.train_validation_split((x, y, sample_weight), validation_split=share)
    return arrays


def with_class_weight(
    model: keras.Model, x: Any, y: Any, sample_weight: Any, class_weight: Mapping[Any, Any] | None
) -> tuple[Any, Any, Any, Mapping[int, float] | None]:
    """Returns data with class weights of several outputs turned into sample weights; others are left to Keras.

    Args:
        model: The model, whose output names they are given by.
        x: As in `keras.Model.fit`.
        y: As there; class ids of shape (examples,) or (examples, 1), or one-hot rows.
        sample_weight: As there; multiplied by the class weights.
        class_weight: Weight by class id, or such a mapping by output name.

    Raises:
        ValueError: An output that the model lacks, or data to which such weights cannot be given.
    """
    if not class_weight or not all(isinstance(value, Mapping) for value in class_weight.values()):
        return x, y, sample_weight, class_weight
    names = list(y) if isinstance(y, Mapping) else list(model.output_names)
    unknown = [name for name in class_weight if name not in names]
    if unknown:
        raise ValueError(f"`class_weight` has the output {unknown[0]!r}. Expected: outputs of {names}.")
    if isinstance(x, tf.data.Dataset):
        return x.map(lambda *batch: _weighed_batch(names, batch, class_weight)), y, sample_weight, None
    if y is None:
        raise ValueError(
            "`class_weight` by output is only supported for arrays and `tf.data.Dataset`. "
            f"Received: x of type {type(x)}."
        )
    targets = _by_name(names, y)
    given = {} if sample_weight is None else _by_name(names, sample_weight)
    weights = {}
    for name, target in targets.items():
        array = np.asarray(target)
        weight = np.ones(len(array), "float32")
        if name in class_weight:
            ids = array.argmax(axis=1) if array.ndim > 1 and array.shape[1] > 1 else array.reshape(len(array))
            chosen = class_weight[name]
            weight = np.array([chosen.get(int(label), 1.0) for label in ids], "float32")
        weights[name] = weight if given.get(name) is None else multiplied(weight, np.asarray(given[name], "float32"))
    return x, y, _like(y, weights), None


def _weighed_batch(names: list[str], batch: Any, class_weight: Mapping[str, Mapping[int, float]]) -> Any:
    x, y, given = keras.utils.unpack_x_y_sample_weight(batch)
    names = list(y) if isinstance(y, Mapping) else names
    before = {} if given is None else _by_name(names, given)
    weights = {}
    for name, target in _by_name(names, y).items():
        weight = tf.ones(tf.shape(target)[:1])
        if name in class_weight:
            chosen = class_weight[name]
            table = tf.constant([chosen.get(i, 1.0) for i in range(max(chosen) + 1)], "float32")
            one_hot = target.shape.rank > 1 and target.shape[1] != 1
            ids = tf.argmax(target, axis=1) if one_hot else tf.cast(tf.reshape(target, [-1]), "int64")
            known = ids < len(table)
            weight = tf.where(known, tf.gather(table, tf.where(known, ids, 0)), 1.0)
        if before.get(name) is not None:
            earlier = tf.cast(before[name], "float32")
            # Weights that the data brings may be of positions within an example.
            weight = tf.reshape(weight, [-1] + [1] * (earlier.shape.rank - 1)) * earlier
        weights[name] = weight
    return x, y, _like(y, weights)


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


def _end(length: int, share: float, kind: str) -> int:
    if length < 0:
        raise ValueError(
            f"`validation_split={share}` needs data of known length. Received: a {kind} without one; "
            "pass `validation_data` instead."
        )
    end = math.floor(length * (1 - share))
    if not 0 < end < length:
        raise ValueError(f"`validation_split={share}` of {length} batches leaves nothing to train or to validate on.")
    return end


class _Part(keras.utils.PyDataset):  # type: ignore[misc]
    """Some of the batches of a `PyDataset`."""

    def __init__(self, whole: keras.utils.PyDataset, start: int, end: int) -> None:
        super().__init__(whole.workers, whole.use_multiprocessing, whole.max_queue_size)
        self._whole, self._start, self._length = whole, start, end - start

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Any:
        return self._whole[self._start + index]

    def on_epoch_end(self) -> None:
        """Passes it on for the part that is trained on."""
        if self._start == 0:
            self._whole.on_epoch_end()
