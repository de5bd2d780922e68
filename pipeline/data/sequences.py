"""Targets with a varying number of positions, padded to one array each; padding has weight 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pipeline.data.examples import Arrays, multiplied, pad
from pipeline.data.spec import DataSpec, varies
from pipeline.errors import DataError


def padded_sequences(
    inputs: Arrays, targets: Arrays, weights: Arrays
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray], list[str]]:
    """Returns inputs, targets and weights with targets of varying length padded, and the names of those targets.

    Zeros are added at the end, up to the longest example. Inputs that are as long as such a target in every example
    are padded to the same length; others are padded later, batch by batch.

    Args:
        inputs: Arrays by input name; an object array of arrays (length, ...) has a first dimension that varies.
        targets: The same for targets.
        weights: Weights by target name, per example or per position.

    Raises:
        DataError: Weights of positions differ in length from their target.
    """
    varying = [name for name, array in targets.items() if varies(array)]
    if not varying:
        return dict(inputs), dict(targets), dict(weights), []
    lengths = {name: [len(row) for row in targets[name]] for name in varying}
    padded, masks = dict(targets), dict(weights)
    for name in varying:
        padded[name] = pad(targets[name])
        there = np.arange(max(lengths[name]))[None] < np.array(lengths[name])[:, None]
        given = masks.get(name)
        if given is not None and varies(given):
            _check_lengths(name, given, lengths[name])
            given = pad(given).astype("float32")
        masks[name] = there.astype("float32") if given is None else multiplied(there.astype("float32"), given)
    alike = {
        name: pad(array)
        for name, array in inputs.items()
        if varies(array) and [len(row) for row in array] in lengths.values()
    }
    return {**inputs, **alike}, padded, masks, varying


def with_any_length(spec: DataSpec, before: Mapping[str, Arrays]) -> DataSpec:
    """Returns a spec in which the first dimension of padded arrays varies.

    Args:
        spec: The spec of the padded arrays.
        before: `inputs` and `targets` before padding.
    """
    inputs, targets = dict(spec.inputs), dict(spec.targets)
    for name, given in spec.inputs.items():
        if varies(before["inputs"][name]):
            inputs[name] = replace(given, shape=(None, *given.shape[1:]))
    for name, target in spec.targets.items():
        if varies(before["targets"][name]):
            targets[name] = replace(target, shape=(None, *target.shape[1:]))
    return DataSpec(inputs, targets)


def _check_lengths(name: str, weights: np.ndarray, lengths: list[int]) -> None:
    for row, (given, length) in enumerate(zip(weights, lengths, strict=False)):
        if len(given) != length:
            raise DataError(
                f"data: sample weights of '{name}': row {row}: expected one per position ({length}), got {len(given)}"
            )
