"""NumPy files: `.npz` archives and `.npy` arrays; pickled objects are never loaded."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from pipeline.config.schema import REFUSE
from pipeline.data.array_labels import named
from pipeline.data.dtypes import usable
from pipeline.data.examples import Examples
from pipeline.data.missing_labels import Missing, masked, with_missing
from pipeline.data.origin import Origin
from pipeline.data.spec import Classes, DataSpec, spec_of
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError, DataError, nearest, one_line

PICKLED = "holds pickled objects, which are never loaded; save arrays of numbers or text instead"


@dataclass(frozen=True)
class Npz:
    """A user's own arrays in a `.npz` file, or in a folder of `.npy` files, one per key.

    Attributes:
        path: The file or folder of the training split.
        inputs: Keys of the inputs: a list, or a mapping from input name to key.
        targets: Keys of the targets, in the same way.
        columns: Keys of other arrays of shape (examples,), for weights, masks and splits; predictions include them.
        validation: The file or folder of the validation split, or null.
        test: The file or folder of the test split, or null.
        scale: The model multiplies its inputs by this first.
        classes: Number of classes (by target name for several); 0 for whole numbers to regress; null infers it. Text,
            few whole numbers from 1 on, and -1 and 1 are class names.
    """

    path: str
    inputs: Any
    targets: Any
    columns: Sequence[str]
    validation: str | None
    test: str | None
    scale: float
    classes: Classes

    def check(self) -> None:
        """Refuses paths that do not exist."""
        for key, path in (("path", self.path), ("validation", self.validation), ("test", self.test)):
            if path is not None and not Path(path).expanduser().exists():
                raise DataError(f"data.{key}: no file '{path}'; expected a .npz file or a folder of .npy files")

    def keeping(self, column: str, *, is_time: bool) -> Self:  # noqa: ARG002
        """Returns a source that also reads a column."""
        known = {*_keys(self.inputs, "inputs"), *_keys(self.targets, "targets"), *self.columns}
        return self if column in known else replace(self, columns=[*self.columns, column])

    def load(self, *, with_targets: bool = True, missing: Missing = REFUSE) -> Splits:
        """See `Source`."""
        train = self._examples(self.path, None, with_targets, missing)
        validation, test = (
            None if path is None else self._examples(path, train.spec, with_targets, missing)
            for path in (self.validation, self.test)
        )
        return Splits(train, validation, test)

    def _examples(self, path: str, spec: DataSpec | None, with_targets: bool, missing: Missing) -> Examples:
        inputs, targets = _keys(self.inputs, "inputs"), _keys(self.targets, "targets") if with_targets else {}
        file = Path(path).expanduser()
        names = _names(file)
        columns = [key for key in self.columns if with_targets or key in names]
        keys = dict.fromkeys([*inputs.values(), *targets.values(), *columns])
        arrays = {key: usable(array, f"'{file}': '{key}'") for key, array in _read(file, list(keys)).items()}
        given = {name: arrays[key] for name, key in inputs.items()}
        wanted, masks, lack = masked({name: arrays[key] for name, key in targets.items()}, {}, missing)
        found = named(wanted, masks, self.classes if with_targets else None, spec)
        if spec is None:
            classes = found.classes(self.classes) if with_targets else None
            spec = found.spec(spec_of(given, found.arrays, scale=self.scale, classes=classes))
        spec = with_missing(spec, lack)
        further = {key: arrays[key] for key in columns}
        length = len(next(iter(given.values()))) if given else 0
        origin = Origin(np.arange(length), f"'{file}'", further, tuple(names))
        return Examples(spec, given, found.arrays, masks, further, origin)


def read_npz(file: Path, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Returns the arrays of the given keys.

    Raises:
        DataError: The file is missing, empty or not an archive, lacks a key, or holds pickled objects.
    """
    if not file.is_file():
        raise DataError(f"'{file}': no such file")
    if not file.stat().st_size:
        raise DataError(f"'{file}': is empty; expected a .npz archive")
    if not zipfile.is_zipfile(file):
        raise DataError(f"'{file}': not an archive; expected a .npz archive with the keys {', '.join(keys)}")
    try:
        with np.load(file, allow_pickle=False) as archive:
            for key in keys:
                if key not in archive:
                    raise DataError(f"'{file}': has no key '{key}'{nearest(key, archive.files)}")
            return {key: archive[key] for key in keys}
    except ValueError as error:
        raise _unreadable(file, error) from error
    except DataError:
        raise
    # Headers are parsed as Python expressions, and ZIP files can be damaged in many ways.
    except Exception as error:
        if isinstance(error, MemoryError):
            raise
        raise DataError(f"'{file}': cannot be read: {one_line(error)}; expected a complete .npz archive") from error


def read_npy(file: Path) -> np.ndarray:
    """Returns the array of a `.npy` file.

    Raises:
        DataError: The file is missing, empty or not an array, or holds pickled objects.
    """
    if not file.is_file():
        raise DataError(f"'{file}': no such file")
    try:
        array = np.load(file, allow_pickle=False)
    except ValueError as error:
        raise _unreadable(file, error) from error
    except MemoryError:
        raise
    except Exception as error:
        raise DataError(f"'{file}': cannot be read: {one_line(error)}; expected a .npy file") from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"'{file}': is an archive of several arrays; expected a .npy file with one array")
    return array


def _names(path: Path) -> list[str]:
    """Returns the existing keys; none if the file cannot be read, which reading it will report."""
    if path.is_dir():
        return [file.stem for file in path.glob("*.npy")]
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile):
        return []


def _read(path: Path, keys: Sequence[str]) -> Mapping[str, np.ndarray]:
    if not path.is_dir():
        return read_npz(path, keys)
    there = [file.stem for file in path.glob("*.npy")]
    for key in keys:
        if key not in there:
            raise DataError(f"'{path}': has no file '{key}.npy'{nearest(key, there)}")
    return {key: read_npy(path / f"{key}.npy") for key in keys}


def _keys(given: Any, key: str) -> dict[str, str]:
    if isinstance(given, Mapping):
        pairs = list(given.items())
    else:
        pairs = [(name, name) for name in (given if isinstance(given, (list, tuple)) else [given])]
    if not all(isinstance(text, str) for pair in pairs for text in pair):
        raise ConfigError(f"data.{key}: expected keys such as [x], or {{input_name: key}}, got {given!r}")
    return dict(pairs)


def _unreadable(file: Path, error: ValueError) -> DataError:
    if "allow_pickle" in str(error) or "pickle" in str(error):
        return DataError(f"'{file}': {PICKLED}")
    return DataError(f"'{file}': cannot be read: {error}")
