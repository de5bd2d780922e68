"""The seed of a training's shuffles, taken from the global seed without drawing from any global generator."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from tensorflow.python.eager import context

_numbers: WeakKeyDictionary[Any, Iterator[int]] = WeakKeyDictionary()
"""The number of seeds given since TensorFlow's seed was last set, by the generator that setting it creates."""


def shuffle_seed() -> list[int]:
    """Returns a seed for `numpy.random.default_rng`.

    It differs for each call. After `keras.utils.set_random_seed` or `tf.random.set_seed` with the same number, the same
    seeds come again. Without those it is unpredictable, as in Keras.
    """
    seed = context.global_seed()
    if seed is None:
        return [secrets.randbits(64)]
    numbers = _numbers.setdefault(context.context()._rng, itertools.count())
    return [int(seed) % 2**64, next(numbers)]
