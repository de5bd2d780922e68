"""Makes feeds from the arguments of `keras.Model.fit`, `evaluate` and `predict`.

Keras' own adapters check the arguments and convert the data, so that exactly the same is accepted and refused. They are
private to Keras; `tests/test_imports.py` lists the modules that use such parts.
"""

from __future__ import annotations

import itertools
import types
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.trainers.data_adapters import array_slicing
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
from keras.src.trainers.data_adapters.generator_data_adapter import GeneratorDataAdapter
from keras.src.trainers.data_adapters.grain_dataset_adapter import GrainDatasetAdapter
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter
from keras.src.trainers.data_adapters.torch_data_loader_adapter import TorchDataLoaderAdapter
from keras.src.trainers.epoch_iterator import EpochIterator

from pipeline.training.arguments import check_arrays
from pipeline.training.class_weights import ClassWeights
from pipeline.training.feeds import DatasetFeed, Feed, PacedFeed, PythonFeed, ResidentFeed, SingleFeed
from pipeline.training.feeds.dataset import can_stack
from pipeline.training.feeds.from_batches import RESIDENT_BYTES
from pipeline.training.shuffle_seed import shuffle_seed

MANY_PASSES = 2**31


def keras_feed(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: ClassWeights | None = None,
    epochs: int | None = None,
    measures: bool = True,
) -> PacedFeed:
    """Returns the feed of data in any form that Keras accepts.

    Args:
        x: Inputs, or a `tf.data.Dataset`, `PyDataset`, generator or PyTorch `DataLoader` of batches.
        y: Targets.
        sample_weight: Weights of shape (examples,), or such weights by output.
        batch_size: Examples per batch of arrays; None for 32.
        steps: Batches per epoch; None for one pass over the data.
        shuffle: Whether each pass over arrays or a `PyDataset` has a new order. `batch` shuffles only within batches.
        class_weight: Class weights.
        epochs: The number of training epochs. With `steps`, epochs continue through the data. None for an evaluation,
            which always uses the first batches.
        measures: Whether the feed is for losses and metrics rather than prediction. In that case, having no batches is
            worth a warning, and a `PyDataset` gets a call at the end of an epoch before the first one begins.

    Raises:
        ValueError: Keras refuses the arguments.
    """
    check_arrays(x, y, sample_weight)
    if class_weight is not None:
        if isinstance(x, tf.data.Dataset):
            x = x.map(class_weight.of_element)
        elif array_slicing.can_slice_array(y) or keras.tree.is_nested(y):
            sample_weight = class_weight.of_arrays(y, sample_weight) if y is not None else sample_weight
    given = EpochIterator(
        x=_peeked_at(x, steps, epochs),
        y=y,
        sample_weight=sample_weight,
        batch_size=batch_size,
        steps_per_epoch=steps,
        shuffle=shuffle,
    )
    adapter = given.data_adapter
    feed = _feed_of(adapter, class_weight)
    reset = adapter.on_epoch_end if measures else lambda: None
    if epochs is not None:
        reset()
    return PacedFeed(
        feed,
        given.steps_per_epoch,
        _beginning(adapter),
        adapter.on_epoch_end,
        reset,
        anew=epochs is None,
        least=1 if measures else 0,
    )


def _peeked_at(x: Any, steps: int | None, epochs: int | None) -> Any:
    """Returns data from which no more is drawn than needed. Keras draws two batches of a generator to inspect them."""
    if not isinstance(x, types.GeneratorType) or not steps or steps * (epochs or 1) > 1:
        return x
    return (batch for batch in itertools.islice(x, 1))


def _feed_of(adapter: Any, class_weight: ClassWeights | None) -> Feed:
    if isinstance(adapter, ArrayDataAdapter):
        arrays = array_slicing.convert_to_sliceable(adapter._inputs, target_backend="tensorflow")
        return _resident(arrays, adapter) or _of_dataset(adapter)
    batches = _batches(adapter)
    if batches is None:
        return _of_dataset(adapter)
    if class_weight is not None:
        return PythonFeed(lambda: map(class_weight.of_batch, batches()), lambda: adapter.num_batches)
    return PythonFeed(batches, lambda: adapter.num_batches)


def _resident(arrays: Any, adapter: Any) -> Feed | None:
    leaves = [leaf for leaf in keras.tree.flatten(arrays) if leaf is not None]
    if not all(isinstance(leaf, (np.ndarray, tf.Tensor)) and leaf.dtype != object for leaf in leaves):
        return None
    if sum(_bytes(leaf) for leaf in leaves) > RESIDENT_BYTES:
        return None
    size, length, shuffle = adapter._batch_size, adapter._num_samples, adapter._shuffle
    seed = shuffle_seed() if shuffle else []

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
        return DatasetFeed(dataset, adapter.num_batches)
    return SingleFeed(dataset, adapter.num_batches)


def _batches(adapter: Any) -> Callable[[], Iterator[Any]] | None:
    """Returns the function that begins a pass over batches from Python code; None if a dataset provides them."""
    if isinstance(adapter, GeneratorDataAdapter):
        return lambda: iter(adapter.generator())
    if isinstance(adapter, PyDatasetAdapter):
        if adapter.num_batches == 0:
            raise ValueError("The PyDataset has length 0")
        return lambda: iter(adapter._get_iterator())
    if isinstance(adapter, (TorchDataLoaderAdapter, GrainDatasetAdapter)):
        return lambda: iter(adapter.get_numpy_iterator())
    return None


def _beginning(adapter: Any) -> Callable[[], Any]:
    """Returns what begins an epoch. A `PyDataset` is notified before its workers take the first batches."""
    if not isinstance(adapter, PyDatasetAdapter):
        return adapter.on_epoch_begin  # type: ignore[no-any-return]

    def begin() -> None:
        adapter.py_dataset.on_epoch_begin()
        if adapter.enqueuer is not None:
            adapter.enqueuer.start()

    return begin


def _bytes(array: Any) -> int:
    return int(np.prod(array.shape)) * np.dtype(array.dtype if isinstance(array, np.ndarray) else "float64").itemsize
