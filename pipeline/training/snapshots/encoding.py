"""Takes plain values apart into JSON and arrays, and puts them together again with their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.errors import with_article

MANY = 64
"""Tuples with at least this many whole numbers become an array. The state of Python's random numbers has 625."""


def taken_apart(value: Any, arrays: list[Any]) -> Any:
    """Returns a value in a form that JSON can hold. Arrays in it are moved to `arrays` and replaced by numbers.

    Args:
        value: None, bool, int, float, str, arrays and NumPy scalars, and lists, tuples, sets and dicts of these.
        arrays: The list that arrays are appended to.

    Raises:
        TypeError: Some part of the value is not plain.
        TypeError: Something in it is not plain.
    """
    if isinstance(value, np.generic | np.ndarray):
        arrays.append(np.asarray(value))
        return {"array" if isinstance(value, np.ndarray) else "scalar": len(arrays) - 1}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [taken_apart(item, arrays) for item in value]
    if isinstance(value, tuple) and len(value) > MANY and set(map(type, value)) == {int} and max(value) < 2**63:
        return {"numbers": taken_apart(np.array(value), arrays)["array"]}
    if isinstance(value, tuple | set | frozenset):
        kind = "tuple" if isinstance(value, tuple) else "set"
        return {kind: [taken_apart(item, arrays) for item in value]}
    if isinstance(value, Mapping):
        return {"dict": [[taken_apart(key, arrays), taken_apart(item, arrays)] for key, item in value.items()]}
    if hasattr(value, "__array__"):
        return taken_apart(np.asarray(value), arrays)
    raise TypeError(f"{with_article(value)} is not a plain value")


def arranged(tree: Any, arrays: Sequence[np.ndarray]) -> Any:
    """Reverses `taken_apart`."""
    if isinstance(tree, list):
        return [arranged(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    ((kind, held),) = tree.items()
    match kind:
        case "array":
            return arrays[held]
        case "scalar":
            return arrays[held][()]
        case "dict":
            return {arranged(key, arrays): arranged(item, arrays) for key, item in held}
        case "numbers":
            return tuple(arrays[held].tolist())
        case "tuple":
            return tuple(arranged(item, arrays) for item in held)
        case "set":
            return {arranged(item, arrays) for item in held}
    raise ValueError(f"no kind '{kind}' of values")
