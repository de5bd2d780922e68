"""Findings about targets: missing labels, rare classes, a skewed distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.data.target_kinds import positive_setting
from pipeline.inspection.features import CLASSES, Feature
from pipeline.inspection.findings import NOTE, SERIOUS, WARNING, Finding, listed, percent
from pipeline.inspection.summaries import skewness

RARE = 10
"""A class with fewer examples is too rare to learn."""
LARGEST = 0.9
"""Share of one class from which accuracy is uninformative."""
SKEWED = 2.0


def target_findings(targets: Sequence[Feature], missing: str) -> list[Finding]:
    """Returns the findings about targets.

    Args:
        targets: The targets.
        missing: What to do about missing labels.
    """
    findings = []
    for target in targets:
        findings += _missing(target, missing)
        findings += _of_classes(target, several=len(targets) > 1) if target.kind == CLASSES else _of_numbers(target)
    return findings


def _missing(target: Feature, remedy: str) -> list[Finding]:
    count = int(target.missing.sum())
    if not count:
        return []
    share = percent(count / len(target.missing))
    text = f"target '{target.name}' is missing in {count:,} of {len(target.missing):,} rows ({share})"
    return [Finding(WARNING, "missing labels", text, remedy, (target.name,))]


def _of_classes(target: Feature, *, several: bool) -> list[Finding]:
    parts = {name: _counts(target, name) for name in target.slices}
    first = next(iter(parts))
    train = parts[first]
    total = int(train.sum())
    if not total:
        return []
    findings = []
    names, label = target.classes, f"target '{target.name}'"
    share = float(train.max() / total)
    largest = names[int(train.argmax())]
    if share == 1:
        text = f"{label} is '{largest}' in all training rows, so nothing can be learned"
        findings.append(Finding(SERIOUS, "one class", text, names=(target.name,)))
    elif share >= LARGEST:
        text = f"{label} is '{largest}' in {percent(share)} of the training rows"
        remedy = "accuracy is uninformative; use metrics=[auc,f1_score] and weighting=balanced"
        if len(names) == 2:
            # Otherwise the metrics may be about the frequent class, with a value near 1 whatever the model does.
            rarer = positive_setting(target.name, names[1 - int(train.argmax())], several=several)
            remedy = f"accuracy is uninformative; use metrics=[auc,f1_score], {rarer} and weighting=balanced"
        findings.append(Finding(WARNING, "imbalance", text, remedy, (target.name,)))
    rare = [f"{name} ({count})" for name, count in zip(names, train.tolist(), strict=True) if 0 < count < RARE]
    if rare:
        text = f"{label} has classes of fewer than {RARE} training rows: {listed(rare)}"
        findings.append(Finding(WARNING, "rare classes", text, names=(target.name,)))
    unknown = {part: np.flatnonzero((counts > 0) & (train == 0)) for part, counts in parts.items()}
    where = " and ".join(part for part, ids in unknown.items() if len(ids))
    if where:
        absent = [names[index] for index in sorted({index for ids in unknown.values() for index in ids.tolist()})]
        text = f"{label} has classes in {where} that the training split does not have: {listed(absent)}"
        findings.append(Finding(WARNING, "unknown classes", text, names=(target.name,)))
    return findings


def _counts(target: Feature, part: str) -> np.ndarray:
    place = target.part(part)
    values = target.values[place][~target.missing[place]].astype("int64")
    return np.bincount(values, minlength=len(target.classes))


def _of_numbers(target: Feature) -> list[Finding]:
    place = target.part(next(iter(target.slices)))
    values = target.values[place][~target.missing[place]]
    skew = skewness(values)
    if skew is None or abs(skew) < SKEWED:
        return []
    text = f"target '{target.name}' is heavily skewed (skewness {skew:.1f})"
    if skew > 0 and values.min() > 0:
        after = skewness(np.log(values))
        if after is not None and abs(after) < skew / 2:
            remedy = f"set target_scaling=log to learn its logarithm (skewness {after:.1f})"
            return [Finding(WARNING, "skew", text, remedy, (target.name,))]
    return [Finding(NOTE, "skew", text, "set loss=huber or loss=mae to reduce the effect of outliers", (target.name,))]
