"""Split methods that keep rows together: whole groups, and rows in the order of time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import numpy as np

from pipeline.errors import ConfigError

log = logging.getLogger(__name__)
Rows = dict[str, np.ndarray]
"""Rows by split."""
MOST_TRIES, WORK = 100, 1_000_000
"""Most random choices of groups to compare, and most groups to examine for that."""


def group_parts(
    groups: np.ndarray, counts: Mapping[str, int], strata: np.ndarray | None, seed: int, column: str
) -> Rows:
    """Splits whole groups, with sizes as close as possible to the requested ones.

    Args:
        groups: The number of each row's group, from 0.
        counts: Sizes of the splits other than training, in the order in which they are split off.
        strata: The class of each row, whose shares are kept if groups allow it; None to ignore classes.
        seed: Seed of the choice.
        column: The column of the groups, for messages.

    Raises:
        ConfigError: There are fewer groups than splits.
    """
    table = _rows_by_class(groups, strata)
    wanted = {name: count * table.sum(axis=0) / len(groups) for name, count in counts.items()}
    if len(table) < len(counts) + 1:
        raise ConfigError(
            f"split.column: expected at least one group per split ({len(counts) + 1}) in '{column}', got {len(table)}"
        )
    generator = np.random.default_rng([seed, 2])
    owner, left, parts = np.zeros(len(table), "int64"), np.arange(len(table)), {}
    for number, (name, share) in enumerate(wanted.items(), 1):
        # Each split after this one also needs a group.
        taken = _nearest(table[left], share, len(left) - (len(counts) - number + 1), generator)
        owner[left[taken]] = number
        left = left[~taken]
        parts[name] = np.flatnonzero(owner[groups] == number)
    parts["train"] = np.flatnonzero(owner[groups] == 0)
    sizes = ", ".join(
        f"{name} {np.count_nonzero(owner == number)} ({len(parts[name])} rows)"
        for number, name in enumerate(("train", *counts))
    )
    log.info("groups of '%s': %s", column, sizes)
    return parts


def time_parts(ranks: np.ndarray, counts: Mapping[str, int], shown: Callable[[int], str], column: str) -> Rows:
    """Splits off the latest rows, keeping rows of the same time together; rows without a time are for training.

    Args:
        ranks: The rank of each row in time, NaN if missing.
        counts: Sizes of the splits other than training, that of the latest rows first.
        shown: Returns the time of a row, for messages.
        column: Its name, for messages.

    Raises:
        ConfigError: Too few rows have a time.
    """
    order = in_time(ranks, column)
    if sum(counts.values()) >= len(order):
        sizes = " and ".join(f"{name} {count}" for name, count in counts.items())
        raise ConfigError(f"split.column: {len(order)} rows have a time in '{column}'; {sizes} leave none to train on")
    parts, end, starts = {}, len(order), []
    for index, (name, count) in enumerate(counts.items()):
        # Training and each split after this one also need a row.
        start = cut_between_times(ranks[order[:end]], end - count, len(counts) - index, column)
        parts[name] = np.sort(order[start:end])
        starts.append(f"{name} from {shown(int(order[start]))}")
        end = start
    held_out = np.concatenate(list(parts.values()))
    parts["train"] = np.setdiff1d(np.arange(len(ranks)), held_out)
    log.info("'%s': train until %s, %s", column, shown(int(order[end - 1])), ", ".join(reversed(starts)))
    return parts


def in_time(ranks: np.ndarray, column: str) -> np.ndarray:
    """Returns the rows with a time, the oldest first, and logs how many have none."""
    order = np.argsort(ranks, kind="stable")
    known = len(ranks) - int(np.isnan(ranks).sum())
    if known < len(ranks):
        log.info("'%s': %d rows without a time are used for training", column, len(ranks) - known)
    return order[:known]


def cut_between_times(ranks: np.ndarray, start: int, least: int, column: str) -> int:
    """Returns the index nearest to `start`, from `least` on, where sorted times change, or any if they never do."""
    changes = np.flatnonzero(np.diff(ranks)) + 1
    changes = changes[changes >= least]
    if not len(changes):
        log.warning(
            "'%s': rows with the same time are in two splits, because there are too few different times", column
        )
        return max(start, least)
    return int(changes[np.argmin(np.abs(changes - start))])


def _rows_by_class(groups: np.ndarray, strata: np.ndarray | None) -> np.ndarray:
    """Returns how many rows of each class each group has, of shape (groups, classes)."""
    classes = np.zeros(len(groups), "int64") if strata is None else np.unique(strata, return_inverse=True)[1]
    table = np.zeros((int(groups.max()) + 1, int(classes.max()) + 1))
    np.add.at(table, (groups, classes), 1)
    return table


def _nearest(table: np.ndarray, wanted: np.ndarray, most: int, generator: np.random.Generator) -> np.ndarray:
    """Returns the groups that come closest to the wanted rows per class: the best of some random choices.

    A difference in the number of rows weighs more than a row of another class.
    """
    tries = max(1, min(MOST_TRIES, WORK // len(table)))
    found = [_chosen(table.sum(axis=1), wanted.sum(), most, generator) for _ in range(tries)]
    return min(found, key=lambda taken: _distance(table[taken].sum(axis=0), wanted))


def _distance(rows: np.ndarray, wanted: np.ndarray) -> float:
    of_size = abs(rows.sum() - wanted.sum())
    return float(of_size * (len(wanted) + 1) + np.abs(rows - wanted).sum())


def _chosen(sizes: np.ndarray, wanted: float, most: int, generator: np.random.Generator) -> np.ndarray:
    """Returns a random choice of groups: those that fit, then the one that comes closest to the rest."""
    order = generator.permutation(len(sizes))
    taken = np.zeros(len(sizes), bool)
    taken[order[np.cumsum(sizes[order]) <= wanted][:most]] = True
    while taken.sum() < most:
        rest = wanted - sizes[taken].sum()
        gaps = np.where(taken, np.inf, np.abs(rest - sizes))[order]
        if taken.any() and gaps.min() >= rest:
            break
        taken[order[np.argmin(gaps)]] = True
    return taken
