"""Batches by number: from a `keras.utils.PyDataset`, or any object with `__getitem__` and a length."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.randomness import own_randomness, seed_python_and_numpy
from pipeline.data.workers import Workers
from pipeline.errors import ConfigError, DataError, PipelineError, one_line

HOOKS = ("on_epoch_begin", "on_epoch_end")


@dataclass(frozen=True, eq=False)
class Items:
    """Batches by number.

    Attributes:
        key: Config key of the dataset.
        dataset: Returns a batch by its number.
        convert: Converts what it returns to examples.
        numbers: The numbers of its batches; None if it never ends.
        hooks: Whether to tell it when epochs begin and end.
    """

    key: str
    dataset: Any
    convert: Callable[[Any], Examples]
    numbers: range | None
    hooks: bool = True

    @property
    def workers(self) -> Workers | None:
        """The workers that fetch ahead, from a `PyDataset`'s attributes; None if batches are fetched one by one."""
        count, processes = self._whole("workers", 1), getattr(self.dataset, "use_multiprocessing", False)
        if count < 1 or (count == 1 and not processes):
            return None
        most = self._whole("max_queue_size", 0)
        return Workers(count, bool(processes), most if most > 0 else 2 * count)

    @property
    def has_hooks(self) -> bool:
        """Whether the dataset has hooks for the begin or end of epochs, which may change its batches."""
        return any(_is_own(self.dataset, name) for name in HOOKS)

    def part(self, start: int, end: int, *, hooks: bool) -> Items:
        """Returns the batches from number `start` to before number `end`."""
        return replace(self, numbers=range(start, end), hooks=hooks)

    def order(self, seed: Sequence[int] | None, skip: int = 0) -> Iterable[int]:
        """Returns the numbers in the order of a pass.

        Args:
            seed: Seed of the shuffle; None for no shuffle, which is always so if there is no end.
            skip: Number of first batches to leave out.
        """
        if self.numbers is None:
            return itertools.count(skip)
        if seed is None:
            return self.numbers[skip:]
        places = np.random.default_rng(seed).permutation(len(self.numbers))
        return [self.numbers[int(place)] for place in places[skip:]]

    def one_by_one(self, numbers: Iterable[int]) -> Iterator[Examples]:
        """Yields batches, each fetched when it is drawn."""
        return (self.convert(self._fetched(number)) for number in numbers)

    def open(self, number: int) -> Iterator[Examples]:  # noqa: ARG002
        """Begins any pass, in the order of the dataset, fetching its batches one by one."""
        return self.one_by_one(self.order(None))

    def fetched_ahead(self, numbers: Iterable[int], seed: Sequence[int]) -> Generator[Examples, None, None]:
        """Yields batches as its workers fetch them.

        Args:
            numbers: Their numbers in order.
            seed: Seed, with the batch number, of random numbers that a process draws from Python and NumPy.
        """
        workers = self.workers
        if workers is None:
            yield from self.one_by_one(numbers)
            return
        fetch = partial(_seeded, self._fetched, seed) if workers.processes else self._fetched
        for batch in workers.fetched(fetch, numbers, self._name):
            yield self.convert(batch)

    def begin_epoch(self, seed: Sequence[int]) -> None:
        """Tells the dataset that an epoch begins; random numbers that it draws then depend only on the seed."""
        self._tell("on_epoch_begin", [*seed, 0])

    def end_epoch(self, seed: Sequence[int]) -> None:
        """Tells the dataset that an epoch has ended; see `begin_epoch`."""
        self._tell("on_epoch_end", [*seed, 1])

    @property
    def _name(self) -> str:
        return f"{self.key}: {type(self.dataset).__name__}"

    def _whole(self, name: str, default: int) -> int:
        value = getattr(self.dataset, name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConfigError(f"{self.key}.{name}: expected a whole number, got {value!r:.40}")
        return value

    def _tell(self, hook: str, seed: Sequence[int]) -> None:
        if not self.hooks or not _is_own(self.dataset, hook):
            return
        with own_randomness(seed), _errors_named(f"{self._name}.{hook}"):
            getattr(self.dataset, hook)()

    def _fetched(self, number: int) -> Any:
        with _errors_named(f"{self._name}: batch {number}"):
            return self.dataset[number]


def items_of(key: str, dataset: Any, convert: Callable[[Any], Examples], steps: int | None = None) -> Items | None:
    """Returns the batches of an object that has them by number; None if it does not.

    Args:
        key: Config key of the object.
        dataset: The object.
        convert: Converts what it returns to examples.
        steps: Batches of a pass: the first ones; None for all.

    Raises:
        ConfigError: Its number of batches is unknown, or smaller than `steps`.
    """
    if not hasattr(dataset, "__getitem__") or not (hasattr(dataset, "__len__") or _has_num_batches(dataset)):
        return None
    length = _length(key, dataset)
    if steps is not None and length is not None and steps > length:
        raise ConfigError(
            f"data.steps: expected at most {length}, the number of batches of {type(dataset).__name__}, or null for "
            "all of "
            f"them, got {steps}"
        )
    length = length if steps is None else steps
    return Items(key, dataset, convert, None if length is None else range(length))


def _length(key: str, dataset: Any) -> int | None:
    with _errors_named(f"{key}: {type(dataset).__name__}.{'num_batches' if _has_num_batches(dataset) else '__len__'}"):
        try:
            length = dataset.num_batches if _has_num_batches(dataset) else len(dataset)
        except NotImplementedError as error:
            raise ConfigError(
                f"{key}: the number of batches of {type(dataset).__name__} is unknown; expected a method __len__, or a "
                "property num_batches that is None if they never end"
            ) from error
    return None if length is None else int(length)


def _has_num_batches(dataset: Any) -> bool:
    return hasattr(type(dataset), "num_batches")


def _is_own(dataset: Any, hook: str) -> bool:
    """Whether a dataset overrides a hook of `keras.utils.PyDataset`, where it does nothing."""
    found = getattr(dataset, hook, None)
    return callable(found) and getattr(found, "__module__", "").partition(".")[0] != "keras"


def _seeded(fetch: Callable[[int], Any], seed: Sequence[int], number: int) -> Any:
    seed_python_and_numpy([*seed, number])
    return fetch(number)


@contextmanager
def _errors_named(what: str) -> Iterator[None]:
    """Converts an error in a user's own code to one line."""
    try:
        yield
    except (PipelineError, MemoryError):
        raise
    except Exception as error:
        raise DataError(f"{what}: {type(error).__name__}: {one_line(error)}") from error
