"""Every weighting gives a sample weight per example and target, and refuses what does not suit the data."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data.examples import Examples
from pipeline.data.spec import spec_of
from pipeline.data.splits import Splits
from pipeline.data.streams import BatchStream
from pipeline.errors import ConfigError, DataError
from pipeline.weighting import Weighting, weigh, weigh_split
from pipeline.weighting.balanced import Balanced
from pipeline.weighting.build import build_weightings
from pipeline.weighting.class_weight import ClassWeight
from pipeline.weighting.mask import Mask, of_classes
from pipeline.weighting.sample_weight import SampleWeight, one_class

IDS = np.array([0, 0, 0, 1])
TRAIN = ["train"]


def several() -> Examples:
    targets = {"score": np.array([0.5, 1, 2, 3]), "kind": np.array([0, 1, 2, 1])}
    return Examples(spec_of({}, targets), {}, targets)


def one() -> Examples:
    columns = {"w": np.array([1, 2, 3, 4]), "m": np.array([0, 1, 1, 0]), "t": np.array(list("abcd"), object)}
    return Examples(spec_of({}, {"y": IDS}), {}, {"y": IDS}, columns=columns)


def endless() -> BatchStream:
    def open_pass(number: int) -> Iterator[Examples]:
        while True:
            yield one()

    return BatchStream(one().spec, open_pass, endless=True)


def weights(examples: Examples, weighting: Weighting) -> dict[str, list[float]]:
    weighed = weigh(Splits(examples), [weighting]).train
    assert isinstance(weighed, Examples)
    return {name: w.tolist() for name, w in weighed.weights.items()}


def sample(kind: type[SampleWeight] = SampleWeight, **more: Any) -> SampleWeight:
    return kind(**{"column": None, "array": None, "function": None, "targets": None, "splits": TRAIN, **more})


def test_class_weights_by_id_and_by_name() -> None:
    assert weights(one(), ClassWeight({0: 1.0, 1: 2.5}, None, TRAIN)) == {"y": [1, 1, 1, 2.5]}
    assert weights(one(), ClassWeight({"1": 3}, 0.5, TRAIN)) == {"y": [0.5, 0.5, 0.5, 3]}


def test_class_weights_of_one_output_of_several_leave_the_others_alone() -> None:
    found = weights(several(), ClassWeight({"kind": {0: 1.0, 1: 2.0, 2: 4.0}}, None, TRAIN))
    assert found == {"kind": [1, 2, 4, 2]}


def test_balanced_weights_are_n_over_classes_times_count() -> None:
    assert weights(one(), Balanced(None, TRAIN)) == {"y": [pytest.approx(4 / 6)] * 3 + [2]}
    assert list(weights(several(), Balanced(None, TRAIN))) == ["kind"]


def test_balanced_draws_a_stream_once_to_count_its_classes() -> None:
    drawn: list[int] = []

    def passes(number: int) -> Iterator[Examples]:
        drawn.append(number)
        yield one()

    weigh(Splits(BatchStream(one().spec, passes)), [Balanced(None, TRAIN)])
    assert len(drawn) == 1


def test_sample_weights_from_column_file_and_function(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([4.0, 3, 2, 1]))
    assert weights(one(), sample(column="w")) == {"y": [1, 2, 3, 4]}
    assert weights(one(), sample(array=str(tmp_path / "w.npy"))) == {"y": [4, 3, 2, 1]}
    assert weights(one(), sample(function=lambda e: one_class(e, 1, 2.0))) == {"y": [1, 1, 1, 2]}


def test_sample_weights_of_all_or_of_chosen_targets() -> None:
    ones: Callable[[Examples], np.ndarray] = lambda e: np.ones(len(e))  # noqa: E731
    assert list(weights(several(), sample(function=ones))) == ["score", "kind"]
    assert list(weights(several(), sample(function=ones, targets=["score"]))) == ["score"]


def test_mask_is_of_zeros_and_ones_only() -> None:
    assert weights(one(), sample(Mask, column="m")) == {"y": [0, 1, 1, 0]}
    assert weights(one(), sample(Mask, function=lambda e: of_classes(e, [1]))) == {"y": [0, 0, 0, 1]}
    with pytest.raises(ConfigError, match="row 1 of the mask: expected 0 or 1, got 2"):
        weights(one(), sample(Mask, column="w"))


def test_weights_reach_the_named_splits_only() -> None:
    splits = weigh(Splits(one(), validation=one()), [ClassWeight({0: 1, 1: 2}, None, TRAIN)])
    assert isinstance(splits.validation, Examples)
    assert splits.validation.weights == {}
    both = weigh(Splits(one(), validation=one()), [ClassWeight({0: 1, 1: 2}, None, ["train", "validation"])])
    assert both.validation is not None
    assert both.validation.weights["y"].tolist() == [1, 1, 1, 2]  # type: ignore[union-attr]


def test_split_that_stands_alone_is_weighed_by_its_name() -> None:
    masked = weigh_split(one(), [sample(Mask, column="m", splits=["test"])], "test")
    assert masked.weights["y"].tolist() == [0, 1, 1, 0]  # type: ignore[union-attr]
    assert weigh_split(one(), [sample(Mask, column="m")], "test").weights == {}  # type: ignore[union-attr]
    assert weigh_split(one(), [], "test").weights == {}  # type: ignore[union-attr]


def test_streams_are_weighed_as_they_are_drawn() -> None:
    stream = weigh(Splits(endless()), [ClassWeight({0: 1, 1: 2}, None, TRAIN)]).train
    assert isinstance(stream, BatchStream)
    assert next(stream.batches(0)).weights["y"].tolist() == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("examples", "weighting", "expected"),
    [
        (one(), ClassWeight({0: 1.0}, None, TRAIN), "class 1 of target 'y' has no weight"),
        (one(), ClassWeight({0: 1.0, 7: 1.0}, None, TRAIN), "target 'y' has no class '7'"),
        (
            one(),
            ClassWeight({0: 1.0, 1: -1}, None, TRAIN),
            "weighting.weights.1: expected a number of 0 or more, got -1",
        ),
        (one(), ClassWeight({}, None, TRAIN), "weighting.weights: expected a mapping of classes to weights"),
        (several(), ClassWeight({0: 1.0}, None, TRAIN), "give class weights by target: score, kind"),
        (several(), ClassWeight({"knd": {0: 1.0}}, None, TRAIN), "no target 'knd'; did you mean 'kind'?"),
        (several(), ClassWeight({"score": {0: 1.0}}, None, TRAIN), "target 'score' has no classes"),
        (several(), ClassWeight({"kind": {0: 1, 1: 1, 2: 1}}, None, ["trian"]), "did you mean 'train'?"),
        (one(), sample(), "set exactly one of"),
        (one(), sample(column="w", array="w.npy"), "set exactly one of"),
        (one(), sample(column="weight"), "the data has no column 'weight'"),
        (one(), sample(column="t"), "expected numbers as weights, got an array of dtype object"),
        (
            one(),
            sample(function=lambda e: np.ones(3)),
            "expected one weight per example (4), got weights of shape (3,)",
        ),
        (one(), sample(array="w.npy", splits=["train", "test"]), "set weighting.splits=[train]"),
        (several(), Balanced(["score"], TRAIN), "target 'score' has no classes"),
    ],
)
def test_weighting_that_does_not_suit_the_data_is_told(examples: Examples, weighting: Weighting, expected: str) -> None:
    with pytest.raises((ConfigError, DataError)) as error:
        weigh(Splits(examples), [weighting])
    assert expected in str(error.value)


def test_class_that_does_not_occur_is_told() -> None:
    absent = replace(one(), spec=spec_of({}, {"y": IDS}, classes=3))
    with pytest.raises(ConfigError, match="no training example of target 'y' has class '2'"):
        weigh(Splits(absent), [ClassWeight({0: 1, 1: 1, 2: 1}, None, TRAIN)])
    with pytest.raises(DataError, match="no training example of target 'y' has class 2"):
        weigh(Splits(absent), [Balanced(None, TRAIN)])


def test_classes_of_endless_data_cannot_be_balanced() -> None:
    with pytest.raises(ConfigError, match="never ends, so its classes cannot be counted; use weighting=class_weight"):
        weigh(Splits(endless()), [Balanced(None, TRAIN)])
    with pytest.raises(ConfigError, match="the data is a stream"):
        weigh(Splits(endless()), [sample(array="w.npy")])


def test_nothing_to_balance_is_told() -> None:
    examples = Examples(spec_of({}, {"y": np.array([0.5, 1])}), {}, {"y": np.array([0.5, 1])})
    with pytest.raises(ConfigError, match="no target has classes to balance"):
        weigh(Splits(examples), [Balanced(None, TRAIN)])


def test_weighting_is_built_from_its_config() -> None:
    node = {"_target_": "pipeline.weighting.balanced.Balanced", "targets": None, "splits": TRAIN}
    assert build_weightings(node) == [Balanced(None, TRAIN)]
    assert build_weightings(None) == []
    with pytest.raises(ConfigError, match="which has no method 'fitted'"):
        build_weightings({"_target_": "pipeline.data.sources.digits.Digits"})


@pytest.mark.parametrize("others", [-1.0, float("nan"), float("inf")])
def test_weight_of_the_other_classes_is_checked(others: float) -> None:
    with pytest.raises(ConfigError, match=r"weighting\.others: expected a number of 0 or more, got "):
        weigh(Splits(one()), [ClassWeight({0: 2.0}, others, TRAIN)])


@pytest.mark.parametrize("given", ["abc", [1, 2], 3])
def test_class_weights_that_are_no_mapping_are_told(given: Any) -> None:
    with pytest.raises(ConfigError, match="expected a mapping of classes to weights such as"):
        weigh(Splits(one()), [ClassWeight(given, None, TRAIN)])


def test_function_that_fails_is_told() -> None:
    def broken(examples: Examples) -> np.ndarray:
        raise KeyError("age")

    for function, expected in (
        (broken, "weighting.function: KeyError: 'age'"),
        (3, "weighting.function: expected a function .*, got a value of type int"),
    ):
        with pytest.raises(ConfigError, match=expected):
            weigh(Splits(one()), [SampleWeight(None, None, function, None, TRAIN)])  # type: ignore[arg-type]


def test_weights_that_are_no_array_are_told() -> None:
    with pytest.raises(ConfigError, match="weighting: the weights cannot be converted to an array"):
        weigh(Splits(one()), [SampleWeight(None, None, lambda _: [[1], [2, 3]], None, TRAIN)])  # type: ignore[return-value, arg-type]


def columns() -> Examples:
    return replace(several(), columns={"w": np.array([1, 2, 3, 4]), "has": np.array([1, 0, 1, 1])})


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "balanced", "score": {"column": "w"}, "missing": "refuse"},
        {"kind": {"balanced": None}, "score": {"sample_weight": {"column": "w"}}},
        {"kind": {"_target_": "pipeline.weighting.balanced.Balanced", "targets": None, "splits": TRAIN},
         "score": {"column": "w", "splits": TRAIN}},
    ],
)  # fmt: skip
def test_each_target_has_a_weighting_of_its_own(given: Any) -> None:
    weighed = weigh(Splits(columns(), test=columns()), build_weightings(given))
    assert isinstance(weighed.train, Examples)
    assert weighed.train.weights["kind"].tolist() == pytest.approx([4 / 3, 4 / 6, 4 / 3, 4 / 6])
    assert weighed.train.weights["score"].tolist() == [1, 2, 3, 4]
    assert weighed.test.weights == {}  # type: ignore[union-attr]


def test_masks_are_of_a_column_for_each_target_and_each_has_its_own_splits() -> None:
    mask = {"mask": {"column": "has"}}
    weighed = weigh(Splits(columns(), test=columns()), build_weightings({"score": mask, "kind": "none"}))
    assert weighed.test.weights["score"].tolist() == [1, 0, 1, 1]  # type: ignore[union-attr]
    by_column = sample(Mask, column={"kind": "has"})
    assert weights(columns(), by_column) == {"kind": [1, 0, 1, 1]}
    classes = {"kind": {"weights": {0: 1, 1: 2, 2: 4}}}
    assert weigh(Splits(several()), build_weightings(classes)).train.weights["kind"].tolist() == [1, 2, 4, 2]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"kind": "balancd"}, "weighting.kind: no weighting 'balancd'; did you mean 'balanced'?"),
        (
            {"kind": "recent"},
            "weighting.kind: no weighting 'recent'; .*; one of your own is named by its _target_ here",
        ),
        ({"column": "w"}, r"weighting.column: no weighting 'w'.*\(weighting=sample_weight or weighting=mask"),
        ({"kind": {"splits": ["train"]}}, "weighting.kind: 'splits' belongs to no choice"),
        ({"kind": {"weights": {0: 1}, "column": "w"}}, "weighting.kind: 'weights, column' belongs to several choices"),
        ({"kind": 3}, "weighting.kind: expected the name of a choice .*, got 3"),
        ({"kind": {"class_weight": None}}, "weighting.kind.class_weight.weights: missing"),
        ({"score": "balanced"}, "target 'score' has no classes"),
        ({"knd": "balanced"}, "weighting.knd: no target 'knd'; did you mean 'kind'?"),
        ({"kind": {"column": "ww"}}, "weighting.kind.column: the data has no column 'ww'; did you mean 'w'?"),
        (
            {"kind": {"column": "w", "targets": ["kind"]}},
            "weighting.kind.targets: this entry already applies to target 'kind'",
        ),
    ],
)
def test_weighting_of_a_target_that_is_none_is_told_with_its_key(given: Any, expected: str) -> None:
    with pytest.raises((ConfigError, DataError), match=expected):
        weigh(Splits(columns()), build_weightings(given))
