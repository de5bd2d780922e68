"""What a feed is: where the batches of an epoch come from, stacked."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

STACK_BYTES = 2**26
"""Most bytes of a stack of batches; a few stacks are in memory at a time."""
STACK_STEPS = 128
"""Most batches in a stack: more would hide no more of the cost of a call, and be later with the first step."""
STACK_SECONDS = 0.2
"""How long a stack may wait for further batches of a slow source."""


@dataclass(frozen=True)
class Stack:
    """Batches of the same shape.

    Attributes:
        values: What a compiled call gets, for each batch along the first axis; what is in it, the feed knows.
        steps: Number of the batch before which they end.
        start: Number of the first batch, where the ones before belong to the epoch before.
    """

    values: list[Any]
    steps: int
    start: int = 0


class Structure:
    """The nesting of tuples, lists and dicts in which a step takes its batch, apart from the tensors in it."""

    def __init__(self, example: Any) -> None:
        self._example = example
        self._there = [leaf is not None for leaf in tf.nest.flatten(example)]

    def __str__(self) -> str:
        """Tells structures apart."""
        return str(tf.nest.map_structure(lambda leaf: leaf is not None, self._example))

    @staticmethod
    def leaves(nested: Any) -> list[Any]:
        """Returns what is in it, in order; None counts as nothing."""
        return [leaf for leaf in tf.nest.flatten(nested) if leaf is not None]

    def packed(self, leaves: Sequence[Any]) -> Any:
        """Returns the leaves nested."""
        left = iter(leaves)
        return tf.nest.pack_sequence_as(self._example, [next(left) if there else None for there in self._there])


Batcher = Callable[[Sequence[Any], Sequence[Any], Any], list[Any]]
"""Returns the tensors of a batch, given the values of a stack, the feed's constants, and the number of the batch."""


def without_first(stacks: Iterable[Stack], skip: int) -> Iterator[Stack]:
    """Yields stacks without their first `skip` batches; those that are left stay where they are in their stacks."""
    for stack in stacks:
        skipped = min(skip, stack.steps - stack.start)
        skip -= skipped
        if stack.start + skipped < stack.steps:
            yield replace(stack, start=stack.start + skipped) if skipped else stack


def sliced(values: Sequence[Any], constants: Sequence[Any], index: Any) -> list[Any]:  # noqa: ARG001
    """Returns a batch of values that are stacked batches."""
    return [value[index] for value in values]


class Feed(abc.ABC):
    """Gives the batches of each epoch, stacked.

    Attributes:
        steps: Batches an epoch; None if nobody knows.
        structure: Of a batch; known at the latest with the first stack.
        constants: Tensors that compiled calls get besides stacks, the first axis of any length.
        capacity: Most batches in a stack.
        loops: Whether the batches of a stack can be looped over in a graph.
        specs: Shape and dtype of the tensors of a batch, the first axis of any length; None if only a stack tells.
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
        """Returns what takes a batch from a stack, in graphs too; it must not hold the feed, whose data it outlives."""
        return sliced

    def batch_specs(self, stack: Stack) -> list[tf.TensorSpec]:
        """Returns shape and dtype of the tensors of a batch of a stack, the first axis of any length."""
        return self.specs or [tf.TensorSpec((None, *value.shape[2:]), value.dtype) for value in stack.values]

    def value_specs(self, batch: Sequence[tf.TensorSpec]) -> list[tf.TensorSpec]:
        """Returns shape and dtype of the values of a stack, given those of a batch."""
        return [tf.TensorSpec((None, *spec.shape), spec.dtype) for spec in batch]
