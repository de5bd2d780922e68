"""Uninformative inputs: constant ones, ids, mostly missing ones, and copies of others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.data.spec import CATEGORY, NUMBER
from pipeline.inspection.features import DEVIATION, Feature
from pipeline.inspection.findings import NOTE, WARNING, Finding, listed, percent, without
from pipeline.inspection.parts import Part

MOST_ROWS = 20_000
MOST_COMPARED = 500
"""Most inputs to compare with each other, the first ones."""
ALIKE = 0.999
"""Correlation from which two inputs count as copies."""
MOSTLY = 0.95
"""Share of missing values, or of different texts, from which an input is uninformative."""
FEWEST_ROWS = 20


def input_findings(features: Sequence[Feature], part: str, inputs: Sequence[str], seed: int) -> list[Finding]:
    """Returns the findings about uninformative inputs.

    Args:
        features: The inputs.
        part: The training split.
        inputs: The inputs of the model.
        seed: Seed for the choice of rows.
    """
    return [
        *_of_one_value(features, part, inputs),
        *_of_ids(features, part, inputs),
        *_mostly_missing(features, part),
        *_copies(features, part, inputs, seed),
    ]


def blank_findings(aggregates: Sequence[Feature], train: Part) -> list[Finding]:
    """Returns the findings about arrays with a single value throughout, such as a black image.

    Args:
        aggregates: Means and deviations of arrays.
        train: The training split.
    """
    findings = []
    for feature in aggregates:
        if feature.name != f"{DEVIATION} of {feature.of}":
            continue
        blank = np.flatnonzero(feature.values[feature.part(train.name)] == 0)
        if len(blank):
            text = f"{len(blank):,} training examples of '{feature.of}' have a single value throughout, such as row "
            findings.append(Finding(WARNING, "blank", f"{text}{train.rows[blank[0]]}", names=(feature.of,)))
    return findings


def _of_one_value(features: Sequence[Feature], part: str, inputs: Sequence[str]) -> list[Finding]:
    codes = {feature.name: np.unique(feature.codes[feature.part(part)]) for feature in features}
    findings = []
    for kind, what, is_missing in (
        ("empty", "no value at all in training", True),
        ("constant", "only one value", False),
    ):
        names = [name for name, found in codes.items() if len(found) == 1 and (found[0] < 0) == is_missing]
        if names:
            # Pixels at the edge are constant, which is no mistake.
            level = WARNING if set(names) <= set(inputs) else NOTE
            text = f"{listed(names)} {'has' if len(names) == 1 else 'have'} {what}"
            remedy = without(names[0], inputs) if len(names) == 1 and names[0] in inputs else ""
            findings.append(Finding(level, kind, text, remedy, tuple(names)))
    return findings


def _of_ids(features: Sequence[Feature], part: str, inputs: Sequence[str]) -> list[Finding]:
    findings = []
    for feature in features:
        codes = feature.codes[feature.part(part)]
        there = codes[codes >= 0]
        distinct = len(np.unique(there))
        if len(there) < FEWEST_ROWS:
            continue
        if feature.kind == CATEGORY and distinct >= MOSTLY * len(there):
            text = f"'{feature.name}' has {distinct:,} different texts in {len(there):,} rows, like an id or free text"
            findings.append(Finding(WARNING, "id", text, _remedy(feature, inputs), (feature.name,)))
        elif feature.kind == NUMBER and distinct == len(there) and _counts_rows(feature):
            text = f"'{feature.name}' numbers the rows, like an id or an index"
            findings.append(Finding(WARNING, "id", text, _remedy(feature, inputs), (feature.name,)))
    return findings


def _remedy(feature: Feature, inputs: Sequence[str]) -> str:
    """Returns how to leave out an input; no config key leaves out an element of an array."""
    return without(feature.of, inputs) if feature.name == feature.of else ""


def _counts_rows(feature: Feature) -> bool:
    """Whether all values, over all splits, are consecutive whole numbers."""
    levels = feature.levels
    whole = bool((levels == np.floor(levels)).all()) and len(levels) == len(feature.values)
    return whole and float(levels.max() - levels.min()) == len(levels) - 1


def _mostly_missing(features: Sequence[Feature], part: str) -> list[Finding]:
    findings = []
    for feature in features:
        share = float(feature.missing[feature.part(part)].mean())
        if MOSTLY <= share < 1:
            text = f"'{feature.name}' is missing in {percent(share)} of the training rows"
            findings.append(Finding(NOTE, "missing", text, names=(feature.name,)))
    return findings


def _copies(features: Sequence[Feature], part: str, inputs: Sequence[str], seed: int) -> list[Finding]:
    compared = [
        feature
        for feature in features[:MOST_COMPARED]
        if len(np.unique(feature.codes[feature.part(part)][:MOST_ROWS])) > 1
    ]
    same = _recodings(compared, part)
    findings = []
    for first, second in same:
        text = f"'{second.name}' repeats '{first.name}': each value of one corresponds to one value of the other"
        findings.append(Finding(NOTE, "copy", text, _remedy(second, inputs), (second.name, first.name)))
    known = {(first.name, second.name) for first, second in same}
    for one, other, correlation in _correlated(compared, part, seed):
        if (one.name, other.name) not in known:
            text = f"'{other.name}' is nearly a copy of '{one.name}' (correlation {correlation:.4f})"
            findings.append(Finding(NOTE, "copy", text, _remedy(other, inputs), (other.name, one.name)))
    return findings


def _recodings(features: Sequence[Feature], part: str) -> list[tuple[Feature, Feature]]:
    """Returns pairs of features whose values correspond one to one; each with the first feature of its group."""
    import pandas as pd

    by_codes: dict[bytes, Feature] = {}
    pairs = []
    for feature in features:
        codes, levels = pd.factorize(feature.codes[feature.part(part)])
        # If each value occurs only once, any two features correspond.
        if len(levels) > len(codes) // 2:
            continue
        first = by_codes.setdefault(codes.astype("int32").tobytes(), feature)
        if first is not feature:
            pairs.append((first, feature))
    return pairs


def _correlated(features: Sequence[Feature], part: str, seed: int) -> list[tuple[Feature, Feature, float]]:
    """Returns pairs of numeric features that are nearly copies of each other, each only with the first one."""
    numeric = [feature for feature in features if feature.numeric]
    if len(numeric) < 2:
        return []
    place = numeric[0].part(part)
    length = place.stop - place.start
    rows = np.arange(length)
    if length > MOST_ROWS:
        rows = np.random.default_rng([seed, 5]).choice(length, MOST_ROWS, replace=False)
    values = np.stack([feature.values[place][rows] for feature in numeric])
    there = ~np.isnan(values)
    sums = np.where(there, values, 0).sum(axis=1, keepdims=True)
    values = np.where(there, values, sums / np.maximum(1, there.sum(axis=1, keepdims=True)))
    values -= values.mean(axis=1, keepdims=True)
    norms = np.sqrt((values**2).sum(axis=1, keepdims=True))
    values = np.divide(values, norms, out=np.zeros_like(values), where=norms > 0)
    alike = np.triu(np.abs(values @ values.T), 1)
    taken: set[int] = set()
    pairs = []
    for one, other in np.argwhere(alike >= ALIKE).tolist():
        if other not in taken:
            taken.add(other)
            pairs.append((numeric[one], numeric[other], float(alike[one, other])))
    return pairs
