"""The data's spec: shape and dtype of every input and target, known before any model is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.data.target import Shape, TargetScaling, TargetSpec
from pipeline.data.target_kinds import target_of
from pipeline.errors import ConfigError, DataError, nearest

__all__ = ["Classes", "DataSpec", "InputSpec", "Shape", "TargetSpec", "spec_of"]

Classes = int | Mapping[str, int] | None
"""Number of classes of the only target, or of each target by name; 0 means numbers to regress; null infers it."""


NUMBER, CATEGORY, TIME = "number", "category", "time"
"""The kind of a table's column: numbers, text whose values are categories, or times."""

MOST_CLASSES = 1_000_000
"""Each has a name and an output unit."""


@dataclass(frozen=True)
class InputSpec:
    """One input.

    Attributes:
        shape: Shape of one example; None for a length that varies.
        dtype: The stored dtype, such as `uint8`; `string` for text.
        scale: Factor that the model applies first, so that stored arrays stay small: 1/255 for pixels.
        missing: Whether NaN (or None, for text) may mark a missing value.
        kind: Kind of a table's column, with shape `()`: `number`, float32, or float64 if float32 would make different
            values equal; `category`, text; `time`, float64 seconds since 1970 (UTC). Empty for other inputs.
        form: Format of ambiguous times: `day_first`, `month_first`, or the meaning of numbers.
    """

    shape: Shape
    dtype: str
    scale: float = 1.0
    missing: bool = False
    kind: str = ""
    form: str = ""


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
    """Returns the spec from the values of `DataSpec.as_dict`."""
    inputs = {n: InputSpec(**{**s, "shape": tuple(s["shape"])}) for n, s in values["inputs"].items()}
    return DataSpec(inputs, {n: _target_from_dict(s) for n, s in values["targets"].items()})


def _target_from_dict(values: Mapping[str, Any]) -> TargetSpec:
    classes, scaling = values["classes"], values.get("scaling")
    if scaling is not None:
        scaling = TargetScaling(**{**scaling, "mean": tuple(scaling["mean"]), "deviation": tuple(scaling["deviation"])})
    plain = {**values, "shape": tuple(values["shape"]), "classes": tuple(classes) if classes else None}
    return TargetSpec(**{**plain, "scaling": scaling})


def spec_of(
    inputs: Mapping[str, np.ndarray],
    targets: Mapping[str, np.ndarray],
    *,
    scale: float = 1.0,
    classes: Classes = None,
    whole: bool = True,
) -> DataSpec:
    """Infers the spec of arrays whose first axis is the examples.

    Args:
        inputs: Arrays by name; an object array of arrays has a first dimension that varies.
        targets: Arrays by name; their kind is inferred from their values unless `classes` gives it, see `target_of`.
        scale: Scale of every input of numbers.
        classes: Number of classes, if the values do not show it.
        whole: Whether the arrays are all of the data, so that the largest class id gives the number of classes.
    """
    for kind, arrays in (("input", inputs), ("target", targets)):
        for name, array in arrays.items():
            if 0 in array.shape[1:]:
                raise DataError(f"{kind} '{name}': expected sizes of 1 or more, got shape {array.shape[1:]}")
    counts = classes_by_target(classes, list(targets))
    return DataSpec(
        {
            name: InputSpec(*shape_and_dtype(a), scale=scale if a.dtype.kind != "U" else 1.0)
            for name, a in inputs.items()
        },
        {name: target_of(name, *shape_and_dtype(a), a, counts.get(name), whole) for name, a in targets.items()},
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
                f"data.classes{'.' if key else ''}{key}: expected a number of classes up to {MOST_CLASSES}, or 0 for "
                f"numbers to regress, got {count!r}"
            )
    if isinstance(classes, int):
        if len(names) > 1:
            raise ConfigError(
                f"data.classes: got {classes} for the targets {', '.join(names)}; give one number per target, by name"
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
    """Whether an array holds arrays with a varying first dimension; text in a table does not count."""
    return array.dtype == object and array.ndim == 1 and len(array) > 0 and isinstance(array[0], np.ndarray)
