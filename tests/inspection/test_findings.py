"""What is said of targets, groups, differences between splits and inputs that tell nothing."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.inspection import Inspection, Part
from pipeline.inspection.findings import percent
from tests.inspection.tables import looked, part, texts

DRAW = np.random.default_rng(0)
NOISE = DRAW.normal(size=400)
HALVES = np.arange(400) % 2


def of(found: Inspection, kind: str) -> tuple[str, str]:
    """Text and remedy of the only finding of a kind."""
    [finding] = [finding for finding in found.findings if finding.kind == kind]
    return finding.text, finding.remedy


def test_skewed_positive_target_is_to_be_learned_as_its_logarithm() -> None:
    text, remedy = of(looked(part("train", {"a": NOISE}, np.exp(2 * DRAW.normal(size=400)))), "skew")
    assert text.startswith("target 'y' is heavily skewed")
    assert remedy.startswith("set target_scaling=log ")
    assert texts(looked(part("train", {"a": NOISE}, DRAW.normal(size=400))), "skew") == []
    _, other = of(looked(part("train", {"a": NOISE}, -np.exp(2 * DRAW.normal(size=400)))), "skew")
    assert "target_scaling" not in other


def test_rare_and_unknown_classes_and_missing_labels_are_told() -> None:
    names, truth = ["no", "yes", "maybe"], np.where(np.arange(400) < 4, 1, 0)
    there = np.ones(400, "float32")
    there[390:] = 0
    spec = part("train", {"a": NOISE}, truth, names).examples.spec
    missing = type(spec)(spec.inputs, {"y": type(spec.targets["y"])((), "int64", tuple(names), missing=True)})
    train = part("train", {"a": NOISE}, truth, names, weights={"y": there})
    examples = train.examples
    train = type(train)(
        "train", Examples(missing, examples.inputs, examples.targets, {"y": there}), train.rows, "", True
    )
    found = looked(train, part("test", {"a": NOISE[:3]}, [0, 1, 2], names, 400))
    assert of(found, "imbalance")[0] == "target 'y' is 'no' in 99 % of the training rows"
    assert "'yes (4)'" in of(found, "rare classes")[0]
    assert "in test that the training split does not have: 'maybe'" in of(found, "unknown classes")[0]
    assert of(found, "missing labels")[0] == "target 'y' is missing in 10 of 403 rows (2.5 %)"
    assert [one.top for one in found.targets["y"]][1] == (("no", 1), ("yes", 1), ("maybe", 1))


@pytest.mark.parametrize("names", [["broken", "ok"], ["ok", "stuck"]])
def test_metrics_of_a_rare_class_are_to_be_about_that_class(names: list[str]) -> None:
    frequent = names.index("ok")
    found = looked(part("train", {"a": NOISE}, np.where(np.arange(400) < 12, 1 - frequent, frequent), names))
    rarer = names[1 - frequent]
    assert f"use metrics=[auc,f1_score], positive={rarer} and weighting=balanced" in of(found, "imbalance")[1]


def test_groups_in_several_splits_are_to_be_kept_together() -> None:
    ids = DRAW.integers(0, 60, 500)
    for column, name in ((ids + 1000, "patient_id"), ([f"P{i:04d}" for i in ids], "who")):
        found = looked(
            part("train", {name: column[:400], "a": NOISE}, HALVES, ["no", "yes"]),
            part("test", {name: column[400:], "a": NOISE[:100] + 0.5}, HALVES[:100], ["no", "yes"]),
        )
        text, remedy = of(found, "groups")
        assert text.startswith(f"'{name}' looks like an id of groups (60 of them): 100 % of the test rows")
        assert remedy == f"set split.method=group split.column={name} to keep groups together"
    age = DRAW.integers(20, 60, 500)
    found = looked(
        part("train", {"age": age[:400]}, HALVES, ["no", "yes"]),
        part("test", {"age": age[400:]}, HALVES[:100], ["no", "yes"]),
    )
    assert texts(found, "groups") == []


def test_splits_that_differ_are_told_and_chance_is_not() -> None:
    draw = np.random.default_rng(1)
    zone = draw.choice(["a", "b"], 400).tolist()
    train = part("train", {"a": NOISE, "zone": zone}, HALVES, ["no", "yes"])
    far = part("test", {"a": NOISE[:200] + 2, "zone": ["c"] * 50 + zone[:150]}, HALVES[:200], ["no", "yes"], 400)
    first, second = texts(looked(train, far, by_chance=False), "shift")
    assert first.startswith("'a' in test: ")
    assert "the distribution differs from training" in first
    assert second.startswith("'zone' in test: 25 % of its values do not occur in the training split")
    near = part("test", {"a": draw.normal(size=200), "zone": zone[:200]}, HALVES[:200], ["no", "yes"], 400)
    assert texts(looked(train, near), "shift") == []


@pytest.mark.parametrize(
    ("column", "kind", "said"),
    [
        ([1.0] * 400, "constant", "'c' has only one value"),
        ([np.nan] * 400, "empty", "'c' has no value at all in training"),
        ([f"text {i}" for i in range(400)], "id", "'c' has 400 different texts in 400 rows"),
        (np.random.default_rng(0).permutation(400) + 7, "id", "'c' numbers the rows"),
        ([np.nan] * 390 + [1.0, 2.0] * 5, "missing", "'c' is missing in 98 % of the training rows"),
        (NOISE * 2 + DRAW.normal(size=400) / 100, "copy", "'c' is nearly a copy of 'a' (correlation 1.0000)"),
    ],
    ids=["constant", "empty", "text", "index", "missing", "copy"],
)
def test_inputs_that_tell_nothing_are_named(column: list[object], kind: str, said: str) -> None:
    found = looked(part("train", {"a": NOISE, "c": column}, HALVES, ["no", "yes"]))
    assert of(found, kind)[0].startswith(said)
    assert [finding.kind for finding in found.findings] == [kind]


def test_nothing_is_said_of_ordinary_data() -> None:
    columns = {"a": NOISE, "b": DRAW.integers(0, 9, 400), "c": DRAW.choice(["x", "y"], 400).tolist()}
    assert looked(part("train", columns, HALVES, ["no", "yes"])).findings == ()


def test_shares_hide_neither_none_nor_all() -> None:
    assert [percent(share) for share in (0, 1e-6, 0.0234, 0.05, 0.5, 0.996, 1 - 1e-6, 1)] == [
        "0 %", "below 0.1 %", "2.3 %", "5 %", "50 %", "99.6 %", "above 99.9 %", "100 %",
    ]  # fmt: skip


def test_times_are_to_be_split_by_time_and_are_shown_as_dates() -> None:
    parts = []
    for name in ("train", "test"):
        one = part(name, {"when it was": NOISE}, HALVES, ["no", "yes"])
        seconds = 1.6e9 + np.arange(400) * 86400.0
        spec = DataSpec({"when it was": InputSpec((), "float64", missing=True, kind="time")}, one.examples.spec.targets)
        parts.append(replace(one, examples=Examples(spec, {"when it was": seconds}, one.examples.targets)))
    text, remedy = of(looked(*parts), "time")
    assert text.startswith("'when it was' is a time, and random splits")
    assert remedy == "set split.method=time split.column='when it was' to test on the latest rows"
    assert texts(looked(*parts, by_chance=False), "time") == []
    [summary] = looked(*parts).inputs
    assert summary.value_text(summary.quantiles[0]) == "2020-09-13 12:26:40"


def test_classes_of_positions_are_counted() -> None:
    spec = DataSpec({"x": InputSpec((4, 4, 1), "uint8")}, {"y": TargetSpec((2, 2), "int64", ("sky", "sea"))})
    maps = np.zeros((50, 2, 2), "int64")
    maps[:, 0, 0] = 1
    found = looked(
        Part("train", Examples(spec, {"x": np.zeros((50, 4, 4, 1), "uint8")}, {"y": maps}), HALVES, "", True)
    )
    [summary] = found.targets["y"]
    assert summary.top == (("sky", 150), ("sea", 50))
    assert of(found, "blank")[0].startswith("50 training examples of 'x' have a single value throughout")
