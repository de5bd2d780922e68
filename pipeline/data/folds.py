"""Folds of cross-validation: each holds out different rows, by the configured split method."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pipeline.config.schema import SplitConfig
from pipeline.data.examples import Examples
from pipeline.data.rows import length_of, with_rows
from pipeline.data.split_columns import groups, ranks, split_column, value_text
from pipeline.data.split_methods import time_parts
from pipeline.data.splits import Splits, check_splits, set_apart
from pipeline.data.strata import method_of, strata_of, strata_of_groups
from pipeline.data.streams import BatchStream, Data, ExampleStream
from pipeline.errors import ConfigError

log = logging.getLogger(__name__)
MOST_STRATIFIED_GROUPS = 5000
"""With more groups, class shares are similar anyway, and scikit-learn would take minutes."""


@dataclass(frozen=True, eq=False)
class Fold:
    """One fold.

    Attributes:
        train: The rows to train on, some of which may be used for validation; int64, sorted.
        held_out: The rows to test on; int64, sorted.
        length: The number of all rows; a fold by time does not use all of them.
    """

    train: np.ndarray
    held_out: np.ndarray
    length: int


def folds_of(data: Data, config: SplitConfig, count: int, seed: int) -> list[Fold]:
    """Returns the folds of data; by time, each holds out the rows that follow those that it trains on.

    Args:
        data: All data to train and test on.
        config: The method and its settings.
        count: Number of folds.
        seed: Seed of `random`, `stratified` and `group`.

    Raises:
        ConfigError: The data cannot be split that way.
    """
    if isinstance(data, BatchStream):
        raise ConfigError("folds: needs data in memory, such as data=arrays, got a stream of batches")
    values = split_column(data, config.column or "") if config.method in ("group", "time") else None
    length = length_of(data) if values is None else len(values)
    if values is not None and config.method == "time":
        column = config.column or ""
        return _by_time(ranks(values, column), lambda row: value_text(data, column, values[row]), column, count)
    if count > length:
        raise ConfigError(f"folds: expected at most {length}, the number of examples, got {count}")
    if values is not None:
        held_out = _of_groups(groups(values), strata_of_groups(data, config), config.column or "", count, seed)
    else:
        held_out = _of_rows(data, config, length, count, seed)
    rows = np.arange(length)
    return [Fold(np.setdiff1d(rows, held), np.sort(held), length) for held in held_out]


def fold_splits(whole: Splits, fold: Fold, config: SplitConfig, seed: int) -> Splits:
    """Returns the splits of a fold: the held-out rows are the test split, and part of the others are for validation.

    Raises:
        ConfigError: The rows to train on cannot be split that way.
        DataError: A split has invalid values.
    """
    data = whole.train
    assert not isinstance(data, BatchStream)
    train, test = (with_rows(data, rows, fold.length) for rows in (fold.train, fold.held_out))
    splits = set_apart(Splits(train, whole.validation, test), replace(config, test=0.0), seed)
    check_splits(splits)
    return splits


def seed_of_fold(seed: int, number: int) -> int:
    """Returns the seed of a fold's weights, shuffles and dropout."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def _of_rows(
    data: Examples | ExampleStream, config: SplitConfig, length: int, count: int, seed: int
) -> list[np.ndarray]:
    from sklearn.model_selection import KFold, StratifiedKFold

    method, rows = method_of(data, config), np.zeros(length)
    if method == "stratified":
        strata = strata_of(data, config.target)
        try:
            with warnings.catch_warnings():
                # Some folds lack a class that has fewer examples than there are folds.
                warnings.filterwarnings("ignore", "The least populated class")
                return [held for _, held in StratifiedKFold(count, shuffle=True, random_state=seed).split(rows, strata)]
        except ValueError as error:
            if config.method != "auto":
                raise ConfigError(f"folds: cannot be stratified: {error}; set split.method=random") from error
            log.info("folds: cannot be stratified: %s; using random folds (split.method=auto)", error)
    random = method != "last"
    splitter = KFold(count, shuffle=random, random_state=seed if random else None)
    return [held for _, held in splitter.split(rows)]


def _of_groups(numbers: np.ndarray, strata: np.ndarray | None, column: str, count: int, seed: int) -> list[np.ndarray]:
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    groups_there = int(numbers.max()) + 1
    if groups_there < count:
        raise ConfigError(f"folds: expected at most {groups_there}, the number of groups of '{column}', got {count}")
    rows = np.zeros(len(numbers))
    # Ties between groups are broken by their numbers.
    mixed = np.random.default_rng([seed, 3]).permutation(groups_there)[numbers]
    if strata is not None and groups_there <= MOST_STRATIFIED_GROUPS:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The least populated class")
            try:
                splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
                held_out = [held for _, held in splitter.split(rows, strata, mixed)]
                if all(len(held) for held in held_out):
                    return held_out
            except ValueError:
                pass
    return [held for _, held in GroupKFold(count).split(rows, groups=mixed)]


def _by_time(places: np.ndarray, shown: Callable[[int], str], column: str, count: int) -> list[Fold]:
    size = int((~np.isnan(places)).sum()) // (count + 1)
    if size < 1:
        raise ConfigError(f"folds: {count} folds by '{column}' need {count + 1} rows with a time; use fewer folds")
    names = [f"fold {number}" for number in range(1, count + 1)]
    parts = time_parts(places, dict.fromkeys(reversed(names), size), shown, column)
    folds, before = [], parts["train"]
    for name in names:
        folds.append(Fold(np.sort(before), parts[name], len(places)))
        before = np.concatenate([before, parts[name]])
    return folds
