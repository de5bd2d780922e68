"""Plain values: the values that can be stored and read back without running code of the object."""

from __future__ import annotations

import math
import random
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.data.randomness import check_numpy_state

SCALARS = {type(None), bool, int, float, str}
KEYS = {str, int}
SPECIAL: dict[Any, Any] = {deque: list, Counter: dict, OrderedDict: dict, defaultdict: dict}
"""Kinds of collections that are stored as a simpler one; `as_kind` restores them."""


class NotPlain(Exception):
    """A value that is not plain."""


class Copies:
    """Copies of plain values, which do not change when the originals do.

    An array that has not changed since its last copy is not copied again: the earlier copy is returned.
    """

    def __init__(self) -> None:
        self._before: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._now: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def start(self) -> None:
        """Forgets the arrays that were not copied since the last start."""
        self._before, self._now = self._now, {}

    def of(self, value: Any) -> Any:
        """Returns a copy of a value, with tensors as arrays.

        Raises:
            NotPlain: It is not one of None, bool, int, float, str, NumPy arrays and numbers, tensors, and lists,
                tuples, sets and dicts of them with texts and whole numbers as keys.
        """
        kind = type(value)
        if kind in SCALARS:
            return value
        if kind is dict:
            if not set(map(type, value)) <= KEYS:
                raise NotPlain
            if set(map(type, value.values())) <= SCALARS:
                return dict(value)
            return {key: self.of(below) for key, below in value.items()}
        if kind in (list, tuple, set):
            if set(map(type, value)) <= SCALARS:
                return kind(value)
            return kind(map(self.of, value))
        if kind in SPECIAL:
            return self.of(SPECIAL[kind](value))
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            return self._of_array(value)
        if isinstance(value, np.generic) and not value.dtype.hasobject:
            return value
        if isinstance(value, tf.Tensor) and hasattr(value, "numpy") and value.dtype != tf.string:
            return np.array(value)[()]
        raise NotPlain

    def _of_array(self, array: np.ndarray) -> np.ndarray:
        key = id(array)
        before = self._now.get(key) or self._before.get(key)
        unchanged = before is not None and before[0] is array and same(array, before[1])
        # Keeps the original too, so that no other array gets its identity.
        self._now[key] = before if before is not None and unchanged else (array, np.array(array))
        return self._now[key][1]


def same(one: Any, other: Any) -> bool:
    """Whether two plain values have the same types and identical bits."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if isinstance(one, (np.ndarray, np.generic)):
        return _same_bits(np.asarray(one), np.asarray(other))
    if kind is dict:
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if kind in (list, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if kind is float and (one == 0 or math.isnan(one)):
        return str(one) == str(other)
    return bool(one == other)


def as_kind(value: Any, present: Any) -> Any:
    """Returns a collection as the kind of the present one, if that is special; otherwise the value as it is."""
    if type(present) not in SPECIAL or type(value) is not SPECIAL[type(present)]:
        return value
    # A copy of the present one keeps what only its creator knew: the length of a deque, the default of a dict.
    made = present.copy()
    made.clear()
    (made.extend if isinstance(made, deque) else made.update)(value)
    return made


def generator_state(value: Any) -> Any:
    """Returns the state of a random number generator; None if the value is not one."""
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if isinstance(value, np.random.RandomState):
        return value.get_state(legacy=False)
    if type(value) is random.Random:
        return value.getstate()
    return None


def set_generator_state(value: Any, state: Any) -> None:
    """Sets a random number generator to a state that `generator_state` returned.

    Raises:
        ValueError: It is not such a state.
    """
    if isinstance(state, Mapping):
        check_numpy_state(state)
    if isinstance(value, np.random.Generator):
        value.bit_generator.state = state
    elif isinstance(value, np.random.RandomState):
        value.set_state(state)
    elif type(value) is random.Random:
        value.setstate(state)


def _same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    first, second = (np.ascontiguousarray(array).reshape(-1).view("u1") for array in (one, other))
    return np.array_equal(first, second)
