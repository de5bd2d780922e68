"""Frees what a job leaves in its process, so that a sweep of many jobs needs no more memory than one job."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache


@contextmanager
def freed() -> Iterator[None]:
    """Frees the models and graphs of the job inside the context, even if it fails.

    TensorFlow keeps every custom gradient that a graph was traced with, and each Keras optimizer traces one. Its
    function would keep the graph of every step that was ever traced alive.

    Objects that exist when the first job begins, mostly modules, stay until the process ends: looking for garbage
    among them would take a third of a short job.
    """
    import keras
    from tensorflow.python.framework import ops

    gradients = ops.gradient_registry._registry
    before = set(gradients)
    _set_apart_what_is_there()
    try:
        yield
    finally:
        for name in set(gradients) - before:
            del gradients[name]
        # Models and their graphs are cycles. They contain too few objects for the collector to run soon by itself, so
        # it is called here.
        keras.backend.clear_session()


def clear_frames(error: BaseException | None) -> None:
    """Clears the frames that an error has passed through, which live as long as the error."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            # Frames that are still running refuse.
            with suppress(RuntimeError):
                frame.clear()
                # Before Python 3.13, a copy of the variables requested earlier is updated by requesting it again.
                _ = frame.f_locals
        error = error.__cause__ or error.__context__


@cache
def _set_apart_what_is_there() -> None:
    """Makes the collector ignore the objects that exist now. Done once per process."""
    gc.freeze()
