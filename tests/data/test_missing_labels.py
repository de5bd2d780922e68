"""Labels that are missing: what takes their place, what they weigh, and how each source tells them; all by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.config.schema import SplitConfig
from pipeline.data.checks import check_values
from pipeline.data.examples import Examples, count_classes
from pipeline.data.missing_labels import filled
from pipeline.data.sources.archive import Npz
from pipeline.data.sources.batches import BatchSource
from pipeline.data.sources.table import Frame
from pipeline.data.spec import spec_of
from pipeline.data.splits import Splits, set_apart
from pipeline.data.stage import load_splits
from pipeline.data.streams import BatchStream
from pipeline.data.tuples import Names, examples_of
from pipeline.errors import DataError
from pipeline.weighting import weigh
from pipeline.weighting.balanced import Balanced

NAN = float("nan")
NAMES = Names(["x"], ["kind", "score"])


@pytest.mark.parametrize(
    ("given", "missing", "labels", "there"),
    [
        ([0.5, NAN, 2], "mask", [0.5, 0, 2], [1, 0, 1]),
        (np.array([1, None, 2], object), "mask", [1, 0, 2], [1, 0, 1]),
        (np.array([0.5, None, NAN], object), "mask", [0.5, 0, 0], [1, 0, 0]),
        ([2, -1, 0], -1, [2, 0, 0], [1, 0, 1]),
        ([2, -1, 0], "mask", [2, -1, 0], None),
        ([0.5, NAN], "refuse", [0.5, NAN], None),
        ([[0, 1.0], [NAN, NAN]], "mask", [[0, 1], [1, 0]], [1, 0]),
        ([[0.5, 2.0], [NAN, NAN]], "mask", [[0.5, 2], [0, 0]], [1, 0]),
        ([[0, 1], [2, -1]], -1, [[0, 1], [2, 0]], [[1, 1], [1, 0]]),
    ],
)
def test_zero_or_the_first_class_takes_the_place_of_a_missing_label(
    given: Any, missing: Any, labels: Any, there: Any
) -> None:
    values, found = filled(np.asarray(given), missing, "target 'y'")
    np.testing.assert_array_equal(values, labels)
    assert (None if found is None else found.astype(int).tolist()) == there


def test_whole_numbers_beside_none_stay_whole() -> None:
    assert filled(np.array([1, None], object), "mask", "y")[0].dtype == np.int64


def test_numbers_of_which_some_are_missing_in_a_row_are_told() -> None:
    with pytest.raises(DataError, match="target 'y': row 1: expected all of its numbers or none, got only some"):
        filled(np.array([[0.5, 2], [NAN, 1.5]]), "mask", "target 'y'")


def examples(**more: Any) -> Examples:
    kind = np.array([0, 1, None, 1, None, 2], object)
    score = np.array([[0.5], [NAN], [2], [3], [NAN], [1]], "float32")
    return examples_of((np.zeros((6, 2)), {"kind": kind, "score": score}, *more.pop("weights", ())), NAMES, **more)


def test_classes_are_counted_and_balanced_over_the_labelled_rows() -> None:
    found = examples(missing="mask")
    assert {name: target.missing for name, target in found.spec.targets.items()} == {"kind": True, "score": True}
    assert found.spec.targets["kind"].classes == ("0", "1", "2")
    assert count_classes(found, "kind").tolist() == [1, 2, 1]
    weighed = weigh(Splits(found), [Balanced(["kind"], ["train"])]).train
    # Four labelled rows of three classes: 4 / (3 * count).
    assert weighed.weights["kind"].tolist() == pytest.approx([4 / 3, 4 / 6, 0, 4 / 6, 0, 4 / 3])  # type: ignore[union-attr]
    assert weighed.weights["score"].tolist() == [1, 0, 1, 1, 0, 1]  # type: ignore[union-attr]


def test_weights_of_the_data_are_multiplied_by_the_mask() -> None:
    found = examples(missing="mask", weights=({"score": np.arange(6)},))
    assert found.weights["score"].tolist() == [0, 0, 2, 3, 0, 5]


def test_missing_labels_are_refused_with_the_remedy() -> None:
    with pytest.raises(DataError, match=r"row 2 is missing \(rows affected: 2\); set weighting.missing=mask"):
        examples()
    score = np.array([0.5, NAN])
    with pytest.raises(
        DataError, match=r"row 1: expected finite numbers, got nan .*; set weighting.missing=mask to use only"
    ):
        check_values(Examples(spec_of({}, {"score": score}), {}, {"score": score}))
    ids = np.array([0, 1, -1])
    with pytest.raises(
        DataError,
        match=r"expected a class id from 0 to 1, got -1; if it marks a missing label, set weighting.missing=-1",
    ):
        check_values(Examples(spec_of({}, {"y": ids}, classes=2), {}, {"y": ids}))


def test_stratified_split_keeps_the_share_of_rows_without_a_label() -> None:
    kind = np.array([0, 1, None, None] * 10, object)
    whole = examples_of((np.zeros((40, 1)), kind), Names(["x"], ["kind"]), missing="mask")
    parts = set_apart(Splits(whole), SplitConfig(test=0.25, method="stratified"), seed=0)
    assert parts.test is not None
    assert parts.test.class_counts("kind").tolist() in ([2, 3], [3, 2])  # type: ignore[union-attr]
    assert parts.test.weights["kind"].sum() == 5  # type: ignore[union-attr]


def test_tables_and_archives_mask_what_is_empty(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "kind": ["no", None, "yes", "no"], "score": [NAN, 2.5, 1, 0.5]})
    frame["code"] = [3, -1, 5, 3]
    table = Frame(["kind", "score", "code"], ["x"], [], [], [""], None, frame, None, None)
    train = table.load(missing=-1).train
    assert isinstance(train, Examples)
    assert train.targets["kind"].tolist() == [0, 0, 1, 0]
    assert train.spec.targets["code"].classes == ("3", "5")
    masks = {name: weights.tolist() for name, weights in train.weights.items()}
    assert masks == {"kind": [1, 0, 1, 1], "score": [0, 1, 1, 1], "code": [1, 0, 1, 1]}
    np.savez(tmp_path / "d.npz", x=np.zeros((3, 1)), y=np.array([0, -1, 1]))
    npz = Npz(str(tmp_path / "d.npz"), ["x"], ["y"], [], None, None, 1.0, None)
    assert npz.load(missing=-1).train.weights["y"].tolist() == [1, 0, 1]  # type: ignore[union-attr]


def rows(count: int = 2) -> Any:
    for _ in range(count):
        yield np.zeros((2, 1), "float32"), np.array([0.5, NAN], "float32")
        yield np.zeros((2, 1), "float32"), np.array([0.5, 1], "float32")


def test_every_batch_of_a_stream_has_weights_where_one_may_lack_labels() -> None:
    node = {"_target_": f"{BatchSource.__module__}.BatchSource", "inputs": ["x"], "targets": ["y"], "train": None}
    source = BatchSource(rows, ["x"], ["y"], None, None, None, False, [], 1.0, None)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pipeline.config.components.build", lambda *_: source)
        stream = load_splits(node, SplitConfig(), 0, missing="mask").train
    assert isinstance(stream, BatchStream)
    assert stream.weighted
    assert stream.spec.targets["y"].missing
    assert [batch.weights["y"].tolist() for batch in stream.batches(0)] == [[1, 0], [1, 1]] * 2
