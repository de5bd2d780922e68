"""Batches from Python code, stacked and prefetched on another thread while the loop runs."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.training.feeds.feed import STACK_BYTES, STACK_SECONDS, STACK_STEPS, Feed, Stack, Structure


class StackedFeed(Feed):
    """Stacks batches of NumPy arrays.

    Args:
        batches: Returns the batches of an epoch, each in the structure that the step takes. If called with a second
            number, it leaves out that many of the first batches.
        steps: Batches per epoch; None if unknown.
        specs: Shape and dtype of a batch in the same structure, with a first axis of any length; None takes them from
            the batches.
        begin: Called when an epoch begins.
        end: Called when an epoch ends, unless it was interrupted.
    """

    def __init__(
        self,
        batches: Callable[..., Iterable[Any]],
        steps: int | None = None,
        specs: Any | None = None,
        begin: Callable[[], Any] = lambda: None,
        end: Callable[[], Any] = lambda: None,
    ) -> None:
        self.steps = steps
        self._batches, self._begin, self._end = batches, begin, end
        self.specs = None if specs is None else Structure.leaves(specs)
        if specs is not None:
            self.structure = Structure(specs)

    def stacks(self, epoch: int, skip: int = 0) -> Iterator[Stack]:
        """See `Feed`."""
        self._begin()
        yield from prefetched(self._stacked(group) for group in grouped(self._leaves(epoch, skip)))
        self._end()

    def _leaves(self, epoch: int, skip: int) -> Iterator[list[np.ndarray]]:
        for batch in self._batches(epoch, skip) if skip else self._batches(epoch):
            if not hasattr(self, "structure"):
                self.structure = Structure(batch)
            yield Structure.leaves(batch)

    def _stacked(self, group: list[list[np.ndarray]]) -> Stack:
        dtypes: Sequence[Any] = [None] * len(group[0]) if self.specs is None else [s.dtype for s in self.specs]
        arrays = zip(*group, strict=True)
        return Stack([tf.constant(np.stack(a), dtype) for a, dtype in zip(arrays, dtypes, strict=True)], len(group))


def grouped(batches: Iterable[list[np.ndarray]]) -> Iterator[list[list[np.ndarray]]]:
    """Groups adjacent batches of equal shapes, up to the capacity of a stack and for at most `STACK_SECONDS`."""
    group: list[list[np.ndarray]] = []
    started = 0.0
    for batch in batches:
        if group:
            full = len(group) >= min(STACK_STEPS, STACK_BYTES // max(1, sum(array.nbytes for array in batch)))
            other = [array.shape for array in batch] != [array.shape for array in group[0]]
            if full or other or time.perf_counter() - started > STACK_SECONDS:
                yield group
                group = []
        if not group:
            started = time.perf_counter()
        group.append(batch)
    if group:
        yield group


def prefetched(items: Iterable[Any], depth: int = 2) -> Iterator[Any]:
    """Draws on another thread while the last items are processed. An error is raised where its item would have come."""
    waiting: queue.Queue[tuple[str, Any]] = queue.Queue(depth)
    stop = threading.Event()

    def put(kind: str, value: Any) -> bool:
        while not stop.is_set():
            try:
                waiting.put((kind, value), timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def draw() -> None:
        try:
            for item in items:
                if not put("item", item):
                    return
            put("end", None)
        except BaseException as error:  # noqa: BLE001
            put("error", error)

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    try:
        while True:
            kind, value = waiting.get()
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        stop.set()
        thread.join()
