"""Rows that are the same are counted within and across splits, and told by their number in the source."""

import numpy as np

from pipeline.inspection.duplicates import Ambiguity, ambiguities, copies
from pipeline.inspection.features import targets_of
from pipeline.inspection.hashes import row_hashes
from tests.inspection.tables import looked, part, texts


def test_copies_are_counted_and_named_by_their_rows() -> None:
    train = part("train", {"a": [1, 2, 2, np.nan, 0], "b": ["x", "y", "y", "z", "w"]}, [0, 1, 1, 0, 1], ["no", "yes"])
    test = part("test", {"a": [np.nan, 5, -0.0], "b": ["z", "x", "w"]}, [0, 0, 1], ["no", "yes"], start=5)
    first, second = copies([train, test])
    assert (first.within, first.in_train, first.pairs) == (1, 0, ((2, "train", 1),))
    assert (second.within, second.in_train, second.pairs) == (0, 2, ((5, "train", 3), (7, "train", 4)))


def test_copies_in_the_training_split_are_serious_unless_rows_are_the_same_by_chance() -> None:
    draw = np.random.default_rng(0)
    values, truth = draw.normal(size=200), draw.integers(0, 2, 200)
    train = part("train", {"a": values}, truth, ["no", "yes"])
    test = part("test", {"a": [*values[:10], *draw.normal(size=40)]}, [*truth[:10], *[0] * 40], ["no", "yes"], 200)
    found = looked(train, test)
    [text] = texts(found, "duplicates")
    assert "10 of 50 test rows (20 %) are also in the training split, such as row 200, which is row 0 there" in text
    assert found.findings[0].level == "serious"
    few = [part(n, {"a": draw.integers(0, 3, 100)}, truth[:100], ["no", "yes"]) for n in ("train", "test")]
    assert {finding.level for finding in looked(*few).findings if finding.kind == "duplicates"} == {"warning"}


def test_same_inputs_with_different_targets_bound_the_accuracy() -> None:
    train = part("train", {"a": [1, 1, 1, 2, 2, 3]}, [0, 0, 1, 1, 1, 0], ["no", "yes"])
    assert ambiguities(train, targets_of([train])) == [Ambiguity("y", 3, 5 / 6, (0, 2))]
    [text] = texts(looked(train), "label noise")
    assert "3 of 6 training rows have the inputs of another row but a different 'y'" in text
    assert "no model can predict more than 83 % of all rows correctly" in text


def test_hashes_tell_rows_apart_by_every_value_and_its_place() -> None:
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (3000, 5, 7), dtype="uint8")
    assert len(np.unique(row_hashes([pixels], 3000))) == 3000
    one = np.array([1.0, 2.0])
    assert row_hashes([one, one[::-1]], 2)[0] != row_hashes([one[::-1], one], 2)[0]
    whole = np.stack(np.meshgrid(*[np.arange(20.0)] * 3), -1).reshape(-1, 3)
    assert len(np.unique(row_hashes([whole], len(whole)))) == len(whole)
    rows = np.empty(3, object)
    rows[:] = [np.zeros((2, 3)), np.zeros((3, 2)), np.zeros((2, 3))]
    first, second, third = row_hashes([rows], 3)
    assert first == third != second
