"""The stream loader: batches as the source makes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.loaders.loader import unsuited
from pipeline.data.streams import BatchStream, Data


@dataclass(frozen=True)
class StreamLoader:
    """Feeds the batches of a user's generator, `keras.utils.PyDataset` or batched `tf.data.Dataset` as they are."""

    def batches(self, data: Data, *, seed: int, training: bool) -> Batches:  # noqa: ARG002
        """See `Loader`."""
        if not isinstance(data, BatchStream):
            raise unsuited(data, "stream")
        return StreamBatches(data)


class StreamBatches(Batches):
    """A pass over a stream of batches each epoch."""

    def __init__(self, stream: BatchStream) -> None:
        self.stream = stream
        self.spec = stream.spec
        self.weighted = stream.weighted or stream.weigh is not None
        self.batch_size = None
        self.steps = stream.steps
        self.endless = stream.endless

    def epoch(self, index: int, skip: int = 0) -> Iterator[Examples]:
        """See `Batches`; a stream can skip only by drawing."""
        return islice(self.stream.batches(index), skip, None)
