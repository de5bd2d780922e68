"""Splits: training, validation and test data, set apart here where a source does not bring them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np

from pipeline.config import SplitConfig
from pipeline.data.checks import check_classes, check_values
from pipeline.data.examples import Examples, class_ids, labelled
from pipeline.data.streams import BatchStream, Data, ExampleStream
from pipeline.errors import ConfigError, DataError, nearest

log = logging.getLogger(__name__)
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Splits:
    """The data of a run by split; None for one that there is not."""

    train: Data
    validation: Data | None = None
    test: Data | None = None

    def present(self) -> Iterator[tuple[str, Data]]:
        """Yields name and data of the splits that there are."""
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
    """Takes validation and test splits from the training data where the config asks for them.

    Args:
        splits: As the source brings them.
        config: Sizes and method; a size of 0 leaves what the source brings.
        seed: Seed of `random` and `stratified`.

    Raises:
        ConfigError: The data cannot be split that way, or a split that the source brings would be replaced.
    """
    if config.method == "column":
        return _by_column(splits, config)
    wanted = {name: size for name in ("test", "validation") if (size := getattr(config, name))}
    for name in wanted:
        if getattr(splits, name) is not None:
            raise ConfigError(f"split.{name}: the data brings its own {name} split; split.{name}=0 is right")
    if not wanted:
        return splits
    parts = _parts(splits.train, wanted, config, seed)
    return replace(splits, **parts)


def check_splits(splits: Splits, *, to_train: bool = True) -> None:
    """Checks the values of every split that is in memory; streams are checked as they are drawn.

    Raises:
        DataError: Something is wrong with them.
    """
    for name, data in splits.present():
        if isinstance(data, Examples):
            if not len(data):
                raise DataError(f"{name} split: has no examples")
            check_values(data, f"the {name} split")
    if to_train and isinstance(splits.train, Examples):
        check_classes(splits.train, "the train split")


def _parts(data: Data, wanted: dict[str, float], config: SplitConfig, seed: int) -> dict[str, Data]:
    length = _length(data)
    counts = {name: _count(name, size, length) for name, size in wanted.items()}
    if sum(counts.values()) >= length:
        raise ConfigError(
            f"split: {' and '.join(f'{n} {c}' for n, c in counts.items())} leave nothing of {length} to train on"
        )
    method = _chosen_method(data, config)
    if isinstance(data, BatchStream):
        if method != "last":
            raise ConfigError(
                f"split.method: '{config.method}' needs single examples, the data comes in batches; 'last' is right"
            )
        return _last_batches(data, counts, length)
    if method == "stratified":
        try:
            return _stratified(data, counts, config, seed, length)
        except ConfigError as error:
            if config.method != "auto":
                raise
            log.info("%s; the splits are random instead (split.method=auto)", error)
    order = np.arange(length) if method == "last" else np.random.default_rng([seed, 1]).permutation(length)
    parts, end = {}, length
    for name, count in counts.items():
        parts[name] = _chosen(data, order[end - count : end], length)
        end -= count
    return {**parts, "train": _chosen(data, order[:end], length)}


def _chosen_method(data: Data, config: SplitConfig) -> str:
    """Returns the method of a split, `auto` made `stratified` where one class an example is to be predicted."""
    if config.method != "auto":
        return config.method
    if isinstance(data, BatchStream):
        return "last"
    targets = data.spec.targets
    if config.target is None and len(targets) != 1:
        return "random"
    target = targets[_named_target(config.target, list(targets))]
    return "stratified" if target.exclusive and not target.per_position else "random"


def _stratified(data: Data, counts: dict[str, int], config: SplitConfig, seed: int, length: int) -> dict[str, Data]:
    from sklearn.model_selection import train_test_split

    ids = _class_ids(data, config.target)
    left, parts = np.arange(length), {}
    for name, count in counts.items():
        shared = _has_company(ids[left])
        try:
            rest, taken = train_test_split(left[shared], test_size=count, stratify=ids[left[shared]], random_state=seed)
        except ValueError as error:
            raise ConfigError(
                f"split.{name}: {count} examples cannot be stratified: {error}; split.method=random is right"
            ) from error
        # The only example of a class is trained on.
        left = rest if shared.all() else np.concatenate([rest, left[~shared]])
        parts[name] = _chosen(data, taken, length)
    return {**parts, "train": _chosen(data, left, length)}


def _has_company(ids: np.ndarray) -> np.ndarray:
    """Returns which examples are not the only one of their class."""
    _, places, counts = np.unique(ids, return_inverse=True, return_counts=True)
    return np.asarray(counts[places] > 1)


def _class_ids(data: Data, target: str | None) -> np.ndarray:
    names = list(data.spec.targets)
    if target is None and len(names) > 1:
        raise ConfigError(f"split.target: missing; stratify by one of {', '.join(names)}")
    name = _named_target(target, names)
    if data.spec.targets[name].per_position:
        raise ConfigError(f"split.method: target '{name}' has a class for each position; split.method=random is right")
    if isinstance(data, Examples):
        return _strata(data, name)
    return np.concatenate([_strata(chunk, name) for chunk in data.chunks()])


def _named_target(target: str | None, names: list[str]) -> str:
    name = target or names[0]
    if name not in names:
        raise ConfigError(f"split.target: no target '{name}'{nearest(name, names)}")
    return name


def _strata(examples: Examples, target: str) -> np.ndarray:
    """Returns the class id of each example; those without a label share one of their own."""
    ids, there = class_ids(examples, target), labelled(examples, target)
    return ids if there is None else np.where(there, ids, len(examples.spec.targets[target].classes or ()))


def _by_column(splits: Splits, config: SplitConfig) -> Splits:
    data, column = splits.train, config.column or ""
    if isinstance(data, BatchStream):
        raise ConfigError("split.method: 'column' needs single examples, the data comes in batches; 'last' is right")
    if isinstance(data, Examples):
        columns = dict(data.columns)
    else:
        chunks = [chunk.columns for chunk in data.chunks()]
        columns = {name: np.concatenate([c[name] for c in chunks]) for name in (chunks[0] if chunks else {})}
    if column not in columns:
        raise ConfigError(f"split.column: no column '{column}'{nearest(column, columns)}")
    values = np.array([_split_name(v, row, column) for row, v in enumerate(columns[column])])
    length = len(values)
    parts = {n: _chosen(data, np.flatnonzero(values == n), length) for n in SPLITS if (values == n).any()}
    if "train" not in parts:
        raise DataError(f"column '{column}': no row says 'train'")
    return replace(splits, **parts)


def _split_name(value: object, row: int, column: str) -> str:
    text = value.decode() if isinstance(value, bytes) else str(value)
    name = {"val": "validation", "valid": "validation"}.get(text, text)
    if name not in SPLITS:
        raise DataError(f"column '{column}': row {row} has '{text}'; train, validation or test is right")
    return name


def _length(data: Data) -> int:
    if isinstance(data, Examples):
        return len(data)
    if data.endless:
        raise ConfigError(
            "split: an endless stream has no last part; set data.validation to a source of its own instead"
        )
    length = data.length if isinstance(data, ExampleStream) else data.steps
    if length is None:
        key = "data.length" if isinstance(data, ExampleStream) else "data.steps"
        raise ConfigError(
            f"split: the length of the data is unknown; set {key}, or data.validation to a source of its own"
        )
    return length


def _count(name: str, size: float, length: int) -> int:
    if size >= 1 and size != int(size):
        raise ConfigError(f"split.{name}: {size} is neither a share below 1 nor a whole number")
    count = int(size) if size >= 1 else round(size * length)
    if count < 1:
        raise ConfigError(f"split.{name}: {size} of {length} is nothing")
    return count


def _chosen(data: Data, rows: np.ndarray, length: int) -> Data:
    if isinstance(data, Examples):
        return data.rows(rows)
    assert isinstance(data, ExampleStream)
    import tensorflow as tf

    chosen = np.zeros(length, bool)
    chosen[rows] = True
    keep = tf.constant(chosen)
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
        dataset = data.dataset.skip(int(rows[0])).take(len(rows))
    else:
        dataset = data.dataset.enumerate().filter(lambda row, _: keep[row]).map(lambda _, example: example)
    return replace(data, dataset=dataset, length=len(rows))


def _last_batches(data: BatchStream, counts: dict[str, int], length: int) -> dict[str, Data]:
    parts, end = {}, length
    for name, count in counts.items():
        parts[name] = replace(data, open=partial(_between, data, end - count, end), steps=count)
        end -= count
    return {**parts, "train": replace(data, open=partial(_between, data, 0, end), steps=end)}


def _between(data: BatchStream, start: int, end: int, number: int) -> Iterator[Examples]:
    return islice(iter(data.open(number)), start, end)
