"""A trial: times a few steps with and without XLA on the model itself, then restores the model's state."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

from pipeline.training.feeds import Stack
from pipeline.training.model_variables import variables_of
from pipeline.training.steps import Steps
from pipeline.training.xla import Compilation

TRIAL_STEPS = 8
WORTHWHILE = 0.85
"""The highest share of the time without XLA. Near 1, the choice would differ from run to run."""


def tried(model: keras.Model, steps: Steps, stack: Stack) -> Compilation:
    """Times a few steps on a stack with and without XLA, then restores the model.

    Args:
        model: The model to train.
        steps: Its steps.
        stack: The batches that training uses next.
    """
    count = min(TRIAL_STEPS, stack.steps - stack.start)
    steps.trace(stack)
    with unchanged(model):
        without = _seconds(steps, stack, count)
        steps.jit = True
        with_xla = _seconds(steps, stack, count)
        if not steps.jit:
            return Compilation(False, "XLA cannot compile the model")
        steps.jit = False
    faster = with_xla < WORTHWHILE * without
    milliseconds = f"{1e3 * with_xla / count:.2f} ms with XLA and {1e3 * without / count:.2f} ms without"
    return Compilation(faster, f"a step takes {milliseconds}")


@contextmanager
def unchanged(model: keras.Model) -> Iterator[None]:
    """Restores every variable of a model, its optimizer and its metrics afterwards."""
    kept = [(variable, np.array(variable)) for variable in variables_of(model)]
    try:
        yield
    finally:
        for variable, value in kept:
            variable.assign(value)


def _seconds(steps: Steps, stack: Stack, count: int) -> float:
    times = []
    # The first call compiles and is not timed.
    for _ in range(3):
        start = time.perf_counter()
        keras.tree.map_structure(np.asarray, steps.last(stack, stack.start, count))
        times.append(time.perf_counter() - start)
    return min(times[1:])
