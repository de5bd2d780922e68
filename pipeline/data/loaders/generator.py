"""The generator loader: batches from a Python generator or a `keras.utils.PyDataset` over the examples."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pipeline.data.batches import ArrayBatches, Batches
from pipeline.data.examples import Examples
from pipeline.data.loaders.loader import checked_batch_size, examples_only
from pipeline.data.loaders.stream import StreamBatches
from pipeline.data.streams import BatchStream, Data
from pipeline.errors import ConfigError, nearest

FORMS = ("generator", "py_dataset")
LENGTHS = ("known", "unknown", "endless")


@dataclass(frozen=True)
class GeneratorLoader:
    """Makes batches with a Python generator, as one would write it by hand.

    Attributes:
        batch_size: Examples per batch; `auto` chooses by the number of examples, see `checked_batch_size`.
        shuffle: Whether training sees the examples in a new order every epoch.
        form: `generator`, or `py_dataset` for a `keras.utils.PyDataset`.
        length: Length of training data: `known`, `unknown`, or `endless` (which needs `trainer.steps_per_epoch`).
    """

    batch_size: int | Literal["auto"]
    shuffle: bool
    form: str
    length: str

    def batches(self, data: Data, *, seed: int, training: bool) -> Batches:
        """See `Loader`."""
        for key, value, valid in (("form", self.form, FORMS), ("length", self.length, LENGTHS)):
            if value not in valid:
                raise ConfigError(f"loader.{key}: no {key} '{value}'{nearest(value, valid)}")
        if self.form == "py_dataset" and self.length != "known":
            raise ConfigError("loader.length: a PyDataset has a known length; set loader.length=known")
        examples = examples_only(data, "generator")
        size = checked_batch_size(self.batch_size, len(examples) if training else None)
        batches = ArrayBatches(examples, size, shuffle=self.shuffle and training, seed=seed)
        length = self.length if training else "known"
        opened: Callable[[int], Iterable[Examples]]
        if self.form == "py_dataset":
            opened = partial(_py_dataset, batches)
        else:
            opened = partial(_endless, batches) if length == "endless" else batches.epoch
        stream = BatchStream(
            data.spec,
            opened,
            steps=batches.steps if length == "known" else None,
            endless=length == "endless",
            weighted=batches.weighted,
            weight_shapes=batches.weight_shapes,
        )
        return StreamBatches(stream, shuffle=False, seed=seed)


def _endless(batches: ArrayBatches, number: int) -> Iterator[Examples]:
    for index in itertools.count(number):
        yield from batches.epoch(index)


def _py_dataset(batches: ArrayBatches, number: int) -> Sequence[Examples]:
    import keras

    order, size = batches.order(number), batches.batch_size or 1

    class Slices(keras.utils.PyDataset):
        def __len__(self) -> int:
            return math.ceil(len(order) / size)

        def __getitem__(self, index: int) -> Examples:
            if index >= len(self):
                raise IndexError(index)
            return batches.examples.rows(order[index * size : (index + 1) * size]).padded()

    slices: Sequence[Examples] = Slices()
    return slices
