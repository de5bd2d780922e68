"""Examples: named inputs, named targets and a sample weight per target, for any number of inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pipeline.data.origin import Origin
from pipeline.data.spec import DataSpec, InputSpec, Shape, TargetSpec, varies
from pipeline.errors import DataError

Arrays = Mapping[str, np.ndarray]
Weigh = Callable[["Examples"], Arrays]
"""Returns one sample weight per target for each example or position: arrays by name, like `Examples.weights`."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples in memory: a whole split, or one batch.

    Attributes:
        spec: The spec of one example.
        inputs: Arrays of shape (examples, ...) by input name; an object array of arrays (length, ...) if lengths vary.
        targets: Arrays of shape (examples, ...) by target name.
        weights: float32 arrays by target name, of shape (examples,) or, if positions of a target have different
            weights, such as (examples, time), like the target's; empty if nothing is weighted.
        columns: Other arrays of shape (examples, ...), for weights, masks and splits.
        origin: The rows that they come from; None if unknown.
    """

    spec: DataSpec
    inputs: Arrays
    targets: Arrays
    weights: Arrays = field(default_factory=dict)
    columns: Arrays = field(default_factory=dict)
    origin: Origin | None = None

    def __post_init__(self) -> None:
        """Refuses arrays of different lengths, and rows whose shape differs from the spec."""
        lengths = {f"{kind} '{name}'": len(a) for kind, arrays in self._groups() for name, a in arrays.items()}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise DataError(f"arrays of different lengths: {found}; expected one row per example in each")
        _check_shapes("input", self.inputs, self.spec.inputs)
        _check_shapes("target", self.targets, self.spec.targets)
        _check_weights(self.weights, self.spec.targets)

    def __len__(self) -> int:
        """Number of examples."""
        return next((len(a) for _, arrays in self._groups() for a in arrays.values()), 0)

    def rows(self, rows: np.ndarray | slice) -> Examples:
        """Returns the chosen examples in the given order."""
        kept = ({name: a[rows] for name, a in arrays.items()} for _, arrays in self._groups())
        inputs, targets, weights, columns = kept
        origin = None if self.origin is None else self.origin.chosen(rows)
        return Examples(self.spec, inputs, targets, weights, columns, origin)

    def padded(self) -> Examples:
        """Returns them with every input of varying length padded with zeros to the longest one."""
        if all(a.dtype != object for a in self.inputs.values()):
            return self
        specs = self.spec.inputs
        return replace(self, inputs={n: pad(a) if None in specs[n].shape else a for n, a in self.inputs.items()})

    def weighed_by(self, weigh: Weigh) -> Examples:
        """Returns them with the sample weights from `weigh`, multiplied by their previous ones."""
        weights = dict(self.weights)
        for name, values in weigh(self).items():
            given = np.asarray(values, "float32")
            weights[name] = multiplied(given, weights[name]) if name in weights else given
        return replace(self, weights=weights)

    def class_counts(self, target: str) -> np.ndarray:
        """Returns how often each class of a target occurs, in the order of class ids."""
        return count_classes(self, target)

    def fingerprint(self) -> dict[str, Any]:
        """Returns their number and a hash of every array."""
        digest = hashlib.sha256()
        for kind, arrays in self._groups():
            for name, array in arrays.items():
                digest.update(f"{kind} {name} {array.dtype} {array.shape}".encode())
                if array.dtype == object and not varies(array):
                    # All texts at once: one by one would take seconds for a million rows.
                    digest.update("\0".join(map(str, array.flat)).encode())
                    continue
                for part in array if array.dtype == object else [array]:
                    digest.update(np.ascontiguousarray(part).data)
        return {"examples": len(self), "sha256": digest.hexdigest(), "of": "all examples"}

    def _groups(self) -> tuple[tuple[str, Arrays], ...]:
        return (
            ("input", self.inputs),
            ("target", self.targets),
            ("weight of", self.weights),
            ("column", self.columns),
        )


def same_shape(given: Shape, expected: Shape) -> bool:
    """Whether a shape is the expected one, where None matches any size."""
    return len(given) == len(expected) and all(
        None in pair or pair[0] == pair[1] for pair in zip(given, expected, strict=True)
    )


def _check_shapes(kind: str, arrays: Arrays, specs: Mapping[str, InputSpec] | Mapping[str, TargetSpec]) -> None:
    for name, array in arrays.items():
        given, expected = _shape(array), specs[name].shape
        if len(array) and not same_shape(given, expected):
            raise DataError(f"{kind} '{name}': expected shape {expected} as in the training data, got {given}")


def _check_weights(weights: Arrays, specs: Mapping[str, TargetSpec]) -> None:
    for name, array in weights.items():
        shape, expected = array.shape[1:], specs[name].shape if name in specs else ()
        if not same_shape(shape, expected[: len(shape)]):
            raise DataError(
                f"sample weights of '{name}': expected one number per example"
                + (f", or per position of its target of shape {expected}" if expected not in ((), (1,)) else "")
                + f", got shape {array.shape}"
            )


def multiplied(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Returns the product of two weights, one of which may be per example and the other per position."""
    axes = max(one.ndim, other.ndim)
    return one.reshape(one.shape + (1,) * (axes - one.ndim)) * other.reshape(other.shape + (1,) * (axes - other.ndim))


def _shape(array: np.ndarray) -> Shape:
    if varies(array):
        return (None, *array[0].shape[1:])
    return array.shape[1:]


def pad(array: np.ndarray) -> np.ndarray:
    """Returns an object array of arrays (length, ...) as one array (examples, longest, ...), padded with zeros."""
    if array.dtype != object:
        return array
    longest = max(len(row) for row in array)
    padded = np.zeros((len(array), longest, *array[0].shape[1:]), array[0].dtype)
    for index, row in enumerate(array):
        padded[index, : len(row)] = row
    return padded


def ragged(rows: list[np.ndarray]) -> np.ndarray:
    """Returns arrays of varying length as an object array of shape (rows,)."""
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


def class_ids(examples: Examples, target: str) -> np.ndarray:
    """Returns the class ids of each example, of shape (examples,) or (examples, *positions), from ids or one-hot rows.

    Raises:
        DataError: The target has no mutually exclusive classes.
    """
    spec, values = examples.spec.targets[target], examples.targets[target]
    if not spec.exclusive:
        found = "labels that are not mutually exclusive" if spec.classes else f"no classes but numbers of {spec.shape}"
        raise DataError(f"target '{target}' has {found}; if it has classes, set data.classes to their number")
    if spec.one_hot:
        return np.asarray(np.argmax(values, axis=-1))
    return values.reshape(len(values), *values.shape[1 : 1 + len(spec.positions)]).astype("int64")


def labelled(examples: Examples, target: str) -> np.ndarray | None:
    """Returns which examples, or positions in them, have a label of a target; None if all have one."""
    if not examples.spec.targets[target].missing or target not in examples.weights:
        return None
    return np.asarray(examples.weights[target] != 0)


def count_classes(examples: Examples, target: str) -> np.ndarray:
    """Returns how often each class occurs among the existing labels.

    Ids outside the range are left to the checks that report them.
    """
    ids, there = class_ids(examples, target), labelled(examples, target)
    ids = ids.ravel() if there is None else ids[weights_like(there, ids)]
    classes = len(examples.spec.targets[target].classes or ())
    return np.bincount(ids[(ids >= 0) & (ids < classes)], minlength=classes)


def weights_like(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Returns weights of shape (examples,), or of as many leading axes as they have, repeated for each value."""
    return np.broadcast_to(weights.reshape(*weights.shape, *(1,) * (values.ndim - weights.ndim)), values.shape)
