"""The single values of examples: columns of a table, elements of small arrays, targets as one value per example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline.data.examples import Examples, class_ids, labelled
from pipeline.data.moments import moment_text
from pipeline.data.spec import CATEGORY, NUMBER, TIME, InputSpec, TargetSpec
from pipeline.data.target import LABELS, UNKNOWN
from pipeline.inspection.parts import Part

MISSING_TEXT = "[missing]"
"""The text that a table's source uses for a missing category."""
MOST_ELEMENTS = 100
"""Most elements of an array to inspect one by one; longer arrays, such as images, are inspected as a whole."""
MOST_LABELS = 20
MOST_IDS = 1000
"""Whole numbers below this are treated as class ids if it is unknown what they are."""
CLASSES = "classes"
MEAN, DEVIATION, LENGTH = "mean", "deviation", "length"
BLOCK = 1024


@dataclass(frozen=True, eq=False)
class Feature:
    """One value per example, over all parts one after another.

    Attributes:
        name: A name such as `age`, or `x[3]` for an element of an array.
        of: The input, target or other column that it comes from.
        kind: `number`, `category` or `time`; `classes` for class ids of a target.
        values: float64, or text as objects, of shape (examples,).
        missing: Where the value is missing, of shape (examples,).
        slices: The place of each part by the name of its split.
        classes: Names of the classes of a target, by id.
    """

    name: str
    of: str
    kind: str
    values: np.ndarray
    missing: np.ndarray
    slices: dict[str, slice]
    classes: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether its values have an order: numbers or times."""
        return self.kind in (NUMBER, TIME)

    @cached_property
    def codes(self) -> np.ndarray:
        """The values as whole numbers in the order of their first appearance, -1 for a missing one."""
        return self._factorized[0]

    @cached_property
    def levels(self) -> np.ndarray:
        """The different values by their code."""
        return self._factorized[1]

    @cached_property
    def _factorized(self) -> tuple[np.ndarray, np.ndarray]:
        import pandas as pd

        there = ~self.missing
        codes = np.full(len(self.values), -1, "int64")
        codes[there], levels = pd.factorize(self.values[there])
        return codes, np.asarray(levels)

    def part(self, name: str) -> slice:
        """Returns the place of a split's examples."""
        return self.slices[name]

    def text(self, level: int) -> str:
        """Returns a value in readable form."""
        return value_text(self.levels[level], self.kind, self.classes)


