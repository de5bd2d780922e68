"""The stream loader: batches as the source makes them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.loaders.loader import unsuited
from pipeline.data.randomness import RandomTypes, random_state, set_random_state
from pipeline.data.streams import BatchStream, Data
from pipeline.errors import ConfigError
from pipeline.security.plain_types import mistake

log = logging.getLogger(__name__)
PASSES_AHEAD = 2
"""Passes that may have begun before the batches of the one in training are used up."""


class SourcesTypes(TypedDict):
    """What a pass over a stream draws from."""

    random: RandomTypes
    begun: Annotated[int, Field(ge=0, le=10**6)]


STATE: dict[str, Any] = {"passes": dict[int, SourcesTypes], "next": SourcesTypes}
"""The state of a stream."""


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
        self.weight_shapes = stream.weight_shapes
        self.batch_size = None
        self.steps = stream.steps
        self.endless = stream.endless

        self._begun: dict[int, dict[str, Any]] = {}
        self._resumed: Mapping[str, Any] | None = None

    def epoch(self, index: int, skip: int = 0) -> Iterator[Examples]:
        """See `Batches`; a stream can skip only by drawing."""
        if skip:
            log.info("data: a stream cannot seek, so %d batches are drawn and left out", skip)
        return islice(self._pass(index), skip, None)

    def state(self) -> dict[str, Any]:
        """See `Batches`: what passes that were begun had to draw from, and what the next one has."""
        return {"passes": dict(self._begun), "next": self._sources()}

    def resume(self, state: Mapping[str, Any]) -> None:
        """See `Batches`.

        Raises:
            ConfigError: It is no state of a stream.
        """
        wrong = mistake(state, STATE) or next((f"'{key}' is missing" for key in STATE if key not in state), None)
        if wrong is not None:
            raise ConfigError(
                f"resume: the place in the data in the snapshot is none: {wrong}; a new run without resume is right"
            )
        self._resumed = state

    def _pass(self, number: int) -> Iterator[Examples]:
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            sources = resumed["passes"].get(number, resumed["next"])
            set_random_state(sources["random"])
            if self.stream.passes is not None:
                self.stream.passes.go_on(sources["begun"])
        kept = sorted(self._begun)[-PASSES_AHEAD:]
        self._begun = {n: self._begun[n] for n in kept} | {number: self._sources()}
        yield from self.stream.batches(number)

    def _sources(self) -> dict[str, Any]:
        passes = self.stream.passes
        return {"random": random_state(), "begun": 0 if passes is None else passes.begun}
