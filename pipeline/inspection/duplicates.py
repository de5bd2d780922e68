"""Duplicate rows: within a split, across splits, and equal inputs with different targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.inspection.features import CLASSES, Feature
from pipeline.inspection.findings import NOTE, SERIOUS, WARNING, Finding, percent
from pipeline.inspection.hashes import row_hashes
from pipeline.inspection.parts import Part

SHOWN = 5
"""Number of pairs of rows to show."""
MANY, FEW = 0.01, 5
"""Share of a split's rows, and number of rows, from which copies in the training split matter."""
BY_CHANCE = 0.3
"""Share of repeated rows above which rows are equal only because there are few different ones."""


@dataclass(frozen=True)
class Copies:
    """Rows of a split that repeat earlier ones.

    Attributes:
        part: The split.
        within: Rows that repeat an earlier row of the same split, in inputs and targets.
        in_train: Rows that repeat a row of the training split; 0 for the training split itself.
        examples: Rows that were compared.
        pairs: Examples: the row, the split of the row that it repeats, and that row.
    """

    part: str
    within: int
    in_train: int
    examples: int
    pairs: tuple[tuple[int, str, int], ...]


@dataclass(frozen=True)
class Ambiguity:
    """Rows with equal inputs whose targets differ.

    Attributes:
        target: The target.
        rows: Training rows with the same inputs as another row but a different target.
        best: The highest accuracy that any model can reach on the training rows; None for numbers.
        pair: Two such rows.
    """

    target: str
    rows: int
    best: float | None
    pair: tuple[int, int]


def copies(parts: Sequence[Part]) -> list[Copies]:
    """Returns how many rows of each split repeat others, in inputs and targets."""
    whole = np.concatenate(
        [row_hashes([*part.examples.inputs.values(), *part.examples.targets.values()], len(part)) for part in parts]
    )
    ends = np.cumsum([len(part) for part in parts])
    train = whole[: ends[0]]
    found = []
    for part, end in zip(parts, ends, strict=True):
        own = whole[end - len(part) : end]
        _, first, inverse = np.unique(own, return_index=True, return_inverse=True)
        earlier = first[inverse]
        again = np.flatnonzero(earlier != np.arange(len(own)))
        pairs = [(int(part.rows[row]), part.name, int(part.rows[earlier[row]])) for row in again[:SHOWN]]
        in_train = np.flatnonzero(np.isin(own, train)) if part is not parts[0] else again[:0]
        if len(in_train):
            same = [(row, np.flatnonzero(train == own[row])[0]) for row in in_train[:SHOWN]]
            pairs = [(int(part.rows[row]), parts[0].name, int(parts[0].rows[other])) for row, other in same]
        found.append(Copies(part.name, len(again), len(in_train), len(own), tuple(pairs)))
    return found


def ambiguities(part: Part, targets: Sequence[Feature]) -> list[Ambiguity]:
    """Returns for each target how many training rows have equal inputs and different targets."""
    groups = np.unique(row_hashes(part.examples.inputs.values(), len(part)), return_inverse=True)[1]
    found = []
    for target in targets:
        place = target.part(part.name)
        there = np.flatnonzero(~target.missing[place])
        ids, codes = groups[there], target.codes[place][there]
        pairs, counts = np.unique(ids * np.int64(len(target.levels) + 1) + codes, return_counts=True)
        of_group = pairs // (len(target.levels) + 1)
        kinds = np.bincount(of_group, minlength=int(groups.max(initial=-1)) + 1)
        several = kinds[ids] > 1
        if not several.any():
            continue
        most = np.zeros(len(kinds), "int64")
        np.maximum.at(most, of_group, counts)
        first = np.flatnonzero(several)[0]
        other = np.flatnonzero((ids == ids[first]) & (codes != codes[first]))[0]
        pair = (int(part.rows[there[first]]), int(part.rows[there[other]]))
        best = float(most.sum() / len(there)) if target.kind == CLASSES else None
        found.append(Ambiguity(target.name, int(several.sum()), best, pair))
    return found


def copy_findings(found: Sequence[Copies]) -> list[Finding]:
    """Returns the findings about duplicate rows."""
    across = [copy for copy in found if copy.in_train]
    within = sum(copy.within for copy in found)
    findings = []
    if across:
        shares = {copy.part: copy.in_train / copy.examples for copy in across}
        counts = [
            f"{copy.in_train:,} of {copy.examples:,} {copy.part} rows ({percent(shares[copy.part])})" for copy in across
        ]
        row, _, other = across[0].pairs[0]
        text = f"{' and '.join(counts)} are also in the training split, such as row {row}, which is row {other} there"
        remedy = "scores on them are too good; remove these rows from the file for honest scores"
        findings.append(Finding(_level(across, found), "duplicates", text, remedy))
    if within:
        total = sum(copy.examples for copy in found)
        first = next((copy for copy in found if copy.within and copy.pairs[0][1] == copy.part), None)
        such = f", such as rows {first.pairs[0][2]} and {first.pairs[0][0]} of {first.part}" if first else ""
        text = f"{within:,} of {total:,} rows ({percent(within / total)}) repeat another row of their split{such}"
        findings.append(Finding(WARNING if within / total >= MANY else NOTE, "duplicates", text))
    return findings


def _level(across: Sequence[Copies], found: Sequence[Copies]) -> str:
    """Returns how serious copies in the training split are.

    In a table with a few short columns rows are equal by chance, and a single one changes no score.
    """
    if max(copy.in_train / copy.examples for copy in across) < MANY:
        return NOTE
    usual = sum(copy.within for copy in found) / sum(copy.examples for copy in found)
    return SERIOUS if usual < BY_CHANCE and sum(copy.in_train for copy in across) >= FEW else WARNING


def ambiguity_findings(found: Sequence[Ambiguity], examples: int) -> list[Finding]:
    """Returns the findings about rows with equal inputs and different targets."""
    findings = []
    for one in found:
        bound = (
            f"; no model can predict more than {percent(one.best)} of all rows correctly"
            if one.best is not None
            else ""
        )
        text = (
            f"{one.rows:,} of {examples:,} training rows have the inputs of another row but a different "
            f"'{one.target}', such as rows {one.pair[0]} and {one.pair[1]}{bound}"
        )
        level = WARNING if one.rows / examples >= MANY else NOTE
        findings.append(Finding(level, "label noise", text, names=(one.target,)))
    return findings
