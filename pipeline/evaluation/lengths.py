"""How many positions of an output are of an example, and not of what was added to make a batch one array."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.spec import TargetSpec, varies
from pipeline.data.streams import Data


def with_lengths(data: Data, targets: Mapping[str, TargetSpec]) -> tuple[Data, dict[str, np.ndarray]]:
    """Returns data whose outputs are of one number of positions, and that of each example by the name of its target.

    As in training, inputs are as long as the longest where a target varies in length. How long an example is is told
    by the weights of positions where the data has its targets, which were padded with weight 0, else by the lengths of
    the inputs, where those agree.

    Args:
        data: The data.
        targets: What the model was trained on.
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
    """Returns what is of the examples of values of shape (examples, positions, ...), an object array if they differ."""
    if (lengths == values.shape[1]).all():
        return values
    rows = np.empty(len(values), object)
    for index, length in enumerate(lengths):
        rows[index] = values[index, :length]
    return rows


def _weighed_positions(weights: np.ndarray) -> np.ndarray:
    """Returns the number of positions up to the last one that counts; all of them where none does."""
    counts: np.ndarray = (weights.reshape(*weights.shape[:2], -1) != 0).max(axis=2)
    last = counts.shape[1] - counts[:, ::-1].argmax(axis=1)
    return np.where(counts.max(axis=1), last, counts.shape[1])
