"""Losses take class ids, one-hot rows, labels and positions as they come, weighed by example or by position."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config.loss_kinds import LossKind, loss_kind, loss_kinds
from pipeline.data.target import TargetSpec
from pipeline.data.target_kinds import settled
from pipeline.training.objectives.formed import formed_loss
from pipeline.training.objectives.losses import loss_name
from pipeline.training.objectives.target_forms import OutputForm, with_mask

RANDOM = np.random.default_rng(3)
TWO = RANDOM.integers(0, 2, 12)
SURE = RANDOM.uniform(0.1, 0.9, 12).astype("float32")
FOUR = RANDOM.integers(0, 4, 12)
SOFT = keras.ops.convert_to_numpy(keras.ops.softmax(RANDOM.normal(size=(12, 4)).astype("float32")))
ROWS = np.eye(4, dtype="float32")[FOUR]
WEIGHTS = RANDOM.random(12).astype("float32")

OF_TWO = -np.log(np.where(TWO == 1, SURE, 1 - SURE))
OF_FOUR = -np.log(SOFT[np.arange(12), FOUR])
ONE_AGAINST_ALL = -np.where(ROWS == 1, np.log(SOFT), np.log(1 - SOFT)).mean(axis=1)
NAMES = ("a", "b", "c", "d")


def value(
    name: str, form: OutputForm, truth: np.ndarray, output: Any, weights: np.ndarray | None = None, **arguments: Any
) -> float:
    kind = "".join(word.title() for word in name.split("_"))
    loss = getattr(keras.losses, kind)(**arguments)
    formed = formed_loss(loss, LossKind(name).family, loss_name(loss), form)
    output = output if hasattr(output, "numpy") else keras.ops.convert_to_tensor(output)
    return float(formed(keras.ops.convert_to_tensor(truth), output, weights))


@pytest.mark.parametrize(
    ("name", "form", "truth", "output", "right"),
    [
        ("sparse_categorical_crossentropy", ((), "ids"), FOUR, SOFT, OF_FOUR),
        ("sparse_categorical_crossentropy", ((4,), "one_hot"), ROWS, SOFT, OF_FOUR),
        ("categorical_crossentropy", ((), "ids"), FOUR, SOFT, OF_FOUR),
        ("binary_crossentropy", ((), "ids"), FOUR, SOFT, ONE_AGAINST_ALL),
        ("mean_squared_error", ((), "ids"), FOUR, SOFT, ((SOFT - ROWS) ** 2).mean(axis=1)),
        ("sparse_categorical_crossentropy", ((3,), "ids"), FOUR.reshape(4, 3), SOFT.reshape(4, 3, 4), OF_FOUR),
        ("categorical_crossentropy", ((3,), "ids"), FOUR.reshape(4, 3), SOFT.reshape(4, 3, 4), OF_FOUR),
        ("sparse_categorical_crossentropy", ((3, 4), "one_hot"), ROWS.reshape(4, 3, 4), SOFT.reshape(4, 3, 4), OF_FOUR),
        ("sparse_categorical_crossentropy", ((2, 3), "ids"), FOUR.reshape(2, 2, 3), SOFT.reshape(2, 2, 3, 4), OF_FOUR),
    ],
)
def test_classes_in_any_form_suit_a_loss_in_any_form(
    name: str, form: tuple[Any, str], truth: np.ndarray, output: np.ndarray, right: np.ndarray
) -> None:
    shape, kind = form
    spec = OutputForm(TargetSpec(shape, "int64", NAMES, kind=kind), output.shape[1:])
    assert value(name, spec, truth, output) == pytest.approx(right.mean(), rel=1e-4)
    by_example = WEIGHTS[: len(truth)]
    each = np.repeat(by_example, 12 // len(truth))
    assert value(name, spec, truth, output, by_example) == pytest.approx((right * each).mean(), rel=1e-4)
    if spec.target.per_position:
        by_position = WEIGHTS.reshape(output.shape[:-1])
        assert value(name, spec, truth, output, by_position) == pytest.approx((right * WEIGHTS).mean(), rel=1e-4)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 3, 1)])
def test_two_classes_have_one_unit_a_position(shape: tuple[int, ...]) -> None:
    size = int(np.prod(shape or (1,)))
    target = TargetSpec(shape, "int64", ("no", "yes"))
    form = OutputForm(target, (*target.positions, 1))
    truth, output = TWO.reshape(-1, *shape), SURE.reshape(-1, *form.output)
    for name in ("binary_crossentropy", "sparse_categorical_crossentropy", "categorical_crossentropy"):
        assert value(name, form, truth, output) == pytest.approx(OF_TWO.mean(), rel=1e-4)
        given = value(name, form, truth, output, WEIGHTS[: 12 // size])
        assert given == pytest.approx((OF_TWO * np.repeat(WEIGHTS[: 12 // size], size)).mean(), rel=1e-4)
    by_position = value("binary_crossentropy", form, truth, output, WEIGHTS.reshape(-1, *target.positions))
    assert by_position == pytest.approx((OF_TWO * WEIGHTS).mean(), rel=1e-4)


def test_positions_that_a_layer_masks_do_not_count() -> None:
    form = OutputForm(TargetSpec((3,), "int64", NAMES), (3, 4))
    mask = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 0, 0]], bool)
    output = with_mask(keras.ops.convert_to_tensor(SOFT.reshape(4, 3, 4)), keras.ops.convert_to_tensor(mask))
    right = OF_FOUR[mask.ravel()].mean()
    assert value("sparse_categorical_crossentropy", form, FOUR.reshape(4, 3), output) == pytest.approx(right, rel=1e-4)
    assert value("categorical_crossentropy", form, FOUR.reshape(4, 3), output) == pytest.approx(right, rel=1e-4)


@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_maps_of_numbers_are_weighed_by_example_and_by_position(shape: tuple[int, ...]) -> None:
    form = OutputForm(TargetSpec(shape, "float32"), shape)
    truth, output = SURE.reshape(-1, *shape), np.zeros((12 // np.prod(shape), *shape), "float32")
    each = np.repeat(WEIGHTS[: len(truth)], np.prod(shape))
    found = value("mean_squared_error", form, truth, output, WEIGHTS[: len(truth)])
    assert found == pytest.approx((SURE**2 * each).mean(), rel=1e-4)
    found = value("mean_squared_error", form, truth, output, WEIGHTS.reshape(truth.shape))
    assert found == pytest.approx((SURE**2 * WEIGHTS).mean(), rel=1e-4)


def test_a_loss_is_known_by_any_of_its_names() -> None:
    for name in ("mse", "MSE", "mean_squared_error", "MeanSquaredError"):
        assert loss_kind(name) == LossKind("mean_squared_error")
    node = {"_target_": "keras.losses.BinaryCrossentropy", "from_logits": True}
    assert loss_kind(node) == LossKind("binary_crossentropy", from_logits=True)
    assert loss_kinds(["mse", None], ["a", "b"]) == {"a": LossKind("mean_squared_error")}
    assert loss_kinds({"b": "bce"}, ["a", "b"]) == {"b": LossKind("binary_crossentropy")}


@pytest.mark.parametrize(
    ("target", "loss", "units", "activation"),
    [
        (TargetSpec((), "int64", ("no", "yes")), "auto", 1, "sigmoid"),
        (TargetSpec((), "int64", ("no", "yes")), "sparse_categorical_crossentropy", 2, "softmax"),
        (TargetSpec((), "int64", ("no", "yes")), "hinge", 1, "linear"),
        (TargetSpec((), "int64", NAMES), "auto", 4, "softmax"),
        (TargetSpec((), "int64", NAMES), "binary_crossentropy", 4, "sigmoid"),
        (TargetSpec((4,), "float32", NAMES), "mse", 4, "softmax"),
        (TargetSpec((3,), "int64", ("x", "y", "z"), kind="labels"), "auto", 3, "sigmoid"),
        (TargetSpec((), "int64", ("0", "1"), certain=False), "mse", None, "linear"),
        (TargetSpec((), "float32"), "binary_crossentropy", None, "sigmoid"),
        (TargetSpec((), "int64"), "binary_crossentropy", 1, "sigmoid"),
        (TargetSpec((3,), "float32"), "categorical_crossentropy", None, "softmax"),
    ],
)
def test_an_output_is_what_target_and_loss_make_of_it(
    target: TargetSpec, loss: str, units: int | None, activation: str
) -> None:
    found, _ = settled("y", target, loss_kind(loss))
    assert (found.units, found.activation) == (units, activation)


def test_logits_are_left_to_a_loss_that_takes_them() -> None:
    node = {"_target_": "keras.losses.SparseCategoricalCrossentropy", "from_logits": True}
    found, _ = settled("y", TargetSpec((), "int64", NAMES), loss_kind(node))
    assert (found.units, found.activation) == (4, "linear")


def test_logits_of_one_unit_are_those_of_two_classes() -> None:
    form = OutputForm(TargetSpec((), "int64", ("no", "yes")), (1,), "sigmoid")
    odds = np.log(SURE / (1 - SURE))[:, None]
    for name in ("binary_crossentropy", "sparse_categorical_crossentropy", "categorical_crossentropy"):
        assert value(name, form, TWO, odds, from_logits=True) == pytest.approx(OF_TWO.mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("shape", "kind", "loss", "said"),
    [
        ((), "ids", "auto", "whole numbers treated as 80 classes"),
        ((4, 4), "ids", "auto", "whole numbers treated as 80 classes"),
        ((80,), "labels", "auto", "rows of 0s and 1s treated as 80 labels"),
    ],
)
def test_what_is_in_doubt_is_said(shape: tuple[int, ...], kind: str, loss: str, said: str) -> None:
    target = TargetSpec(shape, "int64", tuple(map(str, range(80))), kind=kind, certain=False)
    assert said in settled("y", target, loss_kind(loss))[1]
    assert settled("y", replace(target, certain=True), loss_kind(loss))[1] == ""


def test_labels_are_ids_of_positions_for_a_loss_of_ids() -> None:
    target = TargetSpec((5,), "int64", tuple("abcde"), kind="labels", certain=False)
    found, _ = settled("y", target, loss_kind("sparse_categorical_crossentropy"))
    assert (found.kind, found.positions, found.units) == ("ids", (5,), 2)
