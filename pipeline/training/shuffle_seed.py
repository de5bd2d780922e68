"""The seed of a training's shuffles, from the global seed and without a draw from any global generator."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from tensorflow.python.eager import context

_numbers: WeakKeyDictionary[Any, Iterator[int]] = WeakKeyDictionary()
"""By the generator that TensorFlow makes whenever its seed is set: how many seeds were given since."""


def shuffle_seed() -> list[int]:
    """Returns a seed for `numpy.random.default_rng`.

    It is another one for each call, and the same ones come again after `keras.utils.set_random_seed` or
    `tf.random.set_seed` with the same number. Without those, nobody can tell it, as with Keras.
    """
    seed = context.global_seed()
    if seed is None:
        return [secrets.randbits(64)]
    numbers = _numbers.setdefault(context.context()._rng, itertools.count())
    return [int(seed) % 2**64, next(numbers)]
