"""Feeds: the batches of an epoch as the arguments of compiled blocks, many batches in each."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.spec import Shape
from pipeline.errors import DataError, PipelineError, one_line
from pipeline.training.blocks import Step, resident_block, stacked_block
from pipeline.training.signature import Signature

RESIDENT_BYTES = 2**31
"""Data up to this size is kept as tensors; larger data is streamed."""
STACK_BYTES = 2**26
"""Most bytes of a stack of batches; three stacks are in memory at a time."""


class Feed:
    """Turns batches into blocks.

    Attributes:
        batches: The batches.
    """

    def __init__(self, batches: Batches, signature: Signature) -> None:
        self.batches = batches
        self.signature = signature
        self._resident = batches.examples if _fits(batches.examples) else None
        self._tensors: Any = None

    def block(self, step: Step, *, jit: bool, eager: bool) -> Callable[[Any], Any]:
        """Returns the function that runs what `blocks` yields, and returns the logs of its last step."""
        if self._resident is None:
            return stacked_block(step, self._stack_signature(), jit=jit, eager=eager)
        if self._tensors is None:
            arrays = self._structured(self._resident)
            self._tensors = tf.nest.map_structure(tf.constant, arrays)
        return resident_block(step, self._tensors, jit=jit, eager=eager)

    def blocks(self, epoch: int, size: Callable[[], int]) -> Iterator[tuple[int, Any]]:
        """Yields number of steps and argument of each block of an epoch.

        Args:
            epoch: Number of the epoch.
            size: Most steps of the next block; fewer where batches differ in shape.

        Raises:
            DataError: The data went wrong while it was drawn, or there is none.
        """
        drawn = 0
        blocks: Iterator[tuple[int, Any]]
        if self._resident is not None:
            grouped = _grouped(self.batches.rows(epoch), size, lambda rows: rows.shape)
            blocks = ((len(rows), np.stack(rows).astype("int32")) for rows in grouped)
        else:
            packed = (self._structured(batch) for batch in _told(self.batches.epoch(epoch)))
            stacks = self._stack_signature()
            blocks = _prefetched(
                (len(group), tf.nest.map_structure(_stacked, stacks, *group))
                for group in _grouped(packed, size, _shapes)
            )
        for steps, argument in blocks:
            drawn += steps
            yield steps, argument
        if not drawn:
            raise DataError("data: has no batches")

    def _structured(self, batch: Examples) -> Any:
        """Returns (inputs, targets[, weights]) in the model's structure."""
        parts = [self.signature.pack_inputs(batch.inputs), self.signature.pack_outputs(self._targets(batch))]
        if self.batches.weighted:
            one = np.ones(len(batch), "float32")
            weights = {name: batch.weights.get(name, one) for name in self.signature.outputs}
            parts.append(self.signature.pack_outputs(weights))
        return _as_tuples(parts)

    def _stack_signature(self) -> Any:
        spec = self.batches.spec
        inputs = {name: _stack_of(given.shape, given.dtype) for name, given in spec.inputs.items()}
        targets = {}
        for name, shape in self.signature.outputs.items():
            target = spec.targets.get(name)
            one = tuple(size or 1 for size in shape)
            targets[name] = _stack_of(target.shape, target.dtype) if target else _stack_of(one, "float32")
        parts = [self.signature.pack_inputs(inputs), self.signature.pack_outputs(targets)]
        if self.batches.weighted:
            parts.append(self.signature.pack_outputs(dict.fromkeys(targets, _stack_of((), "float32"))))
        return _as_tuples(parts)

    def _targets(self, batch: Examples) -> dict[str, np.ndarray]:
        # Keras wants something for every output; what an output without a target gets is never looked at.
        targets = {}
        for name, shape in self.signature.outputs.items():
            if name in batch.targets:
                targets[name] = batch.targets[name]
            else:
                targets[name] = np.zeros((len(batch), *(size or 1 for size in shape)), "float32")
        return targets


def _fits(examples: Examples | None) -> bool:
    if examples is None:
        return False
    varying = any(None in spec.shape for spec in examples.spec.inputs.values())
    size = sum(array.nbytes for arrays in (examples.inputs, examples.targets) for array in arrays.values())
    return not varying and size <= RESIDENT_BYTES


def _grouped(items: Iterable[Any], size: Callable[[], int], kind: Callable[[Any], Any]) -> Iterator[list[Any]]:
    """Groups neighbours of the same kind, up to `size` and `STACK_BYTES`."""
    group: list[Any] = []
    for item in items:
        if group and (len(group) >= min(size(), STACK_BYTES // _bytes(item)) or kind(item) != kind(group[0])):
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _stack_of(shape: Shape, dtype: str) -> tf.TensorSpec:
    return tf.TensorSpec((None, None, *shape), dtype)


def _stacked(stack: tf.TensorSpec, *batches: np.ndarray) -> tf.Tensor:
    return tf.constant(np.stack(batches), stack.dtype)


def _as_tuples(parts: list[Any]) -> Any:
    # To TensorFlow a list may be a tensor, a tuple is a structure; to Keras they are the same structure.
    return tuple(tuple(part) if isinstance(part, list) else part for part in parts)


def _bytes(structure: Any) -> int:
    return max(1, sum(array.nbytes for array in tf.nest.flatten(structure)))


def _shapes(structure: Any) -> list[tuple[int, ...]]:
    return [array.shape for array in tf.nest.flatten(structure)]


def _told(batches: Iterator[Examples]) -> Iterator[Examples]:
    """Draws batches; an error of a user's own code becomes one line."""
    while True:
        try:
            batch = next(batches)
        except StopIteration:
            return
        except PipelineError:
            raise
        except Exception as error:
            raise DataError(f"data: {type(error).__name__}: {one_line(error)}") from error
        yield batch


def _prefetched(items: Iterator[Any], depth: int = 2) -> Iterator[Any]:
    """Draws from another thread while the last items are worked on."""
    waiting: queue.Queue[Any] = queue.Queue(depth)
    stop = threading.Event()

    def put(item: Any) -> bool:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def draw() -> None:
        try:
            for item in items:
                if not put((item, None)):
                    return
            put((None, None))
        except BaseException as error:  # noqa: BLE001
            put((None, error))

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    try:
        while True:
            item, error = waiting.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        stop.set()
        thread.join()
