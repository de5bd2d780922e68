"""The classes that splits are stratified by, and whether they are if the data decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.config.schema import SplitConfig
from pipeline.data.examples import Examples, class_ids, labelled
from pipeline.data.streams import BatchStream, Data, ExampleStream
from pipeline.errors import ConfigError, nearest


def strata_of_groups(data: Examples | ExampleStream, config: SplitConfig) -> np.ndarray | None:
    """Returns the class id of each row if splits by group should keep class shares; else None."""
    if method_of(data, replace(config, method="auto")) != "stratified":
        return None
    return strata_of(data, config.target)


def method_of(data: Data, config: SplitConfig) -> str:
    """Returns the method of a split, where `auto` becomes `stratified` if one class per example is predicted."""
    if config.method != "auto":
        return config.method
    if isinstance(data, BatchStream):
        return "last"
    targets = data.spec.targets
    if config.target is None and len(targets) != 1:
        return "random"
    target = targets[_named_target(config.target, list(targets))]
    return "stratified" if target.exclusive and not target.per_position else "random"


def strata_of(data: Examples | ExampleStream, target: str | None) -> np.ndarray:
    """Returns the class id of each row, for stratified splits.

    Raises:
        ConfigError: There is no such target, or there are several and none is named, or it has one class per position.
        DataError: The target has no mutually exclusive classes.
    """
    names = list(data.spec.targets)
    if target is None and len(names) > 1:
        raise ConfigError(f"split.target: missing; stratify by one of {', '.join(names)}")
    name = _named_target(target, names)
    if data.spec.targets[name].per_position:
        raise ConfigError(f"split.method: target '{name}' has one class per position; set split.method=random")
    if isinstance(data, Examples):
        return _strata(data, name)
    return np.concatenate([_strata(chunk, name) for chunk in data.chunks()])


def _named_target(target: str | None, names: list[str]) -> str:
    name = target or names[0]
    if name not in names:
        raise ConfigError(f"split.target: no target '{name}'{nearest(name, names)}")
    return name


def _strata(examples: Examples, target: str) -> np.ndarray:
    """Returns the class id of each example; examples without a label share one extra id."""
    ids, there = class_ids(examples, target), labelled(examples, target)
    return ids if there is None else np.where(there, ids, len(examples.spec.targets[target].classes or ()))
