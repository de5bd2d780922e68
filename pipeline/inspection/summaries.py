"""Summaries of the values of an input or a target: missing and different values, range, frequent ones, histogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.data.examples import count_classes
from pipeline.data.spec import CATEGORY, InputSpec
from pipeline.inspection.features import CLASSES, Feature, value_text
from pipeline.inspection.parts import Part

TOP = 10
"""Number of frequent values to keep per column; for classes, all are kept."""
BINS = 20
FEW = 12
"""Most different whole numbers to show one by one."""
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
MOST_NUMBERS = 20_000_000
"""Most numbers of an array to compute its range from; beyond that, examples are skipped evenly."""


@dataclass(frozen=True)
class Histogram:
    """How often values fall between edges.

    Attributes:
        edges: Edges of the bins, one more than counts.
        counts: Number of values per bin.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Summary:
    """Summary of the values of one input, target or element of an array.

    Attributes:
        name: The feature's name.
        of: The input or target that it comes from.
        kind: `number`, `category`, `time`, `classes`; `image`, `sequence` or `array` for an array as a whole.
        dtype: The stored dtype.
        shape: Shape of one example.
        examples: Number of inspected examples.
        missing: Share of missing values.
        distinct: Number of different values; None for arrays.
        quantiles: The quantiles of `QUANTILES`, for numbers and times; empty if there are none.
        mean: Mean of numbers.
        skew: Skewness of numbers, the third standardised moment.
        top: The most frequent values as text, with their counts; all classes in the order of their ids.
        histogram: Histogram of numbers and times with more than a few different values.
        sampled: Whether some of the examples were left out.
    """

    name: str
    of: str
    kind: str
    dtype: str
    shape: tuple[int | None, ...]
    examples: int
    missing: float
    distinct: int | None = None
    quantiles: tuple[float, ...] = ()
    mean: float | None = None
    skew: float | None = None
    top: tuple[tuple[str, int], ...] = ()
    histogram: Histogram | None = None
    sampled: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values for `inspect.json`, each quantile by its share."""
        return {**asdict(self), "quantiles": dict(zip(map(str, QUANTILES), self.quantiles, strict=False))}

    def value_text(self, value: float) -> str:
        """Returns one of its numbers in readable form."""
        return value_text(value, self.kind)


def summary(feature: Feature, part: str, dtype: str, like: Histogram | None = None) -> Summary:
    """Returns the summary of a feature in one split, counted between the edges of another histogram."""
    place = feature.part(part)
    missing, codes = feature.missing[place], feature.codes[place]
    counts = np.bincount(codes[codes >= 0], minlength=len(feature.levels))
    distinct = int((counts > 0).sum())
    share = float(missing.mean()) if len(missing) else 0.0
    common = (feature.name, feature.of, feature.kind, dtype, (), len(missing), share, distinct)
    if feature.kind == CLASSES:
        return Summary(*common, top=_class_counts(feature, counts))
    if not feature.numeric:
        return Summary(*common, top=_top(feature, counts))
    values = feature.values[place][~missing]
    return Summary(
        *common,
        quantiles=tuple(np.quantile(values, QUANTILES).tolist()) if len(values) else (),
        mean=float(values.mean()) if len(values) else None,
        skew=skewness(values),
        top=_top(feature, counts) if distinct <= FEW else (),
        histogram=histogram(values, like) if distinct > FEW or like is not None else None,
    )


def summary_of_positions(part: Part, name: str) -> Summary:
    """Returns how often each class occurs, over all positions of a target with one class per position."""
    spec, values = part.examples.spec.targets[name], part.examples.targets[name]
    top: tuple[tuple[str, int], ...] = ()
    if spec.exclusive:
        counts = count_classes(part.examples, name).tolist()
        top = tuple(zip(spec.classes or (), counts, strict=True))
    kind = CLASSES if top else _kind_of_array(InputSpec(spec.shape, spec.dtype))
    return Summary(name, name, kind, spec.dtype, spec.shape, len(values), 0.0, top=top)


def summaries_of_arrays(part: Part, named: Sequence[str]) -> list[Summary]:
    """Returns the summaries of inputs that are arrays, each as a whole.

    Args:
        part: The training split.
        named: Inputs whose elements are inspected one by one already.
    """
    examples = part.examples
    return [
        _of_array(name, spec, examples.inputs[name]) for name, spec in examples.spec.inputs.items() if name not in named
    ]


def histogram(values: np.ndarray, like: Histogram | None = None) -> Histogram | None:
    """Returns the counts of numbers between edges, the outermost percent left at the ends.

    Args:
        values: The numbers.
        like: The histogram whose edges to use; None to choose edges from the values.
    """
    if not len(values):
        return None
    if like is not None:
        counts, _ = np.histogram(np.clip(values, like.edges[0], like.edges[-1]), like.edges)
        return Histogram(like.edges, tuple(counts.tolist()))
    low, high = np.quantile(values, (0.005, 0.995))
    if low == high:
        low, high = values.min(), values.max()
    if not np.isfinite(high - low) or low == high:
        return None
    counts, edges = np.histogram(np.clip(values, low, high), BINS, (low, high))
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()))


def skewness(values: np.ndarray) -> float | None:
    """Returns the third standardised moment of numbers; None if they are all equal."""
    if len(values) < 3:
        return None
    centred = values - values.mean()
    deviation = centred.std()
    if not deviation > 0 or not np.isfinite(deviation):
        return None
    return float(np.mean((centred / deviation) ** 3))


def _class_counts(feature: Feature, counts: np.ndarray) -> tuple[tuple[str, int], ...]:
    by_id = dict(zip(feature.levels.astype("int64").tolist(), counts.tolist(), strict=True))
    return tuple((label, by_id.get(index, 0)) for index, label in enumerate(feature.classes))


def _top(feature: Feature, counts: np.ndarray) -> tuple[tuple[str, int], ...]:
    order = np.argsort(-counts, kind="stable")[: max(TOP, FEW)]
    return tuple((feature.text(int(level)), int(counts[level])) for level in order if counts[level])


def _of_array(name: str, spec: InputSpec, array: np.ndarray) -> Summary:
    kind = _kind_of_array(spec)
    common = (name, name, kind, spec.dtype, spec.shape, len(array))
    if spec.dtype == "string" or kind == CATEGORY:
        return Summary(*common, 0.0)
    whole = len(array)
    one = max(1, int(np.size(array[0]))) if whole else 1
    array = array[:: max(1, one * whole // MOST_NUMBERS)]
    values = (np.concatenate([np.ravel(row) for row in array]) if array.dtype == object else array).astype("float64")
    there = values[~np.isnan(values)]
    return Summary(
        *common,
        1 - there.size / max(1, values.size),
        quantiles=tuple(np.quantile(there, QUANTILES).tolist()) if there.size else (),
        mean=float(there.mean()) if there.size else None,
        histogram=histogram(there),
        sampled=len(array) < whole,
    )


def _kind_of_array(spec: InputSpec) -> str:
    if len(spec.shape) == 3 and spec.shape[-1] in (1, 3, 4):
        return "image"
    return "sequence" if None in spec.shape else "array"
