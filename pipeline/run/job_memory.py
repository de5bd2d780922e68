"""What a job leaves in its process, freed at its end, so that a sweep of many jobs needs no more memory than of one."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache


@contextmanager
def freed() -> Iterator[None]:
    """Frees the models and graphs of the job that runs within it, also if that fails.

    TensorFlow never forgets a custom gradient that a graph was traced with, and Keras' optimizers trace one for each:
    its function would hold the graph of every step that was ever traced.

    What there is when the first job begins, mostly modules, stays to the end of the process: to look for garbage among
    it would take a third of a short job.
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
        # Models and their graphs are cycles, of which the collector sees too few objects to look at them soon: this has
        # it look.
        keras.backend.clear_session()


def clear_frames(error: BaseException | None) -> None:
    """Lets the frames that an error has come through, which live as long as it, hold nothing any more."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            # Those that still run refuse.
            with suppress(RuntimeError):
                frame.clear()
                # Before Python 3.13, a copy of the variables that somebody has asked for follows when asked for again.
                _ = frame.f_locals
        error = error.__cause__ or error.__context__


@cache
def _set_apart_what_is_there() -> None:
    """Has the collector look no more at what there is, once in a process."""
    gc.freeze()
