"""Checks the numbers and choices among the arguments of `fit`, `evaluate` and `predict` before anything runs.

Everything that Keras accepts is accepted. What Keras would refuse only later, with an error from Python or TensorFlow,
is refused at once with a line that names the argument.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any, ParamSpec, TypeVar

import keras
import numpy as np
from keras.src.trainers.data_adapters.array_data_adapter import can_convert_arrays

from pipeline.errors import nearest

P = ParamSpec("P")
R = TypeVar("R")
LONGEST = 60
PLAIN = (bool, int, float, complex, str, bytes, np.generic)
"""Types of values that are a single number or text, which no array is."""


def with_known_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Refuses unknown keyword arguments of a function, and names the nearest known one."""
    known = inspect.signature(function).parameters

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        for name in kwargs:
            if name not in known:
                raise TypeError(
                    f"{function.__name__}() got an unexpected keyword argument '{name}'{nearest(name, known)}"
                )
        return function(*args, **kwargs)

    return called


def whole_number(name: str, value: Any) -> int:
    """Returns a whole number: an int, or what Python accepts as one, such as NumPy's.

    Args:
        name: The argument, for messages.
        value: Its value.

    Raises:
        TypeError: It is not a whole number.
    """
    try:
        return operator.index(bool(value) if isinstance(value, np.bool_) else value)
    except TypeError:
        raise TypeError(f"{name}: expected a whole number, got {found(value)}") from None


def check_arrays(x: Any, y: Any = None, sample_weight: Any = None) -> None:
    """Refuses plain lists of numbers and the like. Keras' own message names only `x`, whichever argument it is.

    Args:
        x: Inputs, or batches of everything.
        y: Targets.
        sample_weight: Weights.

    Raises:
        ValueError: A part is not an array.
    """
    inputs = _plain("x", x)
    others = [_plain("y", y), _plain("sample_weight", sample_weight)] if inputs or can_convert_arrays((x,)) else []
    for name, value in filter(None, [inputs, *others]):
        kind = type(value).__name__
        raise ValueError(
            f"{name}: expected an array or a tensor, such as numpy.array(…), got the {kind} {found(value)}"
        )


def checked_batch_size(name: str, value: Any, data: Any) -> int | None:
    """Returns the number of examples per batch; None for Keras' default, which 0 means too.

    Args:
        name: The argument, for messages.
        value: Its value.
        data: Inputs, targets and weights. Data that comes in batches needs no size.

    Raises:
        TypeError: It is not a whole number.
        ValueError: It is below 0.
    """
    if value is None or not can_convert_arrays(data):
        return None
    number = whole_number(name, value)
    if number < 0:
        raise ValueError(f"{name}: expected a whole number of 1 or more, got {number}")
    return number or None


def checked_steps(name: str, value: Any, data: Any, batch_size: int | None) -> int | None:
    """Returns the number of batches per pass; None for all there are, which 0 means too.

    Args:
        name: The argument, for messages.
        value: Its value. A number below 0 means all, except where it determines the batch size.
        data: Inputs, targets and weights.
        batch_size: The number of examples per batch.

    Raises:
        TypeError: It is not a whole number.
        ValueError: It is below 0 and determines the batch size.
    """
    if value is None:
        return None
    number = whole_number(name, value)
    if number < 0 and batch_size is None and can_convert_arrays(data):
        raise ValueError(f"{name}: expected a whole number of 1 or more, got {number}")
    return number if number > 0 else None


def checked_split(value: Any) -> float:
    """Returns the share of `validation_split`, 0 for none.

    Raises:
        TypeError: It is not a number.
        ValueError: It is not from 0 to below 1.
    """
    if value is None:
        return 0.0
    expected = "validation_split: expected a share from 0 to below 1"
    try:
        share = operator.truediv(value, 1)
        inside = bool(0 <= share < 1)
    except (TypeError, ValueError):
        raise TypeError(f"{expected}, got {found(value)}") from None
    if not inside:
        raise ValueError(f"{expected}, got {found(value)}")
    return float(share)