def value_text(value: object, kind: str, classes: Sequence[str] = ()) -> str:
    """Returns a feature's value in readable form: a class by its name, a time as a date."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    if kind == CLASSES and 0 <= number < len(classes):
        return classes[int(number)]
    if kind == TIME:
        return moment_text(number)
    return f"{number:.0f}" if number == int(number) and abs(number) < 1e15 else f"{number:.6g}"


def features_of(parts: Sequence[Part]) -> list[Feature]:
    """Returns the inputs that are single values: columns, and elements of short arrays of fixed length."""
    spec, slices = parts[0].examples.spec, slices_of(parts)
    found = []
    for name, given in spec.inputs.items():
        arrays = [part.examples.inputs[name] for part in parts]
        found += _elements(name, given, arrays, slices)
    return found


def aggregates_of(parts: Sequence[Part], named: Sequence[Feature]) -> list[Feature]:
    """Returns the numbers that summarise an array: the mean and the deviation of its values, and its length.

    Args:
        parts: The parts to inspect.
        named: The elements of inputs that are inspected one by one.
    """
    slices, known = slices_of(parts), {feature.of for feature in named}
    found = []
    for name, spec in parts[0].examples.spec.inputs.items():
        if name in known or spec.dtype == "string":
            continue
        moments = np.concatenate([_moments(part.examples.inputs[name]) for part in parts])
        labels = (MEAN, DEVIATION, LENGTH) if None in spec.shape else (MEAN, DEVIATION)
        for label, values in zip(labels, moments.T, strict=False):
            found.append(Feature(f"{label} of {name}", name, NUMBER, values, np.isnan(values), slices))
    return found


def columns_of(parts: Sequence[Part]) -> list[Feature]:
    """Returns the other columns that every split has, such as ids."""
    slices = slices_of(parts)
    names = [name for name in parts[0].examples.columns if all(name in part.examples.columns for part in parts)]
    found = []
    for name in names:
        arrays = [part.examples.columns[name] for part in parts]
        if all(array.ndim == 1 for array in arrays):
            kind = "" if arrays[0].dtype.kind in "iufb" else CATEGORY
            found += _elements(name, InputSpec((), str(arrays[0].dtype), kind=kind), arrays, slices)
    return found


def targets_of(parts: Sequence[Part]) -> list[Feature]:
    """Returns the targets as single values: classes, each of several labels, each of several numbers.

    A target with one class per position has no single value.
    """
    slices = slices_of(parts)
    found = []
    for name, spec in parts[0].examples.spec.targets.items():
        columns = [_target_columns(part.examples, name, spec) for part in parts]
        absent = np.concatenate([_absent(part.examples, name) for part in parts])
        for column, (label, named) in enumerate(_labels(name, spec)[: columns[0].shape[1]]):
            values = np.concatenate([each[:, column] for each in columns])
            classes = named or (_ids(values) if spec.kind == UNKNOWN else ())
            kind = CLASSES if classes else NUMBER
            found.append(Feature(label, name, kind, values, absent | np.isnan(values), slices, classes))
    return found


def slices_of(parts: Sequence[Part]) -> dict[str, slice]:
    """Returns the place of each part in the examples of all, by the name of its split."""
    ends = np.cumsum([len(part) for part in parts]).tolist()
    return {part.name: slice(end - len(part), end) for part, end in zip(parts, ends, strict=True)}


def _elements(name: str, spec: InputSpec, arrays: Sequence[np.ndarray], slices: dict[str, slice]) -> list[Feature]:
    size = spec.shape[0] if len(spec.shape) == 1 else None
    if spec.shape != () and not (size and size <= MOST_ELEMENTS):
        return []
    columns = [array.reshape(len(array), -1) for array in arrays]
    if columns[0].dtype == object and spec.dtype != "string" and spec.kind != CATEGORY:
        return []
    is_text = spec.dtype == "string" or spec.kind == CATEGORY
    kind = CATEGORY if is_text else spec.kind or NUMBER
    found = []
    for column in range(columns[0].shape[1]):
        values = np.concatenate([each[:, column] for each in columns])
        values = _as_text(values) if is_text else values.astype("float64")
        missing = values == MISSING_TEXT if is_text else np.isnan(values)
        label = name if spec.shape in ((), (1,)) else f"{name}[{column}]"
        found.append(Feature(label, name, kind, values, np.asarray(missing, bool), slices))
    return found


def _moments(array: np.ndarray) -> np.ndarray:
    """Returns mean, deviation and length of each example, float64 of shape (examples, 3), NaN for missing ones."""
    if array.dtype == object:
        rows = [(np.mean(row), np.std(row), len(row)) if np.size(row) else (np.nan, np.nan, 0) for row in array]
        return np.array(rows, "float64").reshape(len(array), 3)
    flat = array.reshape(len(array), -1)
    # A few at a time, because all of them in float64 could be eight times as large.
    blocks = [flat[start : start + BLOCK].astype("float64") for start in range(0, len(flat), BLOCK)]
    means = [np.stack([block.mean(axis=1), block.std(axis=1)], axis=1) for block in blocks]
    sizes = np.full((len(flat), 1), array.shape[1] if array.ndim > 1 else 1, "float64")
    return np.concatenate([np.concatenate(means) if means else np.zeros((0, 2)), sizes], axis=1)


def _as_text(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "S" or (len(values) and isinstance(values[0], bytes)):
        return np.array([value.decode(errors="replace") for value in values], object)
    return values.astype(object)


def _labels(name: str, spec: TargetSpec) -> list[tuple[str, tuple[str, ...]]]:
    """Returns the name and the classes of each single value of a target."""
    if spec.per_position:
        return []
    if spec.exclusive:
        return [(name, spec.classes or ())]
    if spec.kind == LABELS:
        return [(f"{name}: {label}", ("no", "yes")) for label in (spec.classes or ())[:MOST_LABELS]]
    size = spec.example_size()
    if None in spec.shape or size > MOST_ELEMENTS:
        return []
    return [(name if size == 1 else f"{name}[{index}]", spec.classes or ()) for index in range(size)][:MOST_LABELS]


def _ids(values: np.ndarray) -> tuple[str, ...]:
    """Returns the names of class ids from a stream; no names if the numbers are not class ids."""
    there = values[~np.isnan(values)]
    if not len(there) or there.min() < 0 or there.max() >= MOST_IDS or (there != np.floor(there)).any():
        return ()
    return tuple(str(index) for index in range(int(there.max()) + 1))


def _target_columns(examples: Examples, name: str, spec: TargetSpec) -> np.ndarray:
    """Returns a target as float64 of shape (examples, values); no columns if it has no single values."""
    if not _labels(name, spec):
        return np.zeros((len(examples), 0))
    if spec.exclusive:
        return class_ids(examples, name).reshape(-1, 1).astype("float64")
    return examples.targets[name].reshape(len(examples), -1).astype("float64")


def _absent(examples: Examples, name: str) -> np.ndarray:
    there = labelled(examples, name)
    if there is None:
        return np.zeros(len(examples), bool)
    return np.asarray(~there.reshape(len(examples), -1).any(axis=1))
