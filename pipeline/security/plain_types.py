"""The types of values from files, as type hints that pydantic checks: a file may be damaged or untrusted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from pipeline.security.shapes import in_one_line

LARGEST = 2**53
"""The largest accepted whole number. Nothing counts further."""
LONGEST_TIME = 100 * 366 * 86_400
"""A century in seconds. Longer durations would overflow the code that displays them."""


def mistake(value: Any, types: Mapping[str, Any]) -> str | None:
    """Returns how a mapping differs from its types; None if it does not.

    Args:
        value: The mapping.
        types: The types of its values by key. Keys may be missing, but there must be no others.
    """
    try:
        _adapter(tuple(types.items())).validate_python(value, strict=True)
    except ValidationError as error:
        return in_one_line(error)
    return None


def _whole(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or abs(int(value)) > LARGEST:
        raise PydanticCustomError("whole", "expected a whole number")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise PydanticCustomError("number", "expected a number")
    return value


def _seconds(value: Any) -> Any:
    if not abs(_number(value)) <= LONGEST_TIME:
        raise PydanticCustomError("seconds", "expected less than a century in seconds")
    return value


def _array(value: Any) -> Any:
    if not isinstance(value, np.ndarray) or value.dtype.kind in "UST":
        raise PydanticCustomError("array", "expected an array of numbers")
    return value


Whole = Annotated[Any, AfterValidator(_whole)]
"""A whole number from Python or NumPy."""
Number = Annotated[Any, AfterValidator(_number)]
"""A number from Python or NumPy, including NaN and infinity."""
Seconds = Annotated[Any, AfterValidator(_seconds)]
"""A duration in seconds."""
Array = Annotated[Any, AfterValidator(_array)]
"""An array of numbers."""


@cache
def _adapter(types: tuple[tuple[str, Any], ...]) -> TypeAdapter[Any]:
    make: Any = TypedDict
    return TypeAdapter(with_config(ConfigDict(extra="forbid"))(make("shape", dict(types), total=False)))
