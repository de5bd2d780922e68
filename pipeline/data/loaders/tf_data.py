"""The tf_data loader: batches from `tf.data`, shuffled through a buffer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pipeline.config.schema import MOST
from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.loaders.loader import checked_batch_size, unsuited
from pipeline.data.spec import varies
from pipeline.data.streams import Data, ExampleStream, batched, weight_shapes
from pipeline.errors import ConfigError, DataError

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class TfDataLoader:
    """Feeds `dataset.shuffle(shuffle_buffer).batch(batch_size).take(take)`.

    Attributes:
        batch_size: Examples per batch; `auto` chooses by the number of examples, see `checked_batch_size`.
        shuffle_buffer: Examples in the shuffle buffer of training; 0 keeps the order.
        take: Train only on this number of first batches of each epoch, counted after the shuffle; null for all.
    """

    batch_size: int | Literal["auto"]
    shuffle_buffer: int
    take: int | None

    def batches(self, data: Data, *, seed: int, training: bool) -> Batches:
        """See `Loader`."""
        if self.take is not None and self.take < 1:
            raise ConfigError(f"loader.take: expected 1 or more, or null for all batches, got {self.take}")
        if self.shuffle_buffer < 0:
            raise ConfigError(f"loader.shuffle_buffer: expected 0 or more, got {self.shuffle_buffer}")
        for key, value in (("take", self.take or 0), ("shuffle_buffer", self.shuffle_buffer)):
            if value > MOST:
                raise ConfigError(f"loader.{key}: expected at most {MOST}, got {value}")
        if not isinstance(data, (Examples, ExampleStream)):
            raise unsuited(data, "tf_data")
        length = len(data) if isinstance(data, Examples) else data.length
        size = checked_batch_size(self.batch_size, length if training else None)
        buffer, take = (self.shuffle_buffer, self.take) if training else (0, None)
        return TfDataBatches(data, size, shuffle_buffer=buffer, take=take, seed=seed)


class TfDataBatches(Batches):
    """Batches of one `tf.data` pipeline, shuffled by a seed that depends only on seed and epoch."""

    def __init__(
        self, data: Examples | ExampleStream, batch_size: int, *, shuffle_buffer: int, take: int | None, seed: int
    ) -> None:
        self.data = data
        self.spec = data.spec
        self.batch_size = batch_size
        self.shuffle_buffer = shuffle_buffer
        self.take = take
        self.seed = seed
        length: int | None
        if isinstance(data, Examples):
            length, self.weighted, self.examples = len(data), bool(data.weights), data
            self.weight_shapes = weight_shapes(data)
        else:
            length, self.weighted = data.length, data.weighted
            self.weight_shapes = data.weight_shapes
            self.endless = data.endless and take is None
        self.steps: int | None = None if length is None else -(-length // batch_size)
        if take is not None:
            self.steps = take if self.steps is None else min(take, self.steps)
        self._dataset = _dataset_of(data) if isinstance(data, Examples) else data.dataset

    def epoch(self, index: int, skip: int = 0) -> Iterator[Examples]:
        """See `Batches`."""
        dataset = batched(self._shuffled(self._dataset, index), self.batch_size or 1, self.spec)
        if self.take is not None:
            dataset = dataset.take(self.take)
        drawn = skip
        for batch in self._drawn(dataset.skip(skip).prefetch(2)):
            drawn += 1
            yield batch
        if not drawn:
            raise DataError("data: has no examples")

    def rows(self, index: int, skip: int = 0) -> Iterator[np.ndarray]:
        """See `Batches`: the same shuffle of row numbers selects the same rows."""
        import tensorflow as tf

        length, size = len(self.examples or ()), self.batch_size or 1
        order = np.arange(length)
        if self.shuffle_buffer:
            # All numbers in one batch: drawing batch by batch would take as long as training.
            shuffled = self._shuffled(tf.data.Dataset.range(length), index)
            order = next(iter(shuffled.batch(max(1, length)).as_numpy_iterator()), order)
        end = length if self.take is None else min(length, self.take * size)
        for start in range(skip * size, end, size):
            yield order[start : start + size]

    def _shuffled(self, dataset: tf.data.Dataset, index: int) -> tf.data.Dataset:
        if not self.shuffle_buffer:
            return dataset
        seed = int(np.random.SeedSequence([self.seed, index]).generate_state(1)[0])
        return dataset.shuffle(self.shuffle_buffer, seed=seed, reshuffle_each_iteration=False)

    def _drawn(self, dataset: tf.data.Dataset) -> Iterator[Examples]:
        if isinstance(self.data, ExampleStream):
            yield from self.data.batches(dataset)
            return
        for inputs, targets, weights in dataset.as_numpy_iterator():
            yield Examples(self.spec, inputs, targets, weights)


def _dataset_of(examples: Examples) -> tf.data.Dataset:
    import tensorflow as tf

    inputs = {name: _tensor(array) for name, array in examples.inputs.items()}
    parts = (inputs, dict(examples.targets), dict(examples.weights))
    dataset = tf.data.Dataset.from_tensor_slices(parts)
    if not any(isinstance(value, tf.RaggedTensor) for value in inputs.values()):
        return dataset
    # A slice of a ragged tensor is a plain tensor, but only its values show that, not its type.
    shapes = {name: spec.shape for name, spec in examples.spec.inputs.items()}
    return dataset.map(
        lambda given, *rest: ({n: tf.ensure_shape(tf.convert_to_tensor(v), shapes[n]) for n, v in given.items()}, *rest)
    )


def _tensor(array: np.ndarray) -> Any:
    import tensorflow as tf

    if varies(array):
        return tf.RaggedTensor.from_row_lengths(np.concatenate(list(array)), [len(row) for row in array])
    return array
