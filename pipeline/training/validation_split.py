"""A validation split of batches, which Keras does not support."""

from __future__ import annotations

import math
import warnings
from typing import Any

import keras
import tensorflow as tf
from keras.src.trainers.data_adapters import array_slicing

from pipeline.data.shuffling import is_shuffled_anew
from pipeline.training.arguments import check_arrays

Split = tuple[tuple[Any, Any, Any], Any]


def split_off(x: Any, y: Any, sample_weight: Any, share: float) -> Split:
    """Returns the data without its last part, and that part.

    Args:
        x: As in `keras.Model.fit`. For a dataset of batches, the last batches are split off.
        y: As in `keras.Model.fit`.
        sample_weight: As in `keras.Model.fit`.
        share: The share of examples, or of batches.

    Raises:
        ValueError: The length of the data is unknown or too small.
    """
    if isinstance(x, tf.data.Dataset):
        length = int(x.cardinality())
        end = _end(length, share, "dataset")
        if is_shuffled_anew(x):
            warnings.warn(
                "validation_split: the dataset is shuffled anew in each pass, so training examples end up in the "
                "validation data; set `reshuffle_each_iteration=False` in its `shuffle`, or use validation_data",
                stacklevel=4,
            )
        return (x.take(end), y, sample_weight), x.skip(end)
    if isinstance(x, keras.utils.PyDataset):
        length = -1 if x.num_batches is None else x.num_batches
        end = _end(length, share, "PyDataset")
        return (_Part(x, 0, end), y, sample_weight), _Part(x, end, length)
    check_arrays(x, y, sample_weight)
    arrays: Split = array_slicing.train_validation_split((x, y, sample_weight), validation_split=share)
    return arrays


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

    def on_epoch_begin(self) -> None:
        """Forwards the call for the training part."""
        if self._start == 0:
            self._whole.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Forwards the call for the training part."""
        if self._start == 0:
            self._whole.on_epoch_end()
