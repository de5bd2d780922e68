"""The inspection of a config's data before anything is trained: what it is like, and what is suspicious."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.data.spec import DataSpec
from pipeline.inspection.duplicates import (
    Ambiguity,
    Copies,
    ambiguities,
    ambiguity_findings,
    copies,
    copy_findings,
)
from pipeline.inspection.features import Feature, aggregates_of, columns_of, features_of, targets_of
from pipeline.inspection.findings import NOTE, Finding, in_order, listed
from pipeline.inspection.groups import Spread, spread_findings, spreads, time_findings
from pipeline.inspection.leaks import Power, leak_findings, powers
from pipeline.inspection.parts import Part
from pipeline.inspection.provenance import Provenance
from pipeline.inspection.redundancy import blank_findings, input_findings
from pipeline.inspection.shifts import Shift, shift_findings, shifts
from pipeline.inspection.summaries import Summary, summaries_of_arrays, summary, summary_of_positions
from pipeline.inspection.target_findings import target_findings


@dataclass(frozen=True)
class SplitSize:
    """One split.

    Attributes:
        name: The split's.
        examples: Number of examples that were inspected.
        whole: Whether these are all of the split.
        how: Where they come from.
    """

    name: str
    examples: int
    whole: bool
    how: str


@dataclass(frozen=True)
class Inspection:
    """The result of an inspection.

    Attributes:
        spec: The data's spec.
        splits: The splits.
        inputs: Summaries of each input in the training split.
        targets: Summaries of each target, by split.
        said: Decisions made while reading the data: columns left out, kinds of targets.
        powers: How well each input alone predicts each target.
        copies: Duplicate rows, by split.
        ambiguities: Rows with equal inputs and different targets, by target.
        spreads: Group columns with groups in several splits.
        shifts: How far the values of other splits differ from those of training.
        findings: All findings, the most important first.
    """

    spec: DataSpec
    splits: tuple[SplitSize, ...]
    inputs: tuple[Summary, ...]
    targets: Mapping[str, tuple[Summary, ...]]
    said: tuple[str, ...]
    powers: tuple[Power, ...]
    copies: tuple[Copies, ...]
    ambiguities: tuple[Ambiguity, ...]
    spreads: tuple[Spread, ...]
    shifts: tuple[Shift, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values for `inspect.json`."""
        return {
            "findings": [asdict(finding) for finding in self.findings],
            "splits": [asdict(split) for split in self.splits],
            "inputs": [one.as_dict() for one in self.inputs],
            "targets": {
                name: {split.name: one.as_dict() for split, one in zip(self.splits, found, strict=True)}
                for name, found in self.targets.items()
            },
            "said": list(self.said),
            "powers": [asdict(power) for power in self.powers],
            "copies": [asdict(copy) for copy in self.copies],
            "ambiguities": [asdict(one) for one in self.ambiguities],
            "groups": [asdict(spread) for spread in self.spreads],
            "shifts": [asdict(shift) for shift in self.shifts],
            "spec": self.spec.as_dict(),
        }


def inspected(parts: Sequence[Part], provenance: Provenance, seed: int) -> Inspection:
    """Inspects the parts of all splits.

    Args:
        parts: The inspected part of each split, the training split first.
        provenance: Where they come from.
        seed: Seed for the choice of rows if all of them would take too long.
    """
    # Overflow of the largest numbers does not matter.
    with np.errstate(over="ignore", invalid="ignore"), warnings.catch_warnings():
        # scikit-learn's warnings, such as about rare classes: the findings report these.
        warnings.simplefilter("ignore", UserWarning)
        return _inspected(parts, provenance, seed)


def _inspected(parts: Sequence[Part], provenance: Provenance, seed: int) -> Inspection:
    train, spec = parts[0], parts[0].examples.spec
    features, targets, further = features_of(parts), targets_of(parts), columns_of(parts)
    whole = aggregates_of(parts, features)
    inputs, names = list(spec.inputs), [target.name for target in targets]
    power = powers([*features, *whole], targets, train.name, seed)
    copied, ambiguous = copies(parts), ambiguities(train, targets)
    spread, shifted = spreads([*features, *further]), shifts([*targets, *features, *whole], seed)
    alone = input_findings(features, train.name, inputs, seed)
    ids = [name for finding in alone if finding.kind == "id" for name in finding.names]
    # Groups and ids differ between splits by nature.
    own = [*(one.column for one in spread), *ids, *([provenance.column] if provenance.column else [])]
    findings = [
        *leak_findings(power, inputs, {feature.name: feature.of for feature in [*features, *whole]}),
        *copy_findings(copied),
        *target_findings(targets, provenance.missing),
        *spread_findings(spread),
        *(time_findings([*features, *further]) if provenance.by_chance else []),
        *alone,
        *blank_findings(whole, train),
        *ambiguity_findings(ambiguous, len(train)),
        *shift_findings(shifted, names, own, by_chance=provenance.by_chance),
        *_not_looked_at(spec, features, targets),
    ]
    return Inspection(
        spec=spec,
        splits=tuple(_size(part, provenance.how.get(part.name, "")) for part in parts),
        inputs=tuple(_input_summaries(train, features)),
        targets=_target_summaries(parts, targets),
        said=provenance.said,
        powers=tuple(power),
        copies=tuple(copied),
        ambiguities=tuple(ambiguous),
        spreads=tuple(spread),
        shifts=tuple(shifted),
        findings=tuple(in_order(findings)),
    )


def _size(part: Part, how: str) -> SplitSize:
    return SplitSize(
        part.name, len(part), part.whole, how if part.whole else "from a stream; only these were inspected"
    )


def _input_summaries(train: Part, features: Sequence[Feature]) -> list[Summary]:
    """Returns the summaries of the inputs, in their order."""
    specs = train.examples.spec.inputs
    found = [summary(feature, train.name, specs[feature.of].dtype) for feature in features]
    found += summaries_of_arrays(train, [feature.of for feature in features])
    order = list(specs)
    return sorted(found, key=lambda one: order.index(one.of))


def _target_summaries(parts: Sequence[Part], targets: Sequence[Feature]) -> dict[str, tuple[Summary, ...]]:
    """Returns the summaries of each target in each split, in their order."""
    spec = parts[0].examples.spec
    found: dict[str, tuple[Summary, ...]] = {}
    for name in spec.targets:
        single = [target for target in targets if target.of == name]
        found |= {target.name: tuple(_by_split(target, spec)) for target in single}
        if not single:
            found[name] = tuple(summary_of_positions(part, name) for part in parts)
    return found


def _by_split(target: Feature, spec: DataSpec) -> list[Summary]:
    dtype = spec.targets[target.of].dtype
    train, *others = target.slices
    first = summary(target, train, dtype)
    return [first, *(summary(target, part, dtype, like=first.histogram) for part in others)]


def _not_looked_at(spec: DataSpec, features: Sequence[Feature], targets: Sequence[Feature]) -> list[Finding]:
    """Returns the findings about what was not inspected value by value."""
    arrays = [name for name in spec.inputs if name not in {feature.of for feature in features}]
    maps = [name for name in spec.targets if name not in {target.of for target in targets}]
    findings = []
    if arrays:
        text = (
            f"{listed(arrays)}: inspected as a whole, for duplicates, range, mean and deviation, not element by element"
        )
        findings.append(Finding(NOTE, "not inspected", text, names=tuple(arrays)))
    if maps:
        text = f"target {listed(maps)}: has one value per position; not checked for leaks"
        findings.append(Finding(NOTE, "not inspected", text, names=tuple(maps)))
    return findings
