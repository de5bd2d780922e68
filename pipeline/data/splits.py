"""Splits: training, validation and test data, split here if a source has no splits of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np

from pipeline.config.schema import SplitConfig
from pipeline.data.checks import check_classes, check_values
from pipeline.data.examples import Examples
from pipeline.data.rows import length_of, with_rows
from pipeline.data.split_columns import groups, ranks, split_column, value_text
from pipeline.data.split_methods import Rows, group_parts, time_parts
from pipeline.data.strata import method_of, strata_of, strata_of_groups
from pipeline.data.streams import BatchStream, Data, ExampleStream
from pipeline.errors import ConfigError, DataError, nearest
from pipeline.security import trust

log = logging.getLogger(__name__)
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Splits:
    """The data of a run by split; None for a split that does not exist."""

    train: Data
    validation: Data | None = None
    test: Data | None = None

    def present(self) -> Iterator[tuple[str, Data]]:
        """Yields name and data of the existing splits."""
        for name in SPLITS:
            data = getattr(self, name)
            if data is not None:
                yield name, data

    def named(self, name: str) -> Data:
        """Returns a split.

        Raises:
            ConfigError: There is no such split.
        """
        if name not in SPLITS:
            raise ConfigError(f"task.split: no split '{name}'{nearest(name, SPLITS)}")
        found = dict(self.present())
        if name not in found:
            raise ConfigError(f"task.split: the data has no {name} split; it has {', '.join(found)}")
        return found[name]


def set_apart(splits: Splits, config: SplitConfig, seed: int) -> Splits:
    """Takes validation and test splits from the training data if the config asks for them.

    Args:
        splits: The splits from the source.
        config: Sizes and method; a size of 0 keeps the source's split.
        seed: Seed of `random`, `stratified` and `group`.

    Raises:
        ConfigError: The data cannot be split that way, or a size is set on the command line for a split of the source.
    """
    if config.method == "column":
        return _by_column(splits, config)
    wanted = {name: size for name in ("test", "validation") if (size := getattr(config, name))}
    for name in [name for name in wanted if getattr(splits, name) is not None]:
        if trust.typed(f"split.{name}"):
            raise ConfigError(f"split.{name}: the data has its own {name} split; set split.{name}=0")
        # An experiment's share is for data without its own split.
        log.info("the data has its own %s split, which replaces split.%s=%g", name, name, wanted.pop(name))
    if not wanted:
        return splits
    parts = _parts(splits.train, wanted, config, seed)
    return replace(splits, **parts)


def check_splits(splits: Splits, *, to_train: bool = True) -> None:
    """Checks the values of every split in memory; streams are checked as they are drawn.

    Raises:
        DataError: There are invalid values.
    """
    for name, data in splits.present():
        if isinstance(data, Examples):
            if not len(data):
                raise DataError(f"{name} split: has no examples")
            check_values(data, f"the {name} split")
    if to_train and isinstance(splits.train, Examples):
        check_classes(splits.train, "the train split")


def _parts(data: Data, wanted: dict[str, float], config: SplitConfig, seed: int) -> dict[str, Data]:
    if isinstance(data, BatchStream):
        counts = _counts(wanted, length := length_of(data))
        if method_of(data, config) != "last":
            raise _needs_examples(config)
        _warn_of_changes(data)
        return _last_batches(data, counts, length)
    values = split_column(data, config.column or "") if config.method in ("group", "time") else None
    length = length_of(data) if values is None else len(values)
    rows = _rows(data, values, _counts(wanted, length), config, seed, length)
    return {name: with_rows(data, chosen, length) for name, chosen in rows.items()}


def _warn_of_changes(data: BatchStream) -> None:
    """Warns about batches that differ between passes, so that a split has different examples every time."""
    if data.items is not None and data.items.has_hooks:
        what = f"{type(data.items.dataset).__name__} may change its batches between epochs"
    elif data.passes is not None and data.passes.shuffled_anew:
        what = (
            "the dataset is reshuffled for every pass (`reshuffle_each_iteration=False` in its `shuffle` avoids that)"
        )
    else:
        return
    log.warning("split: %s, which moves examples between the splits; set data.validation to keep them apart", what)


def _rows(
    data: Examples | ExampleStream,
    values: np.ndarray | None,
    counts: dict[str, int],
    config: SplitConfig,
    seed: int,
    length: int,
) -> Rows:
    method, column = method_of(data, config), config.column or ""
    if values is not None and method == "group":
        return group_parts(groups(values), counts, strata_of_groups(data, config), seed, column)
    if values is not None:
        return time_parts(ranks(values, column), counts, lambda row: value_text(data, column, values[row]), column)
    if method == "stratified":
        try:
            return _stratified(strata_of(data, config.target), counts, seed)
        except ConfigError as error:
            if config.method != "auto":
                raise
            log.info("%s; using random splits (split.method=auto)", error)
    order = np.arange(length) if method == "last" else np.random.default_rng([seed, 1]).permutation(length)
    parts, end = {}, length
    for name, count in counts.items():
        parts[name] = order[end - count : end]
        end -= count
    return {**parts, "train": order[:end]}


def _counts(wanted: dict[str, float], length: int) -> dict[str, int]:
    counts = {name: _count(name, size, length) for name, size in wanted.items()}
    if sum(counts.values()) >= length:
        sizes = " and ".join(f"{name} {count}" for name, count in counts.items())
        raise ConfigError(f"split: {sizes} of {length} examples leave none to train on")
    return counts


def _stratified(strata: np.ndarray, counts: dict[str, int], seed: int) -> Rows:
    from sklearn.model_selection import train_test_split

    left, parts = np.arange(len(strata)), {}
    for name, count in counts.items():
        shared = _has_company(strata[left])
        try:
            rest, taken = train_test_split(
                left[shared], test_size=count, stratify=strata[left[shared]], random_state=seed
            )
        except ValueError as error:
            raise ConfigError(
                f"split.{name}: {count} examples cannot be stratified: {error}; set split.method=random"
            ) from error
        # The only example of a class is used for training.
        left = rest if shared.all() else np.concatenate([rest, left[~shared]])
        parts[name] = taken
    return {**parts, "train": left}


def _has_company(ids: np.ndarray) -> np.ndarray:
    """Returns which examples share their class with another one."""
    _, places, counts = np.unique(ids, return_inverse=True, return_counts=True)
    return np.asarray(counts[places] > 1)


def _by_column(splits: Splits, config: SplitConfig) -> Splits:
    data, column = splits.train, config.column or ""
    if isinstance(data, BatchStream):
        raise _needs_examples(config)
    values = np.array([_split_name(v, row, column) for row, v in enumerate(split_column(data, column))])
    length = len(values)
    parts = {n: with_rows(data, np.flatnonzero(values == n), length) for n in SPLITS if (values == n).any()}
    if "train" not in parts:
        raise DataError(f"column '{column}': no row has 'train'")
    return replace(splits, **parts)


def _needs_examples(config: SplitConfig) -> ConfigError:
    return ConfigError(
        f"split.method: '{config.method}' needs single examples, but the data comes in batches; set split.method=last"
    )


def _split_name(value: object, row: int, column: str) -> str:
    text = value.decode() if isinstance(value, bytes) else str(value)
    name = {"val": "validation", "valid": "validation"}.get(text, text)
    if name not in SPLITS:
        raise DataError(f"column '{column}': row {row}: expected train, validation or test, got '{text}'")
    return name


def _count(name: str, size: float, length: int) -> int:
    if size >= 1 and size != int(size):
        raise ConfigError(f"split.{name}: expected a share below 1 or a whole number, got {size}")
    count = int(size) if size >= 1 else round(size * length)
    if count < 1:
        raise ConfigError(f"split.{name}: {size} of {length} examples is less than one")
    return count


def _last_batches(data: BatchStream, counts: dict[str, int], length: int) -> dict[str, Data]:
    parts, end = {}, length
    for name, count in counts.items():
        parts[name] = _between(data, end - count, end, hooks=False)
        end -= count
    return {**parts, "train": _between(data, 0, end, hooks=True)}


def _between(data: BatchStream, start: int, end: int, *, hooks: bool) -> Data:
    if data.items is None:
        return replace(data, open=partial(_drawn_between, data, start, end), steps=end - start)
    items = data.items.part(start, end, hooks=hooks)
    return replace(data, items=items, open=items.open, steps=end - start)


def _drawn_between(data: BatchStream, start: int, end: int, number: int) -> Iterator[Examples]:
    return islice(iter(data.open(number)), start, end)
