"""The contents of a snapshot, and their form in bytes: JSON and raw arrays, so that a file holds no code."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import ml_dtypes  # noqa: F401  NumPy knows bfloat16 and its like by name once this is imported.
import numpy as np

from pipeline.errors import one_line
from pipeline.security.plain_types import mistake
from pipeline.training.snapshots.encoding import arranged, taken_apart
from pipeline.training.snapshots.state_types import Count, PositionTypes

FORMAT = 1
DIGEST_BYTES = 32
HEADER: dict[str, Any] = {
    "format": int,
    "position": PositionTypes,
    "variables": Count,
    "weights": list[Count],
    "state": dict[str, Any],
    "arrays": list[tuple[str, list[Count]]],
}


class DamagedSnapshotError(Exception):
    """The bytes are not a complete snapshot."""


@dataclass(frozen=True)
class Position:
    """A place in a training.

    Attributes:
        epoch: The epoch, counted from 0.
        step: Steps done in that epoch.
        done: Steps done across all epochs.
        due: What comes next: `step`; `validation`, the one after `step` within the epoch; or `end`, that of the epoch.
    """

    epoch: int = 0
    step: int = 0
    done: int = 0
    due: str = "step"

    @property
    def begins_epoch(self) -> bool:
        """Whether no step of the epoch is done."""
        return self.step == 0 and self.due == "step"


@dataclass(frozen=True)
class Snapshot:
    """The state of a training at a position.

    Attributes:
        position: The position.
        variables: The values of all variables of model, metrics and optimizers, in order.
        weights: The indices of the variables that must be finite for the model to be useful.
        state: Everything else, as plain values: None, bool, int, float, str, arrays; lists, tuples, sets and dicts of
            them.
    """

    position: Position
    variables: Sequence[Any]
    weights: Sequence[int]
    state: Mapping[str, Any]

    def fetched(self) -> Snapshot:
        """Returns the snapshot with its variables as NumPy arrays."""
        variables = [np.asarray(value) for value in self.variables]
        return Snapshot(self.position, variables, self.weights, self.state)

    def is_finite(self) -> bool:
        """Whether the weights are finite. After training has diverged, they are NaN or infinite."""
        return all(_is_finite(self.variables[number]) for number in self.weights)

    def parts(self) -> Iterator[Any]:
        """Yields the bytes of a file, ending with a SHA-256 of all the others."""
        arrays = list(self.variables)
        state = taken_apart(self.state, arrays)
        arrays = [np.asarray(array) for array in arrays]
        header = {
            "format": FORMAT,
            "position": asdict(self.position),
            "variables": len(self.variables),
            "weights": list(self.weights),
            "state": state,
            "arrays": [[_name_of(array.dtype), array.shape] for array in arrays],
        }
        digest = hashlib.sha256()
        for part in (json.dumps(header).encode() + b"\n", *map(_bytes_of, arrays)):
            digest.update(part)
            yield part
        yield digest.digest()


def read_snapshot(content: bytes) -> Snapshot:
    """Parses the bytes of a snapshot file.

    Raises:
        DamagedSnapshotError: The bytes are not those that were written.
    """
    if hashlib.sha256(content[:-DIGEST_BYTES]).digest() != content[-DIGEST_BYTES:]:
        raise DamagedSnapshotError("its checksum does not match")
    try:
        return _parsed(content)
    except (ArithmeticError, ValueError, TypeError, LookupError, AttributeError, RecursionError, SyntaxError) as error:
        raise DamagedSnapshotError(f"it cannot be read: {one_line(error)}") from error


def _parsed(content: bytes) -> Snapshot:
    line, _, _ = content.partition(b"\n")
    header = json.loads(line)
    if isinstance(header, dict) and header.get("format") != FORMAT:
        raise DamagedSnapshotError(f"expected format {FORMAT}, got {header.get('format')!r:.20}")
    wrong = mistake({**header, "arrays": list(map(tuple, header["arrays"]))}, HEADER)
    if wrong is not None:
        raise DamagedSnapshotError(wrong)
    arrays, offset = [], len(line) + 1
    for name, shape in header["arrays"]:
        dtype, size = np.dtype(name), math.prod(shape)
        arrays.append(np.frombuffer(content, dtype, size, offset).reshape(shape).copy())
        offset += size * dtype.itemsize
    state = arranged(header["state"], arrays)
    return Snapshot(Position(**header["position"]), arrays[: header["variables"]], header["weights"], state)


def _name_of(dtype: np.dtype) -> str:
    """Returns a name from which `np.dtype` makes the dtype. Those of `ml_dtypes` are identified only by their name."""
    return dtype.name if dtype.kind == "V" else dtype.str


def _bytes_of(array: np.ndarray) -> Any:
    return np.ascontiguousarray(array).reshape(-1).view("uint8").data


def _is_finite(value: np.ndarray) -> bool:
    return value.dtype.kind not in "fV" or bool(np.isfinite(value).all())
