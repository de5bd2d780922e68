"""What the examples look like: shape and dtype of every input and target, known before any model is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.errors import ConfigError, DataError, nearest

Shape = tuple[int | None, ...]
Classes = int | Mapping[str, int] | None
"""Number of classes of the only target, or of each target by name; 0 says numbers to regress; null infers."""


MOST_CLASSES = 1_000_000
"""Each has a name and an output unit."""
SURELY_CLASSES = 1000
"""Up to so many classes, class ids may have gaps; above, there have to be as many examples as classes."""


@dataclass(frozen=True)
class InputSpec:
    """One input.

    Attributes:
        shape: Of one example; None for a length that varies.
        dtype: As stored, such as `uint8`; `string` for text.
        scale: What the model multiplies it by first, so that arrays stay small: 1/255 for pixels.
        missing: Whether NaN (or None, for text) may stand for a missing value.
    """

    shape: Shape
    dtype: str
    scale: float = 1.0
    missing: bool = False


@dataclass(frozen=True)
class TargetSpec:
    """One target.

    Attributes:
        shape: Of one example; `()` for class ids, `(classes,)` for one-hot.
        dtype: As stored.
        classes: Names of the classes in the order of their ids; None for numbers to regress.
    """

    shape: Shape
    dtype: str
    classes: tuple[str, ...] | None = None

    @property
    def one_hot(self) -> bool:
        """Whether classes are given as one-hot rows rather than ids."""
        return self.classes is not None and self.shape == (len(self.classes),)


@dataclass(frozen=True)
class DataSpec:
    """All inputs and targets by name, in the order in which lists by position refer to them."""

    inputs: Mapping[str, InputSpec]
    targets: Mapping[str, TargetSpec]

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values for `run.json`."""
        return {
            kind: {name: asdict(spec) for name, spec in specs.items()}
            for kind, specs in (("inputs", self.inputs), ("targets", self.targets))
        }


def spec_from_dict(values: Mapping[str, Any]) -> DataSpec:
    """Returns the spec of which `DataSpec.as_dict` gave the values."""
    inputs = {n: InputSpec(**{**s, "shape": tuple(s["shape"])}) for n, s in values["inputs"].items()}
    targets = {
        n: TargetSpec(tuple(s["shape"]), s["dtype"], tuple(s["classes"]) if s["classes"] else None)
        for n, s in values["targets"].items()
    }
    return DataSpec(inputs, targets)


def spec_of(
    inputs: Mapping[str, np.ndarray],
    targets: Mapping[str, np.ndarray],
    *,
    scale: float = 1.0,
    classes: Classes = None,
    whole: bool = True,
) -> DataSpec:
    """Infers the spec of arrays whose first axis is the example.

    Args:
        inputs: Arrays by name; an object array of arrays is one whose first dimension varies.
        targets: Arrays by name; integers are class ids and rows of one 1 among 0s are one-hot, unless `classes` says
            otherwise.
        scale: Scale of every input of numbers.
        classes: Number of classes, where the values do not tell.
        whole: Whether the arrays are all the data, so that the largest class id tells the number of classes.
    """
    for kind, arrays in (("input", inputs), ("target", targets)):
        for name, array in arrays.items():
            if 0 in array.shape[1:]:
                raise DataError(f"{kind} '{name}': has shape {array.shape[1:]}; sizes of 1 or more are right")
    counts = classes_by_target(classes, list(targets))
    return DataSpec(
        {
            name: InputSpec(*shape_and_dtype(a), scale=scale if a.dtype.kind != "U" else 1.0)
            for name, a in inputs.items()
        },
        {name: _target_spec(name, a, counts.get(name), whole) for name, a in targets.items()},
    )


def classes_by_target(classes: Classes, names: list[str]) -> dict[str, int]:
    """Returns the given numbers of classes by target name.

    Raises:
        ConfigError: One number for several targets, or a target that does not exist.
    """
    if classes is None:
        return {}
    for key, count in classes.items() if isinstance(classes, Mapping) else [("", classes)]:
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST_CLASSES:
            raise ConfigError(
                f"data.classes{'.' if key else ''}{key}: {count!r} is no number of classes; "
                f"0 for numbers to regress, or a number up to {MOST_CLASSES}, is right"
            )
    if isinstance(classes, int):
        if len(names) > 1:
            raise ConfigError(
                f"data.classes: {classes} for the targets {', '.join(names)}; give a number by target name"
            )
        return dict.fromkeys(names, classes)
    for name in classes:
        if name not in names:
            raise ConfigError(f"data.classes.{name}: no target '{name}'{nearest(name, names)}")
    return dict(classes)


def shape_and_dtype(array: np.ndarray) -> tuple[Shape, str]:
    """Returns the shape of one example and the dtype; rows of varying length have None first."""
    if array.dtype.kind in "UT":
        return array.shape[1:], "string"
    if array.dtype != object:
        return array.shape[1:], str(array.dtype)
    if varies(array):
        return (None, *array[0].shape[1:]), str(array[0].dtype)
    return array.shape[1:], "string"


def varies(array: np.ndarray) -> bool:
    """Whether an array is one of arrays, whose first dimension varies; a row of a table of text is none such."""
    return array.dtype == object and array.ndim == 1 and len(array) > 0 and isinstance(array[0], np.ndarray)


def _target_spec(name: str, array: np.ndarray, count: int | None, whole: bool) -> TargetSpec:
    shape, dtype = shape_and_dtype(array)
    if dtype == "string":
        raise DataError(f"target '{name}' is text; class ids (0, 1, …) or numbers are right")
    if count is None and whole:
        count = _number_of_classes(array)
        if count > max(SURELY_CLASSES, len(array)):
            raise DataError(
                f"target '{name}': has whole numbers up to {count - 1} for {len(array)} examples; "
                "data.classes=0 for numbers to regress, or the number of classes, is right"
            )
    names = tuple(str(i) for i in range(count)) if count else None
    return TargetSpec(shape, dtype, names)


def _number_of_classes(array: np.ndarray) -> int:
    if array.dtype.kind in "iub" and array.size and (array.ndim == 1 or array.shape[1:] == (1,)):
        return max(0, int(array.max()) + 1)
    return array.shape[1] if is_one_hot(array) else 0


def is_one_hot(array: np.ndarray) -> bool:
    """Whether every row has one 1 among 0s."""
    if array.dtype == object or array.ndim != 2 or array.shape[1] < 2 or not len(array):
        return False
    return bool(np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all())
