"""The state of the process-wide random number generators of Python, NumPy and TensorFlow.

A model's layers keep theirs in variables of the model; the pipeline's own shuffles depend only on seed and epoch.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from typing_extensions import TypedDict

from pipeline.errors import ConfigError, one_line
from pipeline.security.plain_types import Array

GLOBAL_GENERATOR = "global_seed_generator"
MERSENNE_TWISTER = 624
"""Count of numbers in the generator's state."""


class RandomTypes(TypedDict):
    """What `random_state` returns."""

    python: tuple[Any, ...]
    numpy: dict[str, Any]
    keras: Array | None
    tensorflow: tuple[Any, ...] | None


def random_state() -> dict[str, Any]:
    """Returns the state of all generators, as plain values."""
    from keras.src.backend.common import global_state

    own, tensorflow = global_state.get_global_attribute(GLOBAL_GENERATOR), _of_tensorflow()
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(legacy=False),
        "keras": None if own is None else np.array(own.state),
        "tensorflow": None if tensorflow is None else tensorflow.getstate(),
    }


def set_random_state(state: Mapping[str, Any]) -> None:
    """Sets the state of all generators.

    Raises:
        ConfigError: It is not a state of theirs.
    """
    try:
        _set(state)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ConfigError(
            f"resume: the random state in the snapshot is invalid: {one_line(error)}; start a new run without resume"
        ) from error


def _set(state: Mapping[str, Any]) -> None:
    if state["keras"] is not None:
        from keras.src.random.seed_generator import global_seed_generator

        global_seed_generator().state.assign(state["keras"])
    random.setstate(state["python"])
    check_numpy_state(state["numpy"])
    np.random.set_state(state["numpy"])
    tensorflow = _of_tensorflow()
    if state["tensorflow"] is not None and tensorflow is not None:
        tensorflow.setstate(state["tensorflow"])


def seed_python_and_numpy(seed: Sequence[int]) -> None:
    """Seeds the generators of Python and of NumPy for the whole process."""
    words = np.random.SeedSequence(seed).generate_state(8)
    random.seed(words.tobytes())
    np.random.seed(words)


@contextmanager
def own_randomness(seed: Sequence[int]) -> Iterator[None]:
    """Seeds the generators of Python and NumPy within a context, and restores their state afterwards."""
    python, numpy = random.getstate(), np.random.get_state(legacy=False)
    seed_python_and_numpy(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def check_numpy_state(state: Mapping[str, Any]) -> None:
    """Refuses a position outside of a Mersenne Twister's numbers, which NumPy would read from without an error.

    Raises:
        ValueError: There is no such position.
    """
    inner = state.get("state")
    if isinstance(inner, Mapping) and "pos" in inner and not 0 <= int(inner["pos"]) <= MERSENNE_TWISTER:
        raise ValueError(f"position {inner['pos']} is outside of the {MERSENNE_TWISTER} numbers")


def _of_tensorflow() -> Any:
    """Returns the generator of seeds for operations without one; None unless a global seed is set."""
    from tensorflow.python.eager import context

    return getattr(context.context(), "_rng", None)
