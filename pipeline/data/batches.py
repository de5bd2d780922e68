"""Batches: what a loader gives to training.

For data in memory, the batches of an epoch depend only on the seed and the number of the epoch. For streams and a
user's own generators, they also depend on the source, which must give the same in each pass for an exact resume.
"""

from __future__ import annotations

import abc
import itertools
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec, Shape
from pipeline.data.streams import weight_shapes
from pipeline.errors import ConfigError

T = TypeVar("T")


class Batches(abc.ABC):
    """The batches of every epoch.

    Attributes:
        spec: The spec of one example.
        weighted: Whether batches have sample weights.
        weight_shapes: Shapes of the weights of one example by target name; `()` for other targets.
        batch_size: Examples per batch, possibly fewer in the last one; None if the source decides.
        steps: Batches per epoch; None if unknown or endless.
        endless: Whether an epoch never ends.
        examples: The examples in memory from which every batch takes rows; None if they are not in memory.
    """

    spec: DataSpec
    weighted: bool
    weight_shapes: Mapping[str, Shape] = MappingProxyType({})
    batch_size: int | None
    steps: int | None
    endless: bool = False
    examples: Examples | None = None

    @abc.abstractmethod
    def epoch(self, index: int, skip: int = 0) -> Iterator[Examples]:
        """Returns the batches of an epoch in order.

        Args:
            index: Number of the epoch, from 0. The same index gives the same batches, in any process.
            skip: Number of first batches to leave out.
        """

    def rows(self, index: int, skip: int = 0) -> Iterator[np.ndarray]:
        """Returns the rows of `examples` in each batch of an epoch, if there are examples in memory."""
        raise NotImplementedError

    def begin_epoch(self) -> None:  # noqa: B027
        """Tells the source that an epoch begins, before its first batch is drawn; only a `PyDataset` uses it."""

    def end_epoch(self) -> None:  # noqa: B027
        """Tells the source that an epoch has ended, after its last batch was used."""

    def state(self) -> dict[str, Any]:
        """Returns what batches depend on besides seed and epoch, as plain values; nothing, except for streams."""
        return {}

    def resume(self, state: Mapping[str, Any]) -> None:  # noqa: B027
        """Makes further epochs continue as they would have when `state` was returned."""


