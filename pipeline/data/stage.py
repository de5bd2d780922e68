"""The stage that loads data: source, splits, checks."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.config import components
from pipeline.config.loss_kinds import AUTO, loss_kinds
from pipeline.config.schema import REFUSE, SplitConfig
from pipeline.data.examples import Examples
from pipeline.data.loaders.loader import Loader
from pipeline.data.matching import match_classes, match_inputs
from pipeline.data.missing_labels import Missing, masked_examples, may_lack, with_missing
from pipeline.data.origin import Origin
from pipeline.data.sources.source import Source
from pipeline.data.spec import DataSpec
from pipeline.data.splits import Splits, check_splits, set_apart
from pipeline.data.streams import BatchStream, Data
from pipeline.data.target import TargetSpec
from pipeline.data.target_kinds import positive_by_target, settled, values_of
from pipeline.data.target_scaling import NONE, with_scaling
from pipeline.errors import ConfigError, DataError, with_article

log = logging.getLogger(__name__)


def load_splits(
    node: Mapping[str, Any],
    split: SplitConfig,
    seed: int,
    *,
    loss: Any = AUTO,
    positive: Any = None,
    scaling: Any = NONE,
    missing: Missing | None = None,
    with_targets: bool = True,
    to_train: bool = True,
    like: DataSpec | None = None,
) -> Splits:
    """Loads the data of a config node, splits it, and checks what is in memory.

    Args:
        node: The config's `data`.
        split: How to split off validation and test.
        seed: Seed of random splits.
        loss: See `load_whole`.
        positive: See `load_whole`.
        scaling: The config's `target_scaling`.
        missing: See `load_whole`.
        with_targets: See `load_whole`.
        to_train: Whether a model will be trained on them, which needs two or more classes.
        like: See `load_whole`.

    Raises:
        ConfigError: The source rejected its arguments, or the data cannot be split that way.
        DataError: The data cannot be read, or is invalid.
    """
    loaded = load_whole(
        node, split, loss=loss, positive=positive, missing=missing, with_targets=with_targets, like=like
    )
    splits = set_apart(loaded, split, seed)
    check_splits(splits, to_train=to_train)
    return scaled(splits, scaling, loss) if with_targets else splits


def load_whole(
    node: Mapping[str, Any],
    split: SplitConfig,
    *,
    loss: Any = AUTO,
    positive: Any = None,
    missing: Missing | None = None,
    with_targets: bool = True,
    like: DataSpec | None = None,
) -> Splits:
    """Loads the data of a config node from its source and settles its targets, without splitting or checking it.

    Args:
        node: The config's `data`.
        split: How the data will be split, for the column that this needs.
        loss: The config's `loss`, which settles the kind of the targets.
        positive: The config's `positive`.
        missing: The config's `weighting.missing`; None if it is not set.
        with_targets: False if only predictions are wanted.
        like: The spec that the model was trained on, so that a source can read inputs in the same way.

    Raises:
        ConfigError: The source rejected its arguments.
        DataError: The data cannot be read.
    """
    source: Source = _with_method(components.build("data", node), "load", "data", node)
    check = getattr(source, "check", None)
    # The package's own sources are checked before TensorFlow is imported.
    if callable(check) and not str(node["_target_"]).startswith("pipeline."):
        check()
    for_losses = getattr(source, "for_losses", None)
    if callable(for_losses):
        source = for_losses({name: kind.family for name, kind in loss_kinds(loss, _names(node)).items()})
    keeping = getattr(source, "keeping", None)
    if split.column is not None and callable(keeping):
        source = keeping(split.column, is_time=split.method == "time")
    reads_like = getattr(source, "like", None)
    if like is not None and callable(reads_like):
        source = reads_like(like)
    of_table = hasattr(source, "missing_target")
    elsewhere = REFUSE if missing is None else missing
    # A table has its own key for that, and has already applied it.
    loaded = _loaded(source, with_targets, missing) if of_table else _loaded(source, with_targets, elsewhere)
    if with_targets:
        lacking = _lacking(loaded, elsewhere)
        loaded = _masked(_settled(loaded, loss, positive, of_table=of_table), lacking, elsewhere)
    return _numbered(loaded)


def scaled(splits: Splits, scaling: Any, loss: Any) -> Splits:
    """Returns the splits for training, with targets scaled by the config's `target_scaling` and `loss`."""
    return with_scaling(splits, scaling, loss_kinds(loss, list(splits.train.spec.targets)))


