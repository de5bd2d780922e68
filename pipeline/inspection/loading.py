"""Loads a config's data as training would, but so that suspicious data can be reported."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import numpy as np

from pipeline.config.schema import MASK, PipelineConfig
from pipeline.data.missing_labels import Missing
from pipeline.data.splits import Splits, check_splits, set_apart
from pipeline.data.stage import load_splits
from pipeline.errors import DataError
from pipeline.inspection.parts import Part, parts_of
from pipeline.inspection.provenance import Provenance
from pipeline.weighting.choices import missing_labels

BY_CHANCE = ("random", "stratified", "auto", "group")
OF_TABLE = "set data.missing_target=drop to leave such rows out"
OF_ARRAYS = "set weighting.missing=mask to train on the others"


def load_to_inspect(config: PipelineConfig) -> tuple[list[Part], Provenance]:
    """Loads the data of a config and splits it as training would.

    Missing labels are not an error here: their number is part of the result.

    Returns:
        The part of each split to inspect, the training split first, and where it comes from.

    Raises:
        ConfigError: The source rejected its arguments, or the data cannot be split that way.
        DataError: The data cannot be read, or is invalid.
    """
    # A user's function that draws random data returns the same as in training, which uses the same seed.
    random.seed(config.seed)
    np.random.seed(config.seed)
    node, split = config.data, config.split
    of_table = "missing_target" in node
    with _lines_of_the_log() as said:
        try:
            whole = _whole(config, node, missing_labels(config.weighting))
        except DataError:
            # Missing labels that training would refuse are reported.
            said.clear()
            whole = _whole(config, {**node, "missing_target": None} if of_table else node, MASK)
        brought = tuple(name for name, _ in whole.present())
        splits = set_apart(whole, split, config.seed)
    check_splits(splits, to_train=False)
    provenance = Provenance(
        {name: _how(name, brought, config) for name, _ in splits.present()},
        split.method in BY_CHANCE and len(brought) == 1,
        split.column,
        tuple(said),
        OF_TABLE if of_table else OF_ARRAYS,
        _title(node),
    )
    return parts_of(splits, brought), provenance


def _whole(config: PipelineConfig, node: Mapping[str, Any], missing: Missing | None) -> Splits:
    split = config.split
    return load_splits(
        node,
        # The split may need a column, which the source then has to read.
        replace(split, validation=0.0, test=0.0, method="last" if split.method == "column" else split.method),
        config.seed,
        loss=config.loss,
        positive=config.positive,
        missing=missing,
        to_train=False,
    )


@contextmanager
def _lines_of_the_log() -> Iterator[list[str]]:
    """Collects the log messages of the data stages in this context."""
    said: list[str] = []

    class Gathering(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    gathering = Gathering(logging.INFO)
    stages = logging.getLogger("pipeline.data")
    stages.addHandler(gathering)
    try:
        yield said
    finally:
        stages.removeHandler(gathering)


def _how(name: str, brought: tuple[str, ...], config: PipelineConfig) -> str:
    key = "path" if name == "train" else name
    given = config.data.get(key)
    if name in brought and name != "train":
        return f"data.{key}, {PurePath(given).name}" if isinstance(given, str) else "from the data itself"
    split = config.split
    if split.method == "column":
        return f"split.method=column split.column={split.column}"
    if name == "train":
        return "the rest" if split.validation or split.test else "all"
    by = f" split.column={split.column}" if split.column else ""
    return f"split.{name}={getattr(split, name):g} split.method={split.method}{by}"


def _title(node: Mapping[str, Any]) -> str:
    path = node.get("path")
    if isinstance(path, str) and PurePath(path).name:
        return PurePath(path).name
    return str(node.get("name") or str(node["_target_"]).rpartition(".")[2])