class ArrayBatches(Batches):
    """Batches of examples in memory, in a permutation that depends only on seed and epoch."""

    def __init__(self, examples: Examples, batch_size: int, *, shuffle: bool, seed: int) -> None:
        self.examples: Examples = examples
        self.spec = examples.spec
        self.weighted, self.weight_shapes = bool(examples.weights), weight_shapes(examples)
        self.batch_size = batch_size
        self.steps = -(-len(examples) // batch_size)
        self.shuffle = shuffle
        self.seed = seed

    def order(self, index: int) -> np.ndarray:
        """Returns the rows of an epoch in the order in which they are drawn."""
        if not self.shuffle:
            return np.arange(len(self.examples))
        return np.random.default_rng([self.seed, index]).permutation(len(self.examples))

    def rows(self, index: int, skip: int = 0) -> Iterator[np.ndarray]:
        """See `Batches`."""
        order, size = self.order(index), self.batch_size or 1
        for start in range(skip * size, len(order), size):
            yield order[start : start + size]

    def epoch(self, index: int, skip: int = 0) -> Iterator[Examples]:
        """See `Batches`."""
        for rows in self.rows(index, skip):
            yield self.examples.rows(rows).padded()


class StepsPerEpoch(Batches):
    """Epochs with a fixed number of steps that continue through the data and wrap around at its end.

    Like `steps_per_epoch` in `keras.Model.fit`: the next epoch starts where the last one stopped.
    """

    def __init__(self, batches: Batches, steps: int) -> None:
        self.batches = batches
        self.spec, self.weighted, self.batch_size = batches.spec, batches.weighted, batches.batch_size
        self.weight_shapes = batches.weight_shapes
        self.examples = batches.examples
        self.steps = steps
        self._position = -1
        self._drawn: Iterator[Any] = iter(())

    def epoch(self, index: int, skip: int = 0) -> Iterator[Examples]:
        """See `Batches`; drawing one epoch after another continues the same pass instead of restarting it."""
        return self._continued(self.batches.epoch, index, skip)

    def rows(self, index: int, skip: int = 0) -> Iterator[np.ndarray]:
        """See `Batches`."""
        return self._continued(self.batches.rows, index, skip)

    def begin_epoch(self) -> None:
        """See `Batches`."""
        self.batches.begin_epoch()

    def end_epoch(self) -> None:
        """See `Batches`."""
        self.batches.end_epoch()

    def state(self) -> dict[str, Any]:
        """See `Batches`."""
        return self.batches.state()

    def resume(self, state: Mapping[str, Any]) -> None:
        """See `Batches`."""
        self.batches.resume(state)

    def _continued(self, draw: Callable[[int, int], Iterator[T]], index: int, skip: int) -> Iterator[T]:
        start = index * (self.steps or 0) + skip
        if start != self._position:
            self._drawn, self._position = self._from(draw, start), start
        for _ in range((self.steps or 0) - skip):
            batch = next(self._drawn)
            self._position += 1
            yield batch

    def _from(self, draw: Callable[[int, int], Iterator[T]], start: int) -> Iterator[T]:
        steps = self.batches.steps
        number, skip = divmod(start, steps) if steps else (0, start)
        for index in itertools.count(number):
            drawn = 0
            for batch in draw(index, skip if steps or self.batches.endless else 0):
                drawn += 1
                if steps or self.batches.endless or skip < drawn:
                    yield batch
            skip = 0 if steps else max(0, skip - drawn)


class FirstSteps(Batches):
    """The first batches of every epoch; with a fixed order, the same ones every time."""

    def __init__(self, batches: Batches, steps: int) -> None:
        self.batches = batches
        self.spec, self.weighted, self.batch_size = batches.spec, batches.weighted, batches.batch_size
        self.weight_shapes = batches.weight_shapes
        self.examples = batches.examples
        self.steps = steps if batches.steps is None else min(steps, batches.steps)

    def begin_epoch(self) -> None:
        """See `Batches`."""
        self.batches.begin_epoch()

    def end_epoch(self) -> None:
        """See `Batches`."""
        self.batches.end_epoch()

    def epoch(self, index: int, skip: int = 0) -> Iterator[Examples]:
        """See `Batches`."""
        return itertools.islice(self.batches.epoch(index, skip), (self.steps or 0) - skip)

    def rows(self, index: int, skip: int = 0) -> Iterator[np.ndarray]:
        """See `Batches`."""
        return itertools.islice(self.batches.rows(index, skip), (self.steps or 0) - skip)


def paced(batches: Batches, steps_per_epoch: int | None) -> Batches:
    """Returns training batches in epochs of `steps_per_epoch`; None means one pass over the data per epoch.

    Raises:
        ConfigError: The batches never end, and no number of steps is set.
    """
    if steps_per_epoch is not None:
        return StepsPerEpoch(batches, steps_per_epoch)
    if batches.endless:
        raise ConfigError(
            "trainer.steps_per_epoch: missing; the training data never ends, so set the steps of an epoch"
        )
    return batches


def limited(batches: Batches, validation_steps: int | None) -> Batches:
    """Returns validation batches, only the first `validation_steps` of them if that is set.

    Raises:
        ConfigError: The batches never end, and no number of steps is set.
    """
    if validation_steps is not None:
        return FirstSteps(batches, validation_steps)
    if batches.endless:
        raise ConfigError(
            "trainer.validation_steps: missing; the validation data never ends, so set the steps of a validation"
        )
    return batches


def evaluated(batches: Batches, validation_steps: int | None) -> Batches:
    """Returns the validation batches to evaluate after training: all of them, if they are known to end.

    Otherwise they are evaluated over `validation_steps`, as within training, if that is set.
    """
    return batches if batches.steps is not None or validation_steps is None else FirstSteps(batches, validation_steps)