def load_validation_sets(
    sets: Mapping[str, Mapping[str, Any]],
    node: Mapping[str, Any],
    seed: int,
    spec: DataSpec,
    loss: Any = AUTO,
    missing: Missing | None = None,
) -> dict[str, Data]:
    """Loads further data to validate on, by name.

    Args:
        sets: For each, values that differ from `data`, or a whole source with a `_target_`; all of its training data
            becomes the set.
        node: The config's `data`.
        seed: The config's seed.
        spec: The spec of the training data.
        loss: The config's `loss`.
        missing: The config's `weighting.missing`; None if it is not set.

    Raises:
        ConfigError: A source rejected its arguments.
        DataError: The data cannot be read, or does not match the training data.
    """
    loaded = {}
    for name, given in sets.items():
        whole = given if "_target_" in given else {**_without_splits(node), **given}
        try:
            splits = load_splits(whole, SplitConfig(), seed, loss=loss, missing=missing, to_train=False, like=spec)
            loaded[name] = match_classes(match_inputs(splits.train, spec), spec)
        except (ConfigError, DataError) as error:
            raise type(error)(f"validation_sets.{name}: {error}") from error
    return loaded


def _numbered(splits: Splits) -> Splits:
    """Returns the splits, those in memory with row numbers, which examples keep when they are split."""
    return Splits(
        **{
            part: replace(data, origin=Origin(np.arange(len(data))))
            if isinstance(data, Examples) and data.origin is None
            else data
            for part, data in splits.present()
        }
    )


def _names(node: Mapping[str, Any]) -> list[str]:
    """Returns the targets that a config names, in order."""
    targets = node.get("targets") or ()
    return [targets] if isinstance(targets, str) else [str(name) for name in targets]


def _settled(splits: Splits, loss: Any, positive: Any, *, of_table: bool) -> Splits:
    """Returns the splits with targets of the kind that the losses are for."""
    before = splits.train.spec.targets
    losses, positives = loss_kinds(loss, list(before)), positive_by_target(positive, list(before))
    targets = {}
    for name, target in before.items():
        targets[name], said = settled(name, target, losses.get(name), positives.get(name), of_table=of_table)
        if said:
            log.info("%s", said)
    return Splits(**{part: _with_targets(data, before, targets) for part, data in splits.present()})


def _with_targets(data: Data, before: Mapping[str, TargetSpec], targets: Mapping[str, TargetSpec]) -> Data:
    spec = replace(data.spec, targets={n: targets[n] for n in data.spec.targets})
    if not isinstance(data, Examples):
        return replace(data, spec=spec)
    values = {n: values_of(targets[n], before[n], array) for n, array in data.targets.items()}
    settled_spec = replace(spec, targets={n: replace(t, dtype=str(values[n].dtype)) for n, t in spec.targets.items()})
    return replace(data, spec=settled_spec, targets=values)


def _lacking(splits: Splits, missing: Missing) -> list[str]:
    """Returns the targets with missing labels in any split; for a stream, those that may have some."""
    return [
        name
        for name in splits.train.spec.targets
        if any(
            data.spec.targets[name].missing
            or (not isinstance(data, Examples) and may_lack(data.spec.targets[name], missing))
            for _, data in splits.present()
        )
    ]


def _masked(splits: Splits, lacking: list[str], missing: Missing) -> Splits:
    """Returns the splits with the same information about targets with missing labels."""
    parts: dict[str, Data] = {}
    for part, given in splits.present():
        data = given
        spec = with_missing(data.spec, lacking)
        if isinstance(data, Examples):
            parts[part] = replace(data, spec=spec)
            continue
        shapes = {**data.weight_shapes, **{name: spec.targets[name].positions for name in lacking}}
        if isinstance(data, BatchStream):
            data = replace(data, weighted=data.weighted or bool(lacking))
        parts[part] = replace(data, spec=spec, missing=missing, weight_shapes=shapes)
    return Splits(**parts)


def _loaded(source: Source, with_targets: bool, missing: Missing | None) -> Splits:
    if "missing" in inspect.signature(source.load).parameters:
        splits = source.load(with_targets=with_targets, missing=missing)  # type: ignore[call-arg]
    else:
        splits = source.load(with_targets=with_targets)
    if missing not in (None, REFUSE):
        splits = Splits(
            **{
                part: masked_examples(data, missing) if isinstance(data, Examples) else data
                for part, data in splits.present()
            }
        )
    wanted = {"inputs": splits.train.spec.inputs, **({"targets": splits.train.spec.targets} if with_targets else {})}
    for key, found in wanted.items():
        if not found:
            raise ConfigError(f"data.{key}: expected at least one name, got none")
    return splits


def _without_splits(node: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if name in ("validation", "test") else value for name, value in node.items()}


def build_loader(node: Mapping[str, Any]) -> Loader:
    """Builds the loader of a config node.

    Raises:
        ConfigError: It rejected its arguments, or is not a loader.
    """
    loader: Loader = _with_method(components.build("loader", node), "batches", "loader", node)
    return loader


def _with_method(component: Any, method: str, key: str, node: Mapping[str, Any]) -> Any:
    if not callable(getattr(component, method, None)):
        raise ConfigError(
            f"{key}: {node['_target_']} returned {with_article(component)}, which has no method '{method}'"
        )
    return component
