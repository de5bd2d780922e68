"""Labels of arrays: text, ids from 1, signs and floats are classes as in tables; numbers to predict stay numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.config.loss_kinds import LossKind
from pipeline.data.examples import Examples
from pipeline.data.sources.archive import Npz
from pipeline.data.sources.arrays import Arrays
from pipeline.data.target_kinds import settled, values_of
from pipeline.errors import ConfigError, DataError

MSE = LossKind("mean_squared_error")


def arrays(y: Any, *, validation: Any = None, classes: Any = None, missing: Any = "refuse") -> Any:
    parts = [None if part is None else (np.zeros((len(part), 2)), np.asarray(part)) for part in (y, validation)]
    source = Arrays(parts[0], ["x"], ["y"], parts[1], None, 1.0, classes)
    return source.load(missing=missing)


def train(y: Any, **more: Any) -> Examples:
    found = arrays(y, **more).train
    assert isinstance(found, Examples)
    return found


def line(examples: Examples) -> str:
    return settled("y", examples.spec.targets["y"], None)[1]


@pytest.mark.parametrize(
    ("labels", "classes", "ids"),
    [
        (["yes", "no", "no"] * 4, ("no", "yes"), [1, 0, 0]),
        ([[1], [-1], [1]] * 4, ("-1", "1"), [[1], [0], [1]]),
        ([1.0, 0.0, 1.0] * 4, ("0", "1"), [1, 0, 1]),
        ([2.0, 0.0, 1.0] * 4, ("0", "1", "2"), [2, 0, 1]),
        ([3.0, 1.0, 2.0] * 4, ("1", "2", "3"), [2, 0, 1]),
        ([1, 2, 2] * 4, ("1", "2"), [0, 1, 1]),
        ([5, 10, 5] * 4, ("5", "10"), [0, 1, 0]),
        ([-1, 0, 1] * 4, ("-1", "0", "1"), [0, 1, 2]),
        ([0, 3, 1] * 4, ("0", "1", "2", "3"), [0, 3, 1]),
    ],
)
def test_labels_are_names_of_classes(labels: Any, classes: tuple[str, ...], ids: Any) -> None:
    examples = train(labels)
    assert examples.spec.targets["y"].classes == classes
    assert examples.targets["y"][:3].tolist() == ids


@pytest.mark.parametrize(
    "numbers",
    [[0.5, 1.5, 2.5] * 4, [-3, -2, 0, 1, 3] * 4, [1.0, 3.0, 1.0] * 4, [-1.5, 1.0] * 4, [100.0, 250.0, 300.0] * 4],
)
def test_numbers_to_predict_stay_numbers(numbers: list[float]) -> None:
    examples = train(numbers)
    assert examples.spec.targets["y"].kind == "numbers"
    assert examples.targets["y"].tolist() == numbers


def test_what_is_doubtful_is_told_with_what_changes_it() -> None:
    told = (
        "target 'y': 1, 2 treated as the names of 2 classes; for numbers, set data.classes=0; for ids, data.classes=3"
    )
    assert line(train([1, 2] * 6)) == told
    assert line(train([-1, 0, 1] * 6)).endswith(
        "for numbers, set data.classes=0; if -1 marks missing labels, weighting.missing=-1"
    )
    assert line(train([0.0, 1.0, 2.0] * 6)).startswith(
        "target 'y': 0 to 2 treated as 3 classes; for numbers, set data.classes=0"
    )
    assert line(train([-1, 1] * 6)) == line(train(["a", "b"])) == line(train([0.5, 1.5])) == ""
    assert line(train([1.0, 3.0] * 6)).startswith("target 'y': whole numbers treated as numbers")


def test_a_single_minus_one_among_ids_stays_a_mistake() -> None:
    assert train([0, 1, -1, *[0, 1] * 20]).spec.targets["y"].classes == ("0", "1")


def test_a_loss_for_numbers_or_the_number_of_classes_settles_it() -> None:
    for labels in ([1, 2] * 6, [-1, 1] * 6, [0.0, 1.0, 2.0] * 6):
        examples = train(labels)
        spec = settled("y", examples.spec.targets["y"], MSE)[0]
        assert spec.kind == "numbers"
        assert values_of(spec, examples.spec.targets["y"], examples.targets["y"]).tolist() == labels
        assert train(labels, classes=0).targets["y"].tolist() == labels
    kept = train([1, 2] * 6, classes=3)
    assert (kept.spec.targets["y"].classes, kept.targets["y"][:2].tolist()) == (("0", "1", "2"), [1, 2])
    assert train([1, 2] * 6, classes=2).targets["y"][:2].tolist() == [0, 1]
    with pytest.raises(ConfigError, match=r"data.classes: 3 for target 'y', which has 2"):
        train(["a", "b"], classes=3)
    with pytest.raises(DataError, match=r"target 'y': data.classes=0 means numbers, but it is text"):
        train(["a", "b"], classes=0)


def test_other_splits_have_the_classes_of_the_training_split() -> None:
    assert arrays(["a", "b", "c"] * 4, validation=["c", "a"]).validation.targets["y"].tolist() == [2, 0]
    assert arrays([1, 2, 3] * 4, validation=[3, 3]).validation.targets["y"].tolist() == [2, 2]
    with pytest.raises(DataError, match=r"target 'y': row 1: the training data has no class 'd'"):
        arrays(["a", "b"], validation=["a", "d"])
    with pytest.raises(DataError, match=r"target 'y': expected numbers as in the training data, got text"):
        arrays([0.5, 1.5], validation=["a", "d"])


def test_missing_labels_are_masked_beside_text_and_ids_from_one(tmp_path: Path) -> None:
    text = train(np.array(["a", None, "b", ""], object), missing="mask")
    assert (text.spec.targets["y"].classes, text.targets["y"].tolist()) == (("a", "b"), [0, 0, 1, 0])
    assert text.weights["y"].tolist() == [1, 0, 1, 0]
    np.savez(tmp_path / "d.npz", x=np.zeros((12, 1)), y=np.array([1, -9, 2] * 4))
    source = Npz(str(tmp_path / "d.npz"), ["x"], ["y"], [], None, None, 1.0, None)
    ids = source.load(missing=-9).train
    assert isinstance(ids, Examples)
    assert ids.spec.targets["y"].classes == ("1", "2")
    assert (ids.targets["y"][:3].tolist(), ids.weights["y"][:3].tolist()) == ([0, 0, 1], [1, 0, 1])