def checked_frequency(value: Any) -> int | list[int]:
    """Returns `validation_freq`: the number of epochs between validations, or a list of epochs counted from 1.

    Raises:
        ValueError: It is neither a whole number other than 0 nor a collection of whole numbers.
    """
    expected = "validation_freq: expected a whole number, or a list of epochs counted from 1"
    if isinstance(value, Collection) and not isinstance(value, (str, bytes, Mapping)) and np.ndim(list(value)) == 1:
        if all(_is_whole(epoch) for epoch in value):
            return [int(epoch) for epoch in value]
        raise ValueError(f"{expected}, got {found(value)}")
    try:
        number = whole_number("validation_freq", value)
    except TypeError:
        raise ValueError(f"{expected}, got {found(value)}") from None
    if number == 0:
        raise ValueError("validation_freq: expected a whole number of 1 or more, got 0")
    return number


def checked_interval(value: Any, *, validates: bool) -> int | None:
    """Returns `validation_interval`: the number of steps between validations; None for only at the end of epochs.

    Raises:
        TypeError: It is not a whole number.
        ValueError: It is below 1, or there is no validation data.
    """
    if value is None:
        return None
    number = whole_number("validation_interval", value)
    if number < 1:
        raise ValueError(f"validation_interval: expected a whole number of 1 or more, got {number}")
    if not validates:
        raise ValueError(
            f"validation_interval: got {number} without validation data; set validation_data, validation_sets or "
            "validation_split"
        )
    return number


def checked_verbosity(value: Any) -> Any:
    """Returns `verbose`. The only text that Keras knows is "auto"; it would take others for some verbosity.

    Raises:
        ValueError: It is another text.
    """
    if isinstance(value, str) and value != "auto":
        raise ValueError(f'verbose: expected "auto", 0, 1 or 2, got {found(value)}')
    return value


def checked_shuffle(value: Any) -> Any:
    """Returns `shuffle`. The only text that Keras knows is "batch"; it would take others, even "False", for True.

    Raises:
        ValueError: It is another text.
    """
    if isinstance(value, str) and value != "batch":
        raise ValueError(f'shuffle: expected True, False or "batch", got {found(value)}')
    return value


def checked_class_weight(value: Any) -> Mapping[Any, Any] | None:
    """Returns `class_weight`: weights by class id, or such mappings by output; None for none.

    Raises:
        TypeError: It is neither a mapping nor a pandas Series, which Keras accepts as one.
    """
    if value is None or isinstance(value, Mapping):
        return value
    if not callable(getattr(value, "items", None)):
        raise TypeError(f"class_weight: expected a dict of weights by class id, got {found(value)}")
    return dict(value.items())


def checked_compilation(value: Any) -> bool | None:
    """Returns `jit_compile`: whether to use XLA; None to choose, which "auto" means too.

    Raises:
        TypeError: It is something else.
    """
    if value is None or (isinstance(value, str) and value == "auto"):
        return None
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise TypeError(f"jit_compile: expected True, False, 'auto' or None, got {found(value)}")


def found(value: Any) -> str:
    """Returns a value as a message shows it: short, and on one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _plain(name: str, value: Any) -> tuple[str, Any] | None:
    """Returns the name and value of the first part of nested arrays that has only plain values, if there is one."""
    leaves = keras.tree.flatten(value)
    if not any(isinstance(leaf, PLAIN) for leaf in leaves):
        return None
    if not isinstance(value, (Mapping, list, tuple)):
        return name, value
    if not isinstance(value, Mapping) and all(isinstance(leaf, PLAIN) for leaf in leaves):
        return name, value
    parts = value.items() if isinstance(value, Mapping) else enumerate(value)
    return next(filter(None, (_plain(f"{name}[{key!r}]", part) for key, part in parts)), None)


def _is_whole(value: Any) -> bool:
    try:
        return bool(value == operator.index(int(value)))
    except (TypeError, ValueError, OverflowError):
        return False
