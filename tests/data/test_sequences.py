"""Targets of a varying number of positions are padded with their inputs, and what is added counts nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.data.tuples import Names, examples_of
from pipeline.errors import DataError

LENGTHS = (3, 1, 2)
INPUTS = [np.full((length, 2), length, "float32") for length in LENGTHS]
TARGETS = [np.arange(length) for length in LENGTHS]
NAMES = Names(["words"], ["tags"])


def test_targets_get_one_length_and_weight_0_where_they_end() -> None:
    examples = examples_of((INPUTS, TARGETS), NAMES)
    assert examples.targets["tags"].tolist() == [[0, 1, 2], [0, 0, 0], [0, 1, 0]]
    assert examples.weights["tags"].tolist() == [[1, 1, 1], [1, 0, 0], [1, 1, 0]]
    assert examples.inputs["words"].shape == (3, 3, 2)
    spec = examples.spec
    assert (spec.inputs["words"].shape, spec.targets["tags"].shape) == ((None, 2), (None,))
    assert spec.targets["tags"].classes == ("0", "1", "2")
    assert examples.class_counts("tags").tolist() == [3, 2, 1]


def test_weights_of_examples_and_of_positions_are_multiplied() -> None:
    by_example = examples_of((INPUTS, TARGETS, np.array([2.0, 3.0, 4.0])), NAMES)
    assert by_example.weights["tags"].tolist() == [[2, 2, 2], [3, 0, 0], [4, 4, 0]]
    each: list[Any] = [np.full(length, 0.5) for length in LENGTHS]
    by_position = examples_of((INPUTS, TARGETS, {"tags": each}), NAMES)
    assert by_position.weights["tags"].tolist() == [[0.5, 0.5, 0.5], [0.5, 0, 0], [0.5, 0.5, 0]]


def test_weights_of_another_length_than_the_positions_are_told() -> None:
    each: list[Any] = [np.ones(3), np.ones(2), np.ones(3)]
    with pytest.raises(DataError, match=r"sample weights of 'tags': row 1: expected one per position \(1\), got 2"):
        examples_of((INPUTS, TARGETS, {"tags": each}), NAMES)
