"""The stream loader: batches exactly as the source yields them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.items import Items
from pipeline.data.loaders.loader import unsuited
from pipeline.data.randomness import RandomTypes, random_state, set_random_state
from pipeline.data.streams import BatchStream, Data
from pipeline.errors import ConfigError
from pipeline.security.plain_types import mistake

log = logging.getLogger(__name__)
PASSES_AHEAD = 2
"""Most passes that may begin before the batches of the training pass are used up."""


class SourcesTypes(TypedDict):
    """The state that a pass over a stream draws from."""

    random: RandomTypes
    begun: Annotated[int, Field(ge=0, le=10**6)]


STATE: dict[str, Any] = {
    "passes": dict[int, SourcesTypes],
    "next": SourcesTypes,
    "epochs": Annotated[int, Field(ge=0, le=10**6)],
}
"""The state of a stream."""


@dataclass(frozen=True)
class StreamLoader:
    """Feeds the batches of a user's generator, `keras.utils.PyDataset` or batched `tf.data.Dataset` unchanged.

    Attributes:
        shuffle: Whether training draws the batches of a `PyDataset` in a new order every pass. Those of a generator or
            a `tf.data.Dataset` keep their order.
    """

    shuffle: bool

    def batches(self, data: Data, *, seed: int, training: bool) -> Batches:
        """See `Loader`."""
        if not isinstance(data, BatchStream):
            raise unsuited(data, "stream")
        return StreamBatches(data, shuffle=self.shuffle and training, seed=seed)


class StreamBatches(Batches):
    """One pass over a stream of batches per epoch."""

    def __init__(self, stream: BatchStream, *, shuffle: bool, seed: int) -> None:
        self.stream = stream
        self.spec = stream.spec
        self.weighted = stream.weighted or stream.weigh is not None
        self.weight_shapes = stream.weight_shapes
        self.batch_size = None
        self.steps = stream.steps
        self.endless = stream.endless

        self._shuffle, self._seed = shuffle, seed
        self._begun: dict[int, dict[str, Any]] = {}
        self._resumed: Mapping[str, Any] | None = None
        self._epochs = _Epochs(stream.items, seed)

    def epoch(self, index: int, skip: int = 0) -> Iterator[Examples]:
        """See `Batches`; only batches that workers fetch by number can be skipped without drawing them."""
        items = self.stream.items
        if items is not None and items.workers is not None:
            return self._pass(index, skip)
        if skip:
            log.info("data: drawing and skipping %d batches to continue where the run stopped", skip)
        return islice(self._pass(index), skip, None)

    def begin_epoch(self) -> None:
        """See `Batches`."""
        self._epochs.begin()

    def end_epoch(self) -> None:
        """See `Batches`."""
        self._epochs.end()

    def state(self) -> dict[str, Any]:
        """See `Batches`: the states of the passes begun so far, and of the next one."""
        return {"passes": dict(self._begun), "next": self._sources(), "epochs": self._epochs.ended}

    def resume(self, state: Mapping[str, Any]) -> None:
        """See `Batches`.

        Raises:
            ConfigError: It is not the state of a stream.
        """
        wrong = mistake(state, STATE) or next((f"'{key}' is missing" for key in STATE if key not in state), None)
        if wrong is not None:
            raise ConfigError(
                f"resume: the data position in the snapshot is invalid: {wrong}; start a new run without resume"
            )
        self._resumed = state
        self._epochs.go_on_after(state["epochs"])

    def _pass(self, number: int, skip: int = 0) -> Iterator[Examples]:
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            sources = resumed["passes"].get(number, resumed["next"])
            set_random_state(sources["random"])
            if self.stream.passes is not None:
                self.stream.passes.go_on(sources["begun"])
        kept = sorted(self._begun)[-PASSES_AHEAD:]
        self._begun = {n: self._begun[n] for n in kept} | {number: self._sources()}
        items = self.stream.items
        if items is None:
            yield from self.stream.batches(number)
            return
        yield from self.stream.finished(self._fetched(items, number, skip))

    def _fetched(self, items: Items, number: int, drawn: int) -> Iterator[Examples]:
        """Yields the batches of a pass after the first ones.

        Batches that were fetched before the dataset was told about another epoch, which may change them, are fetched
        again.
        """
        seed = [self._seed, number]
        changed = True
        while changed:
            changed, epoch = False, self._epochs.begun
            with closing(items.fetched_ahead(items.order(seed if self._shuffle else None, drawn), seed)) as batches:
                for batch in batches:
                    drawn += 1
                    yield batch
                    changed = items.has_hooks and epoch != self._epochs.begun
                    if changed:
                        break

    def _sources(self) -> dict[str, Any]:
        passes = self.stream.passes
        return {"random": random_state(), "begun": 0 if passes is None else passes.begun}


class _Epochs:
    """Tells a dataset about epochs, as `keras.Model.fit` does.

    Attributes:
        begun: Number of epochs that have begun.
        ended: Number of epochs that have ended.
    """

    def __init__(self, items: Items | None, seed: int) -> None:
        self.begun = self.ended = 0
        self._items, self._seed = items, seed

    def begin(self) -> None:
        """Tells that an epoch begins; before the first one, like Keras, also that one has ended."""
        self.begun += 1
        if self._items is None:
            return
        if self.begun == 1:
            self._items.end_epoch([self._seed])
        self._items.begin_epoch([self._seed, self.ended])

    def end(self) -> None:
        """Tells that an epoch has ended."""
        if self._items is not None:
            self._items.end_epoch([self._seed, self.ended])
        self.ended += 1

    def go_on_after(self, ended: int) -> None:
        """Repeats the end of all epochs before a snapshot, so that the dataset has the same state."""
        while self.ended < ended:
            self.begin()
            self.end()
