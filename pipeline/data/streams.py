"""Data that is drawn, not held in memory: single examples through `tf.data`, or batches from a user's code."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.schema import REFUSE
from pipeline.data.checks import check_values
from pipeline.data.examples import Arrays, Examples, Weigh, count_classes, multiplied
from pipeline.data.items import Items
from pipeline.data.missing_labels import Missing, masked_examples
from pipeline.data.shuffling import is_shuffled_anew
from pipeline.data.spec import DataSpec, Shape
from pipeline.errors import DataError

if TYPE_CHECKING:
    import tensorflow as tf

CHUNK = 1024


@dataclass(frozen=True, eq=False)
class ExampleStream:
    """Single examples through `tf.data`.

    Attributes:
        spec: The spec of one example.
        dataset: Elements are (inputs, targets, columns), each a dict of tensors by name, without a batch axis.
        length: Number of examples; None if unknown.
        endless: Whether it never ends.
        weigh: Returns the weights of drawn examples; None for no weights.
        weight_shapes: Shapes of the weights of one example by target name; `()` for other targets.
        missing: How missing labels are marked.
    """

    spec: DataSpec
    dataset: tf.data.Dataset
    length: int | None = None
    endless: bool = False
    weigh: Weigh | None = None
    weight_shapes: Mapping[str, Shape] = field(default_factory=dict)
    missing: Missing = REFUSE

    @property
    def weighted(self) -> bool:
        """Whether its batches have sample weights."""
        return self.weigh is not None or _lacks_labels(self.spec)

    def weighed_by(self, weigh: Weigh) -> ExampleStream:
        """Returns it with the sample weights from `weigh`, multiplied by its previous ones."""
        weighed = replace(self, weigh=_both(self.weigh, weigh))
        if not _has_positions(self.spec):
            return weighed
        first = next(weighed.batches(batched(self.dataset.take(1), 1, self.spec)), None)
        return replace(weighed, weight_shapes=weight_shapes(first))

    def batches(self, dataset: tf.data.Dataset) -> Iterator[Examples]:
        """Draws batches from a batched form of `dataset`, checked and weighted."""
        for inputs, targets, columns in dataset.as_numpy_iterator():
            yield finished(Examples(self.spec, inputs, targets, {}, columns), self.weigh, self.missing)

    def chunks(self) -> Iterator[Examples]:
        """Draws all examples in order, many at a time, for code that needs all of them."""
        if self.endless:
            return
        yield from replace(self, weigh=None).batches(batched(self.dataset, CHUNK, self.spec))

    def class_counts(self, target: str) -> np.ndarray | None:
        """Returns how often each class of a target occurs, by one pass over the data; None if it is endless."""
        return None if self.endless else _sum_of_counts(self.chunks(), target)

    def fingerprint(self) -> dict[str, Any]:
        """Returns the number of examples and a hash of the first ones."""
        first = next(replace(self, weigh=None).batches(batched(self.dataset.take(CHUNK), CHUNK, self.spec)), None)
        return _fingerprint_of_first(first, {"examples": self.length}, "the first examples")


class DatasetPasses:
    """Counted passes over a batched `tf.data.Dataset`.

    A dataset that reshuffles in every pass depends on how many passes of any kind were begun before.

    Args:
        dataset: The dataset.

    Attributes:
        begun: Number of passes begun.
        shuffled_anew: Whether every pass has a different order.
    """

    def __init__(self, dataset: tf.data.Dataset) -> None:
        self.begun = 0
        self.shuffled_anew = is_shuffled_anew(dataset)
        self._dataset = dataset

    def __call__(self, number: int) -> Iterator[Any]:  # noqa: ARG002
        """Begins a pass."""
        self.begun += 1
        return iter(self._dataset.as_numpy_iterator())

    def go_on(self, begun: int) -> None:
        """Makes the next pass what it would be after a number of others."""
        while self.begun < begun:
            self(0)


@dataclass(frozen=True, eq=False)
class BatchStream:
    """Batches from a user's generator, `keras.utils.PyDataset` or batched `tf.data.Dataset`.

    Attributes:
        spec: The spec of one example.
        open: Starts a pass over the data, given the number of the pass; it may be called at any time, several times.
        steps: Number of batches per pass; None if unknown.
        endless: Whether a pass never ends.
        weigh: Returns the weights of drawn examples; None keeps the batches' own weights.
        weighted: Whether the batches have their own sample weights.
        weight_shapes: Shapes of the weights of one example by target name; `()` for other targets.
        passes: The counter of passes, if a pass depends on those before.
        missing: How missing labels are marked.
        items: The batches by number, if the data has them.
    """

    spec: DataSpec
    open: Callable[[int], Iterable[Examples]]
    steps: int | None = None
    endless: bool = False
    weigh: Weigh | None = None
    weighted: bool = False
    passes: DatasetPasses | None = None
    weight_shapes: Mapping[str, Shape] = field(default_factory=dict)
    missing: Missing = REFUSE
    items: Items | None = None

    def weighed_by(self, weigh: Weigh) -> BatchStream:
        """Returns it with the sample weights from `weigh`, multiplied by its previous ones."""
        weighed = replace(self, weigh=_both(self.weigh, weigh))
        if not _has_positions(self.spec):
            return weighed
        return replace(weighed, weight_shapes=weight_shapes(next(iter(weighed.batches(0)), None)))

    def batches(self, number: int) -> Iterator[Examples]:
        """Draws the batches of one pass, checked and weighted.

        Raises:
            DataError: It has no batches, or fewer than announced.
        """
        drawn = 0
        for batch in self.finished(itertools.islice(self.open(number), self.steps)):
            drawn += 1
            yield batch
        if not drawn:
            raise DataError("data: yields no batches; expected at least one (inputs, targets) tuple")
        if self.steps is not None and drawn < self.steps:
            raise DataError(
                f"data: ended after {drawn} of the {self.steps} batches of an epoch; set data.steps={drawn}"
            )

    def finished(self, batches: Iterable[Examples]) -> Iterator[Examples]:
        """Yields drawn batches, checked and weighted."""
        return (finished(replace(batch, spec=self.spec), self.weigh, self.missing) for batch in batches)

    def chunks(self) -> Iterator[Examples]:
        """Draws all batches of the first pass, for code that needs all examples."""
        if self.endless:
            return
        data = replace(self, weigh=None)
        if self.items is None:
            yield from data.batches(0)
        else:
            yield from data.finished(self.items.fetched_ahead(self.items.order(None), [0]))

    def class_counts(self, target: str) -> np.ndarray | None:
        """Returns how often each class of a target occurs, by one pass over the data; None if it is endless."""
        return None if self.endless else _sum_of_counts(self.chunks(), target)

    def fingerprint(self) -> dict[str, Any]:
        """Returns the number of batches and a hash of the first one."""
        return _fingerprint_of_first(next(iter(self.open(0)), None), {"batches": self.steps}, "the first batch")


Data = Examples | ExampleStream | BatchStream


def batched(dataset: tf.data.Dataset, batch_size: int, spec: DataSpec) -> tf.data.Dataset:
    """Batches single examples, padding inputs of varying length with zeros to the longest in their batch."""
    if any(None in s.shape for s in spec.inputs.values()):
        return dataset.padded_batch(batch_size)
    return dataset.batch(batch_size)


def finished(batch: Examples, weigh: Weigh | None, missing: Missing = REFUSE) -> Examples:
    """Returns a drawn batch with its weights, its missing labels masked and its values checked."""
    whole = masked_examples(batch, missing, of_stream=True)
    weighed = whole.weighed_by(weigh) if weigh else whole
    check_values(weighed)
    return weighed


def weight_shapes(examples: Examples | None) -> dict[str, Shape]:
    """Returns the shapes of the sample weights of one example by target name."""
    return {} if examples is None else {name: array.shape[1:] for name, array in examples.weights.items()}


def _both(first: Weigh | None, second: Weigh) -> Weigh:
    if first is None:
        return second

    def both(examples: Examples) -> Arrays:
        weights = dict(first(examples))
        for name, given in second(examples).items():
            weights[name] = multiplied(np.asarray(given), np.asarray(weights[name])) if name in weights else given
        return weights

    return both


def _lacks_labels(spec: DataSpec) -> bool:
    return any(target.missing for target in spec.targets.values())


def _has_positions(spec: DataSpec) -> bool:
    """Whether weights may have other shapes than one number per example, which only some of them can show."""
    return any(target.shape not in ((), (1,)) for target in spec.targets.values())


def _sum_of_counts(chunks: Iterable[Examples], target: str) -> np.ndarray:
    counts = [count_classes(chunk, target) for chunk in chunks]
    if not counts:
        raise DataError("data: has no examples")
    return np.sum(counts, axis=0)


def _fingerprint_of_first(first: Examples | None, size: dict[str, Any], of: str) -> dict[str, Any]:
    if first is None:
        raise DataError("data: has no examples")
    return {**size, "sha256": first.fingerprint()["sha256"], "of": of}
