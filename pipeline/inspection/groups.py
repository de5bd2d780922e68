"""Rows that belong together, such as those of one patient, and are in several splits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.config.quoting import typed
from pipeline.data.spec import CATEGORY, NUMBER, TIME
from pipeline.inspection.features import Feature
from pipeline.inspection.findings import NOTE, WARNING, Finding, percent

NAME = re.compile(
    r"(?:^|[\W_])(?:id|ids|uid|uuid|guid|patient|subject|person|user|customer|client|household|family|session|group|"
    r"device|speaker|student|account|member|donor|participant|case|visit|batch|site|plot)(?:$|[\W_]|nr$|no$|num$)|id$",
    re.IGNORECASE,
)
"""Column names that say which rows belong together."""
CODE = re.compile(r"[A-Za-z]{0,6}[-_ ]?[0-9]{2,}")
"""Codes such as P0017."""
FEWEST_GROUPS = 5
LEAST_SIZE, LARGEST_SHARE = 1.2, 0.2
"""Least mean number of rows per group, and the largest share of all rows that one group may have."""
MANY = 0.2
"""Share of a split's rows with a group in the training split from which that matters."""


@dataclass(frozen=True)
class Spread:
    """A column that looks like group ids, with groups in several splits.

    Attributes:
        column: The column.
        groups: Number of different values.
        shares: By split, the share of its rows whose value is also in the training split.
    """

    column: str
    groups: int
    shares: dict[str, float]


def spreads(features: Sequence[Feature]) -> list[Spread]:
    """Returns the columns whose groups are in several splits."""
    found = []
    for feature in features:
        if len(feature.slices) < 2 or not _is_of_groups(feature):
            continue
        train, *others = feature.slices
        known = np.unique(feature.codes[feature.part(train)])
        shares = {}
        for name in others:
            codes = feature.codes[feature.part(name)]
            shares[name] = float((np.isin(codes, known) & (codes >= 0)).mean()) if len(codes) else 0.0
        if max(shares.values()) >= MANY:
            found.append(Spread(feature.name, len(feature.levels), shares))
    return found


def spread_findings(found: Sequence[Spread]) -> list[Finding]:
    """Returns the findings about groups in several splits."""
    findings = []
    for spread in found:
        shares = " and ".join(f"{percent(share)} of the {name} rows" for name, share in spread.shares.items())
        text = f"'{spread.column}' looks like an id of groups ({spread.groups:,} of them): {shares} have a group from "
        findings.append(
            Finding(
                WARNING,
                "groups",
                f"{text}the training split",
                f"set split.method=group split.column={typed(spread.column)} to keep groups together",
                (spread.column,),
            )
        )
    return findings


def time_findings(features: Sequence[Feature]) -> list[Finding]:
    """Returns the findings about times if splits are random, so that a model may know the future."""
    return [
        Finding(
            NOTE,
            "time",
            f"'{feature.name}' is a time, and random splits train on rows that are later than those tested on",
            f"set split.method=time split.column={typed(feature.name)} to test on the latest rows",
            (feature.name,),
        )
        for feature in features
        if feature.kind == TIME and len(feature.slices) > 1
    ]


def _is_of_groups(feature: Feature) -> bool:
    if feature.kind not in (NUMBER, CATEGORY) or len(feature.levels) < FEWEST_GROUPS:
        return False
    there = feature.codes[feature.codes >= 0]
    counts = np.bincount(there)
    if len(there) / len(counts) < LEAST_SIZE or counts.max() / len(there) > LARGEST_SHARE:
        return False
    named = NAME.search(feature.name) is not None
    if feature.kind == NUMBER:
        return named and bool((feature.levels == np.floor(feature.levels)).all())
    return named or all(CODE.fullmatch(str(level)) for level in feature.levels[:200])
