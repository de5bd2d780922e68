"""Labels of arrays that are not class ids from 0, such as text or -1 and 1: replaced by ids and class names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pipeline.data.labels import PER_CLASS, class_names, judged, number_labels, spellings
from pipeline.data.spec import Classes, DataSpec, classes_by_target
from pipeline.errors import ConfigError, DataError, nearest

SIGNS = ((-1.0, 1.0), (-1.0, 0.0, 1.0))
"""Labels of two classes, and of three, on both sides of 0."""


@dataclass(frozen=True)
class Named:
    """Targets as arrays of numbers.

    Attributes:
        arrays: The targets by name, with other labels replaced by ids from 0.
        names: The classes of the replaced targets, in the order of the ids.
        certain: The replaced targets that are classes without doubt.
    """

    arrays: dict[str, np.ndarray]
    names: Mapping[str, tuple[str, ...]]
    certain: frozenset[str]

    def classes(self, given: Classes) -> Classes:
        """Returns the number of classes of each target for which it is known."""
        if not self.names:
            return given
        counts = classes_by_target(given, list(self.arrays))
        return {**counts, **{name: len(names) for name, names in self.names.items()}}

    def spec(self, spec: DataSpec) -> DataSpec:
        """Returns the spec of the arrays with the names of the classes."""
        named = {
            n: replace(spec.targets[n], classes=classes, certain=n in self.certain) for n, classes in self.names.items()
        }
        return replace(spec, targets={**spec.targets, **named})


def named(
    targets: Mapping[str, np.ndarray], there: Mapping[str, np.ndarray], classes: Classes, spec: DataSpec | None = None
) -> Named:
    """Replaces labels that are not class ids from 0 by such ids.

    That applies to text, and to one label per example that is one of few whole numbers from 1 on, or -1 and 1 with or
    without 0, unless the number of classes says that they are ids already.

    Args:
        targets: Arrays of shape (examples, ...).
        there: Where labels exist, for targets with missing ones.
        classes: The value of `data.classes`.
        spec: The spec of the training data; None for the training data itself.

    Raises:
        ConfigError: The number of classes differs from that of the labels.
        DataError: There is text where numbers are expected, or a label that the training data did not have.
    """
    if spec is not None:
        return Named({n: _as_trained(n, a, there.get(n), spec) for n, a in targets.items()}, {}, frozenset())
    counts = classes_by_target(classes, list(targets))
    arrays, names, certain = dict(targets), {}, set()
    for name, array in targets.items():
        values, places = _different(array, there.get(name))
        if values is None or not len(values):
            continue
        count, is_text = counts.get(name), values.dtype == object
        if not (_are_text(name, count) if is_text else _are_names(values, places, array, count)):
            continue
        labels = values.tolist() if is_text else number_labels(values)
        names[name] = class_names(labels)
        if count and count != len(names[name]):
            raise ConfigError(f"data.classes: {count} for target '{name}', which has {len(names[name])}")
        if count or is_text:
            certain.add(name)
        arrays[name] = _ids(name, array, there.get(name), names[name])
    return Named(arrays, names, frozenset(certain))


def _different(array: np.ndarray, there: np.ndarray | None) -> tuple[np.ndarray | None, np.ndarray]:
    """Returns the different labels, and the index of each label; None if there are many numbers per example."""
    is_text = _is_text(array)
    if not is_text and (array.dtype.kind not in "iuf" or array.shape[1:] not in ((), (1,))):
        return None, np.zeros(0, int)
    flat = array if there is None or there.ndim > 1 else array[there != 0]
    values, places = np.unique(flat, return_inverse=True)
    return values, places


def _is_text(array: np.ndarray) -> bool:
    return array.dtype == object and array.size > 0 and all(isinstance(value, str) for value in array.flat)


def _are_text(name: str, count: int | None) -> bool:
    if count == 0:
        raise DataError(f"target '{name}': data.classes=0 means numbers, but it is text; set data.classes=null")
    return True


def _are_names(values: np.ndarray, places: np.ndarray, array: np.ndarray, count: int | None) -> bool:
    """Whether numbers are labels of classes, and not ids from 0 or numbers to predict."""
    if count == 0 or not np.isfinite(values).all() or (values != np.floor(values)).any():
        return False
    if count:
        return len(values) == count and not (values[0] >= 0 and values[-1] < count)
    counts = np.bincount(places.ravel())
    if tuple(values.tolist()) in SIGNS:
        # A few -1 among ids are a mistake, or mark missing labels.
        return len(values) == 2 or bool(counts[0] >= max(PER_CLASS, counts.sum() / len(values) / 10))
    from_one = values[0] >= 1 and (array.dtype.kind in "iu" or values[0] == 1)
    is_gapless = values[-1] - values[0] == len(values) - 1
    enough = array.dtype.kind in "iu" or is_gapless
    return bool(from_one and enough and judged(values, counts).classes)


def _ids(name: str, array: np.ndarray, there: np.ndarray | None, classes: tuple[str, ...]) -> np.ndarray:
    """Returns labels as class ids, 0 for missing ones."""
    ids = {label: index for index, label in enumerate(classes)}
    values, places = np.unique(array, return_inverse=True)
    labels = values.tolist() if values.dtype == object else number_labels(values)
    by_value = np.array([next((ids[s] for s in spellings(label) if s in ids), -1) for label in labels], "int64")
    found = by_value[places].reshape(array.shape)
    wrong = found < 0
    if there is not None and there.ndim == 1:
        wrong &= (there != 0).reshape(-1, *(1,) * (array.ndim - 1))
    if wrong.any():
        row = tuple(np.argwhere(wrong)[0])
        label = str(array[row])
        raise DataError(f"target '{name}': row {row[0]}: the training data has no class '{label}'{nearest(label, ids)}")
    return np.maximum(found, 0)


def _as_trained(name: str, array: np.ndarray, there: np.ndarray | None, spec: DataSpec) -> np.ndarray:
    """Returns labels of other data as class ids of the training data, if that has class names."""
    target = spec.targets.get(name)
    if target is None or array.dtype.kind not in "iufO" or (array.dtype == object and not _is_text(array)):
        return array
    if target.classes is None:
        if _is_text(array):
            raise DataError(f"target '{name}': expected numbers as in the training data, got text")
        return array
    are_ids = target.classes == tuple(str(index) for index in range(len(target.classes)))
    if not target.exclusive or target.one_hot or (are_ids and not _is_text(array)):
        return array
    return _ids(name, array, there, target.classes)
