"""Small tables as what is looked at of each split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.spec import CATEGORY, NUMBER, DataSpec, InputSpec, TargetSpec
from pipeline.inspection import Inspection, Part, Provenance, inspected

Columns = Mapping[str, Sequence[Any] | np.ndarray]


def part(name: str, columns: Columns, y: Any, classes: Sequence[str] = (), start: int = 0, **more: Any) -> Part:
    """A split of a table whose target is `y`: ids of classes, or numbers where there are none."""
    arrays = {
        key: np.asarray(values, object if isinstance(values[0], str) else "float32") for key, values in columns.items()
    }
    specs = {
        key: InputSpec((), "string" if array.dtype == object else "float32", missing=True,
                       kind=CATEGORY if array.dtype == object else NUMBER)
        for key, array in arrays.items()
    }  # fmt: skip
    target = TargetSpec((), "int64", tuple(classes)) if classes else TargetSpec((), "float32")
    truth = np.asarray(y, "int64" if classes else "float32")
    examples = Examples(DataSpec(specs, {"y": target}), arrays, {"y": truth}, **more)
    return Part(name, examples, np.arange(start, start + len(truth)), "train", whole=True)


def looked(*parts: Part, by_chance: bool = True) -> Inspection:
    return inspected(parts, Provenance(by_chance=by_chance), seed=0)


def texts(inspection: Inspection, kind: str) -> list[str]:
    return [finding.text for finding in inspection.findings if finding.kind == kind]
