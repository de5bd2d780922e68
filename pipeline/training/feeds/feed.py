"""What a feed is: the source of the batches of each epoch, in stacks."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

STACK_BYTES = 2**26
"""The largest size of a stack in bytes. A few stacks are in memory at a time."""
STACK_STEPS = 128
"""The most batches in a stack. More would not hide more of a call's cost, and would delay the first step."""
STACK_SECONDS = 0.2
"""How long a stack may wait for more batches from a slow source."""


@dataclass(frozen=True)
class Stack:
    """Batches of the same shape.

    Attributes:
        values: The arguments of a compiled call, with one entry per batch along the first axis. Only the feed knows
            what they contain.
        steps: The number of the batch before which they end.
        start: The number of the first batch, if earlier ones belong to the epoch before.
    """

    values: list[Any]
    steps: int
    start: int = 0


class Structure:
    """The nesting of tuples, lists and dicts in which a step takes its batch, without the tensors."""

    def __init__(self, example: Any) -> None:
        self._example = example
        self._there = [leaf is not None for leaf in tf.nest.flatten(example)]

    def __str__(self) -> str:
        """Returns a text that differs between structures."""
        return str(tf.nest.map_structure(lambda leaf: leaf is not None, self._example))

    @staticmethod
    def leaves(nested: Any) -> list[Any]:
        """Returns the leaves in order. None counts as nothing."""
        return [leaf for leaf in tf.nest.flatten(nested) if leaf is not None]

    def packed(self, leaves: Sequence[Any]) -> Any:
        """Returns the leaves in this structure."""
        left = iter(leaves)
        return tf.nest.pack_sequence_as(self._example, [next(left) if there else None for there in self._there])


Batcher = Callable[[Sequence[Any], Sequence[Any], Any], list[Any]]
"""Returns the tensors of a batch, from the values of a stack, the feed's constants, and the number of the batch."""


def without_first(stacks: Iterable[Stack], skip: int) -> Iterator[Stack]:
    """Yields stacks without their first `skip` batches. The rest keep their places in their stacks."""
    for stack in stacks:
        skipped = min(skip, stack.steps - stack.start)
        skip -= skipped
        if stack.start + skipped < stack.steps:
            yield replace(stack, start=stack.start + skipped) if skipped else stack


def sliced(values: Sequence[Any], constants: Sequence[Any], index: Any) -> list[Any]:  # noqa: ARG001
    """Returns one batch from values that are stacked batches."""
    return [value[index] for value in values]


class Feed(abc.ABC):
    """Provides the batches of each epoch, in stacks.

    Attributes:
        steps: Batches per epoch; None if unknown.
        structure: The structure of a batch. It is known when the first stack has been drawn.
        constants: Tensors that compiled calls get in addition to stacks, with a first axis of any length.
        capacity: The most batches in a stack.
        loops: Whether a graph can loop over the batches of a stack.
        specs: Shape and dtype of the tensors of a batch, the first axis of any length; None if only a stack shows it.
    """

    steps: int | None = None
    structure: Structure
    constants: Sequence[Any] = ()
    capacity: int = STACK_STEPS
    loops: bool = True
    specs: list[tf.TensorSpec] | None = None

    @abc.abstractmethod
    def stacks(self, epoch: int, skip: int = 0) -> Iterator[Stack]:
        """Yields the batches of an epoch, without the first `skip` of them."""

    def batcher(self) -> Batcher:
        """Returns what takes a batch from a stack, also in graphs. It outlives the feed, so it must not hold it."""
        return sliced

    def batch_specs(self, stack: Stack) -> list[tf.TensorSpec]:
        """Returns shape and dtype of the tensors of a batch of a stack, with a first axis of any length."""
        return self.specs or [tf.TensorSpec((None, *value.shape[2:]), value.dtype) for value in stack.values]

    def value_specs(self, batch: Sequence[tf.TensorSpec]) -> list[tf.TensorSpec]:
        """Returns shape and dtype of the values of a stack, given those of a batch."""
        return [tf.TensorSpec((None, *spec.shape), spec.dtype) for spec in batch]
