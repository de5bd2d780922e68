"""Feeds from the arguments of `keras.Model.fit`, `evaluate` and `predict`.

Keras' own adapters check the arguments and convert data, so that everything it takes and refuses is the same; this is
the one module that reaches into them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.trainers.data_adapters import array_slicing
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
from keras.src.trainers.data_adapters.tf_dataset_adapter import TFDatasetAdapter
from keras.src.trainers.epoch_iterator import EpochIterator

from pipeline.training.batches_feed import RESIDENT_BYTES
from pipeline.training.feeds import DatasetFeed, Feed, PacedFeed, ResidentFeed, SingleFeed, StackedFeed
from pipeline.training.feeds.dataset import can_stack

MANY_PASSES = 2**31


def keras_feed(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[int, float] | None = None,
    training: bool = False,
) -> PacedFeed:
    """Returns the feed of data in any of the forms that Keras takes.

    Args:
        x: Inputs, or a `tf.data.Dataset`, `PyDataset`, generator or PyTorch `DataLoader` of batches.
        y: Targets.
        sample_weight: Weights of shape (examples,), or such by output.
        batch_size: Examples a batch of arrays; None for 32.
        steps: Batches an epoch; None for one pass over the data.
        shuffle: Whether each pass over arrays or a `PyDataset` has a new order; `batch` shuffles within batches only.
        class_weight: Weight by class id, of a model with one output.
        training: Whether epochs of `steps` go on through the data; each evaluation takes the first ones.

    Raises:
        ValueError: Keras refuses the arguments.
    """
    given = EpochIterator(
        x=x,
        y=y,
        sample_weight=sample_weight,
        batch_size=batch_size,
        steps_per_epoch=steps,
        shuffle=shuffle,
        class_weight=class_weight,
    )
    adapter = given.data_adapter
    feed = _feed_of(adapter)
    adapter.on_epoch_end()
    return PacedFeed(feed, given.steps_per_epoch, adapter.on_epoch_begin, adapter.on_epoch_end, anew=not training)


def _feed_of(adapter: Any) -> Feed:
    if isinstance(adapter, ArrayDataAdapter):
        arrays = array_slicing.convert_to_sliceable(adapter._inputs, target_backend="tensorflow")
        return _resident(arrays, adapter) or _of_dataset(adapter)
    if isinstance(adapter, TFDatasetAdapter):
        return _of_dataset(adapter)
    return _of_python(adapter)


def _resident(arrays: Any, adapter: Any) -> Feed | None:
    leaves = [leaf for leaf in keras.tree.flatten(arrays) if leaf is not None]
    if not all(isinstance(leaf, (np.ndarray, tf.Tensor)) and leaf.dtype != object for leaf in leaves):
        return None
    if sum(_bytes(leaf) for leaf in leaves) > RESIDENT_BYTES:
        return None
    size, length, shuffle = adapter._batch_size, adapter._num_samples, adapter._shuffle
    # From NumPy's global generator, which `keras.utils.set_random_seed` seeds.
    seed = np.random.randint(2**31, size=4).tolist() if shuffle else []

    def rows(number: int) -> Iterator[np.ndarray]:
        generator = np.random.default_rng([*seed, number])
        order = generator.permutation(length) if shuffle and shuffle != "batch" else np.arange(length)
        for start in range(0, length, size):
            batch = order[start : start + size]
            yield generator.permutation(batch) if shuffle == "batch" else batch

    last = MANY_PASSES if shuffle else None
    return ResidentFeed(keras.tree.lists_to_tuples(arrays), rows, adapter.num_batches, last=last)


def _of_dataset(adapter: Any) -> Feed:
    dataset = adapter.get_tf_dataset()
    if isinstance(dataset, tf.data.Dataset) and can_stack(dataset.element_spec):
        return DatasetFeed(lambda _: dataset, dataset.element_spec, adapter.num_batches)
    return SingleFeed(lambda _: dataset, adapter.num_batches)


def _of_python(adapter: Any) -> Feed:
    """Returns the feed of a generator or `PyDataset`, whose batches are NumPy arrays, if they are dense."""
    first = getattr(adapter, "_first_batches", None) or [_first(adapter)]
    leaves = [leaf for leaf in keras.tree.flatten(first[0]) if leaf is not None]
    if not all(isinstance(leaf, (np.ndarray, tf.Tensor)) and len(leaf.shape) for leaf in leaves):
        return _of_dataset(adapter)
    return StackedFeed(lambda _: map(_floats, adapter.get_numpy_iterator()), adapter.num_batches)


def _first(adapter: Any) -> Any:
    dataset = getattr(adapter, "py_dataset", None)
    return ([],) if dataset is None else adapter._standardize_batch(dataset[0])


def _floats(batch: Any) -> Any:
    """Returns a batch with floating point numbers of the type that Keras uses, as its own adapters give them."""
    floatx = keras.config.floatx()
    return keras.tree.map_structure(
        lambda leaf: leaf.astype(floatx) if leaf is not None and leaf.dtype.kind == "f" else leaf, batch
    )


def _bytes(array: Any) -> int:
    return int(np.prod(array.shape)) * np.dtype(array.dtype if isinstance(array, np.ndarray) else "float64").itemsize
