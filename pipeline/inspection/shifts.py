"""Inputs and targets whose values in validation or test differ from those in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.inspection.features import CLASSES, Feature
from pipeline.inspection.findings import NOTE, WARNING, Finding, percent

MOST_ROWS = 50_000
MUCH = 0.15
"""Distance of two distributions from which it matters; see `Shift.distance`."""
UNKNOWN = 0.05
"""Share of rows with an unknown category, or outside of the training range, from which it matters."""
MOST_CATEGORIES = 50
"""Most categories for which shares are compared."""
UNLIKELY = 1e-4
"""Probability by chance below which a difference counts."""


@dataclass(frozen=True)
class Shift:
    """How far the values of a feature in a split differ from those in the training split.

    Attributes:
        feature: The feature.
        part: The split.
        distance: Largest difference of the cumulative distributions of numbers; half the sum of the differences of the
            shares of categories or classes.
        unknown: Share of rows with a category or class that the training split does not have.
        outside: Share of rows outside of the training split's range.
        missing: Share of missing values minus that of the training split.
        differs: Whether the distance is larger than chance explains.
    """

    feature: str
    part: str
    distance: float
    unknown: float
    outside: float
    missing: float
    differs: bool

    @property
    def far(self) -> bool:
        """Whether the values differ from those in training."""
        return self.differs and (self.distance >= MUCH or abs(self.missing) >= MUCH)

    @property
    def matters(self) -> bool:
        """Whether it is worth reporting."""
        return self.far or max(self.unknown, self.outside) >= UNKNOWN


def shifts(features: Sequence[Feature], seed: int) -> list[Shift]:
    """Returns how far the values of each split differ from those in the training split, the farthest first."""
    found = []
    for feature in features:
        train, *others = feature.slices
        found += [_shift(feature, train, name, seed) for name in others]
    return sorted(found, key=lambda shift: -max(shift.distance, shift.unknown, shift.outside))


def shift_findings(
    found: Sequence[Shift], targets: Sequence[str], own: Sequence[str], *, by_chance: bool
) -> list[Finding]:
    """Returns the findings about differences between splits: for each feature, the farthest split.

    Args:
        found: How far values differ from those in training.
        targets: The features that are targets.
        own: Columns of groups and ids, which differ between splits by nature.
        by_chance: Whether the splits are random, so that differences are chance.
    """
    findings: list[Finding] = []
    for shift in found:
        # In small random splits, some rows are outside of the range of the others.
        expected = by_chance and not shift.far and shift.unknown < UNKNOWN
        said = any(shift.feature in finding.names for finding in findings)
        if not shift.matters or expected or said or shift.feature in own:
            continue
        what = "target " if shift.feature in targets else ""
        parts = []
        if shift.unknown >= UNKNOWN:
            parts.append(f"{percent(shift.unknown)} of its values do not occur in the training split")
        if shift.outside >= UNKNOWN:
            parts.append(f"{percent(shift.outside)} are outside of the range of the training split")
        if shift.differs and abs(shift.missing) >= MUCH:
            parts.append(f"{percent(abs(shift.missing))} {'more' if shift.missing > 0 else 'fewer'} are missing")
        if shift.differs and shift.distance >= MUCH:
            parts.append(f"the distribution differs from training (distance {shift.distance:.2f} of 1)")
        text = f"{what}'{shift.feature}' in {shift.part}: {', '.join(parts)}"
        findings.append(Finding(NOTE if by_chance else WARNING, "shift", text, names=(shift.feature,)))
    return findings


def _shift(feature: Feature, train: str, name: str, seed: int) -> Shift:
    known, given = feature.part(train), feature.part(name)
    missing = float(feature.missing[given].mean() - feature.missing[known].mean()) if given.stop > given.start else 0.0
    ours, theirs = feature.codes[known], feature.codes[given]
    ours, theirs = ours[ours >= 0], theirs[theirs >= 0]
    if not len(ours) or not len(theirs):
        return Shift(feature.name, name, 0.0, 0.0, 0.0, missing, abs(missing) > 0)
    if feature.kind == CLASSES or not feature.numeric:
        return _of_categories(feature, name, ours, theirs, missing)
    from scipy.stats import ks_2samp

    before, after = feature.levels[ours], feature.levels[theirs]
    outside = float(((after < before.min()) | (after > before.max())).mean())
    draw = np.random.default_rng([seed, 4])
    compared = ks_2samp(_drawn(before, draw), _drawn(after, draw), method="asymp")
    differs = bool(compared.pvalue < UNLIKELY)
    return Shift(feature.name, name, float(compared.statistic), 0.0, outside, missing, differs)


def _of_categories(feature: Feature, name: str, ours: np.ndarray, theirs: np.ndarray, missing: float) -> Shift:
    from scipy.stats import chi2_contingency

    size = len(feature.levels)
    before, after = np.bincount(ours, minlength=size), np.bincount(theirs, minlength=size)
    unknown = float(after[before == 0].sum() / len(theirs))
    if size > MOST_CATEGORIES:
        return Shift(feature.name, name, 0.0, unknown, 0.0, missing, False)
    distance = float(np.abs(before / len(ours) - after / len(theirs)).sum() / 2)
    there = (before + after) > 0
    table = np.stack([before[there], after[there]])
    differs = there.sum() > 1 and bool(chi2_contingency(table).pvalue < UNLIKELY)
    return Shift(feature.name, name, distance, unknown, 0.0, missing, differs)


def _drawn(values: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    return values if len(values) <= MOST_ROWS else draw.choice(values, MOST_ROWS, replace=False)
