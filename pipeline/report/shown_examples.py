"""Examples as the report shows them: images as pictures, other inputs as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.moments import moment_text
from pipeline.data.spec import TIME, InputSpec, TargetSpec
from pipeline.data.target import LABELS
from pipeline.report.numbers import short_number
from pipeline.report.pictures import brightness, is_picture, picture

MOST_INPUTS = 30
LONGEST_TEXT = 80
HALF = 0.5

Cell = dict[str, str]
"""`{"picture": data URI}` or `{"text": text}`."""


def shown_inputs(parts: Sequence[Examples]) -> list[dict[str, Cell]]:
    """Returns the inputs of each example by name, only the first ones if there are many.

    Args:
        parts: The examples. Their pictures share one brightness scale.
    """
    if not parts:
        return []
    specs = dict(list(parts[0].spec.inputs.items())[:MOST_INPUTS])
    ends = {
        name: brightness([row for part in parts for row in part.inputs[name]], spec.scale)
        for name, spec in specs.items()
        if _is_picture(spec)
    }
    return [
        {name: _cell(part.inputs[name][row], spec, ends.get(name)) for name, spec in specs.items()}
        for part in parts
        for row in range(len(part))
    ]


def shown_targets(examples: Examples) -> list[dict[str, str]]:
    """Returns the targets of each example by name."""
    return [
        {name: target_text(examples.targets[name][row], spec) for name, spec in examples.spec.targets.items()}
        for row in range(len(examples))
    ]


def target_text(value: Any, spec: TargetSpec) -> str:
    """Returns a class by its name, anything else by its values."""
    array = np.asarray(value)
    if spec.classes is None:
        return _text(array.astype("float64") if array.dtype.kind in "iu" else array)
    if spec.kind == LABELS and not spec.per_position:
        return _shortened(", ".join(n for n, there in zip(spec.classes, array, strict=True) if there > HALF) or "none")
    if spec.kind == LABELS:
        return _text(array)
    ids = (array.argmax(axis=-1) if spec.one_hot else array).reshape(-1).astype("int64")
    names = [spec.classes[i] if 0 <= i < len(spec.classes) else str(i) for i in ids[: LONGEST_TEXT // 2].tolist()]
    return _shortened(" ".join(names))


def _is_picture(spec: InputSpec) -> bool:
    return spec.dtype not in ("string", "object") and is_picture(spec.shape)


def _cell(value: Any, spec: InputSpec, ends: tuple[float, float] | None) -> Cell:
    array = np.asarray(value)
    if ends is not None and array.dtype.kind in "fiub" and array.size:
        # Time runs from left to right.
        turned = array.T if None in spec.shape and array.ndim == 2 else array
        return {"picture": picture(turned, *ends)}
    if spec.kind == TIME and array.size == 1 and np.isfinite(array).all():
        return {"text": moment_text(float(array.reshape(-1)[0]))}
    return {"text": _text(array)}


def _text(array: np.ndarray) -> str:
    if array.size == 1:
        item = array.reshape(-1)[0]
        if isinstance(item, bytes):
            item = item.decode(errors="replace")
        text = short_number(float(item)) if isinstance(item, (float, np.floating)) else str(item)
    else:
        values = [short_number(float(v)) if array.dtype.kind == "f" else str(v) for v in array.reshape(-1)[:8]]
        text = ", ".join(values) + (f", … ({array.size} values)" if array.size > 8 else "")
    return _shortened(text)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
