"""How many positions of an output belong to an example rather than to the padding of its batch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.spec import TargetSpec, varies
from pipeline.data.streams import Data


def with_lengths(data: Data, targets: Mapping[str, TargetSpec]) -> tuple[Data, dict[str, np.ndarray]]:
    """Returns the data with outputs of one common number of positions, and each example's own number by target name.

    As in training, if a target varies in length, inputs are padded to the longest. The length of an example comes from
    the weights of its positions if the data has targets (padding has weight 0), otherwise from the lengths of the
    inputs, if those agree.

    Args:
        data: The data.
        targets: The targets that the model was trained on.
    """
    varying = [name for name, target in targets.items() if target.shape[:1] == (None,)]
    if not varying or not isinstance(data, Examples):
        return data, {}
    by_inputs = [[len(row) for row in array] for array in data.inputs.values() if varies(array)]
    found = {}
    for name in varying:
        weights = data.weights.get(name)
        if weights is not None and weights.ndim > 1:
            found[name] = _weighed_positions(weights)
        elif by_inputs and all(lengths == by_inputs[0] for lengths in by_inputs):
            found[name] = np.array(by_inputs[0])
    return data.padded(), found


def cut(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Cuts padding from values of shape (examples, positions, ...). Returns an object array if the lengths differ."""
    if (lengths == values.shape[1]).all():
        return values
    rows = np.empty(len(values), object)
    for index, length in enumerate(lengths):
        rows[index] = values[index, :length]
    return rows


def _weighed_positions(weights: np.ndarray) -> np.ndarray:
    """Returns the number of positions up to the last one that counts; all positions if none counts."""
    counts: np.ndarray = (weights.reshape(*weights.shape[:2], -1) != 0).max(axis=2)
    last = counts.shape[1] - counts[:, ::-1].argmax(axis=1)
    return np.where(counts.max(axis=1), last, counts.shape[1])
