"""The numbers and choices among the arguments of `fit`, `evaluate` and `predict`, checked before anything runs.

What Keras takes is taken. What it refuses only when it comes to it, by an error of Python's or TensorFlow's own, is
refused at once in a line that names the argument.
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
"""Values that stand for one number or text, which no array does."""


def with_known_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Has a keyword that a function lacks be refused with the nearest one that it has."""
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
    """Returns a number that counts: an int, or what Python takes for one, as NumPy's.

    Args:
        name: The argument, for messages.
        value: What is given for it.

    Raises:
        TypeError: It is no whole number.
    """
    try:
        return operator.index(bool(value) if isinstance(value, np.bool_) else value)
    except TypeError:
        raise TypeError(f"{name}: expected a whole number, got {found(value)}") from None


def check_arrays(x: Any, y: Any = None, sample_weight: Any = None) -> None:
    """Refuses plain lists of numbers and the like, which Keras refuses by a word about `x`, whichever they are.

    Args:
        x: Inputs, or batches of all.
        y: Targets.
        sample_weight: Weights.

    Raises:
        ValueError: A part of arrays is none.
    """
    inputs = _plain("x", x)
    others = [_plain("y", y), _plain("sample_weight", sample_weight)] if inputs or can_convert_arrays((x,)) else []
    for name, value in filter(None, [inputs, *others]):
        kind = type(value).__name__
        raise ValueError(f"{name}: expected an array or a tensor, as numpy.array makes, got the {kind} {found(value)}")


def checked_batch_size(name: str, value: Any, data: Any) -> int | None:
    """Returns the examples of a batch, None for Keras' default, which 0 stands for too.

    Args:
        name: The argument, for messages.
        value: What is given for it.
        data: Inputs, targets and weights; those that come in batches are not asked for a size.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is below 0.
    """
    if value is None or not can_convert_arrays(data):
        return None
    number = whole_number(name, value)
    if number < 0:
        raise ValueError(f"{name}: expected a whole number of 1 or more, got {number}")
    return number or None


def checked_steps(name: str, value: Any, data: Any, batch_size: int | None) -> int | None:
    """Returns the batches of a pass, None for all that there are, which 0 stands for too.

    Args:
        name: The argument, for messages.
        value: What is given for it; a number below 0 is for all, except where the size of a batch follows from it.
        data: Inputs, targets and weights.
        batch_size: Examples of a batch.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is below 0, and says how large a batch is.
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
        TypeError: It is no number.
        ValueError: It is none of 0 to below 1.
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
    """Returns `validation_freq`: each how many epochs, or after which ones, counted from 1.

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
    """Returns `validation_interval`: each how many steps to validate, None for at the ends of epochs only.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is below 1, or there is nothing to validate on.
    """
    if value is None:
        return None
    number = whole_number("validation_interval", value)
    if number < 1:
        raise ValueError(f"validation_interval: expected a whole number of 1 or more, got {number}")
    if not validates:
        raise ValueError(
            f"validation_interval: got {number} without anything to validate on; validation_data, validation_sets or "
            "validation_split is right"
        )
    return number


def checked_verbosity(value: Any) -> Any:
    """Returns `verbose`; of texts, Keras knows "auto" only, and takes others for a verbosity of its own.

    Raises:
        ValueError: It is another text.
    """
    if isinstance(value, str) and value != "auto":
        raise ValueError(f'verbose: expected "auto", 0, 1 or 2, got {found(value)}')
    return value


def checked_shuffle(value: Any) -> Any:
    """Returns `shuffle`; of texts, Keras knows "batch" only, and takes all others for True, "False" too.

    Raises:
        ValueError: It is another text.
    """
    if isinstance(value, str) and value != "batch":
        raise ValueError(f'shuffle: expected True, False or "batch", got {found(value)}')
    return value


def checked_class_weight(value: Any) -> Mapping[Any, Any] | None:
    """Returns `class_weight`: weights by class id, or such mappings by output; None for none.

    Raises:
        TypeError: It is no mapping, nor a pandas Series, which Keras takes for one.
    """
    if value is None or isinstance(value, Mapping):
        return value
    if not callable(getattr(value, "items", None)):
        raise TypeError(f"class_weight: expected a dict of weights by class id, got {found(value)}")
    return dict(value.items())


def checked_compilation(value: Any) -> bool | None:
    """Returns `jit_compile`: XLA on or off, None for whatever suits, which "auto" stands for too.

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
    """Returns name and value of the first part of nested arrays that is made of plain values only, if there is one."""
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
