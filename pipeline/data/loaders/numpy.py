"""The numpy loader: batches sliced from arrays in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.data.batches import ArrayBatches
from pipeline.data.loaders.loader import checked_batch_size, examples_only
from pipeline.data.streams import Data


@dataclass(frozen=True)
class NumpyLoader:
    """Slices batches from arrays.

    Attributes:
        batch_size: Examples per batch; `auto` chooses by the number of examples, see `checked_batch_size`.
        shuffle: Whether training sees the examples in a new order every epoch.
    """

    batch_size: int | Literal["auto"]
    shuffle: bool

    def batches(self, data: Data, *, seed: int, training: bool) -> ArrayBatches:
        """See `Loader`."""
        examples = examples_only(data, "numpy")
        size = checked_batch_size(self.batch_size, len(examples) if training else None)
        return ArrayBatches(examples, size, shuffle=self.shuffle and training, seed=seed)
