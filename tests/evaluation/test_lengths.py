"""Predictions of sequences have the positions of their example, and none that were added to pad a batch."""

import numpy as np

from pipeline.data.examples import Examples, ragged
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.evaluation.lengths import with_lengths
from pipeline.evaluation.predictions import columns

TAGS = {"tag": TargetSpec((None,), "int64", ("a", "b"), kind="ids")}
SPEC = DataSpec({"x": InputSpec((None, 1), "float32")}, {})
SEQUENCES = {"x": ragged([np.zeros((3, 1), "float32"), np.ones((1, 1), "float32")])}


def test_lengths_are_those_of_the_inputs_which_are_padded_as_in_training() -> None:
    data, lengths = with_lengths(Examples(SPEC, SEQUENCES, {}), TAGS)
    assert lengths["tag"].tolist() == [3, 1]
    assert isinstance(data, Examples)
    assert data.inputs["x"].shape == (2, 3, 1)
    fixed = {"tag": TargetSpec((), "int64", ("a", "b"))}
    same = Examples(SPEC, SEQUENCES, {})
    assert with_lengths(same, fixed) == (same, {})


def test_lengths_of_data_with_targets_are_told_by_what_was_padded_with_weight_0() -> None:
    weights = np.array([[1, 0, 2], [1, 0, 0], [0, 0, 0]], "float32")
    data = Examples(DataSpec({}, TAGS), {}, {"tag": np.zeros((3, 3), "int64")}, {"tag": weights})
    assert with_lengths(data, TAGS)[1]["tag"].tolist() == [3, 1, 3]


def test_classes_and_numbers_of_positions_are_cut_to_the_length_of_their_example() -> None:
    lengths = np.array([3, 1])
    units = np.array([[[0.2], [0.9], [0.4]], [[0.7], [0.1], [0.1]]])
    table = columns({"tag": units}, TAGS, {}, lengths={"tag": lengths})
    assert list(table) == ["row", "length", "label", "probability_a", "probability_b"]
    assert [row.tolist() for row in table["label"]] == [["a", "b", "a"], ["b"]]
    assert [row.tolist() for row in table["probability_b"]] == [[0.2, 0.9, 0.4], [0.7]]
    number = {"tag": TargetSpec((None, 2), "float32")}
    pairs = np.concatenate([units, -units], axis=2)
    table = columns({"tag": pairs}, number, {}, lengths={"tag": lengths})
    assert [row.tolist() for row in table["value_1"]] == [[-0.2, -0.9, -0.4], [-0.7]]
