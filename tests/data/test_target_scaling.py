"""Targets of numbers are scaled by the training split, where their loss allows it or the config says so."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.config.loss_kinds import LossKind
from pipeline.data.examples import Examples
from pipeline.data.missing_labels import with_missing
from pipeline.data.spec import spec_from_dict, spec_of
from pipeline.data.splits import Splits
from pipeline.data.target import TargetScaling
from pipeline.data.target_scaling import check_logarithms, with_scaling
from pipeline.errors import ConfigError, DataError

NUMBERS = np.array([10.5, 20.5, 30.5, 40.5])


def examples(y: np.ndarray, weights: np.ndarray | None = None) -> Examples:
    x = np.zeros((len(y), 1), "float32")
    return Examples(spec_of({"x": x}, {"y": y}), {"x": x}, {"y": y}, {} if weights is None else {"y": weights})


def scaling(y: np.ndarray, given: Any = "auto", loss: str = "auto", **others: Examples) -> TargetScaling | None:
    splits = with_scaling(Splits(examples(y), **others), given, {"y": LossKind(loss)})
    specs = [data.spec for _, data in splits.present()]
    assert all(spec.targets == specs[0].targets for spec in specs)
    assert spec_from_dict(specs[0].as_dict()) == specs[0]
    return specs[0].targets["y"].scaling


@pytest.mark.parametrize("loss", ["auto", "mean_squared_error", "mean_absolute_error", "huber", "log_cosh"])
def test_numbers_are_standardised_by_the_training_split_for_losses_of_differences(loss: str) -> None:
    other = examples(np.array([1e6, 2e6]) + 0.5)
    assert scaling(NUMBERS, loss=loss, test=other) == TargetScaling("standard", (25.5,), (NUMBERS.std(),))


def test_counts_have_positive_outputs_around_their_mean() -> None:
    assert scaling(np.array([0.5, 0.0, 4.0]), loss="poisson") == TargetScaling("link", (np.log(1.5),), (1.0,))
    assert scaling(np.array([0.5, -1.0, 4.0]), loss="poisson") is None


def test_other_data_without_logarithms_is_told() -> None:
    trained = replace(examples(NUMBERS).spec.targets["y"], scaling=scaling(NUMBERS, "log"))
    data = examples(np.array([3.5, 0.0]))
    with pytest.raises(DataError, match=r"target 'y': expected numbers above 0, .* target_scaling=log, got 0"):
        check_logarithms(replace(data, spec=replace(data.spec, targets={"y": trained})))


@pytest.mark.parametrize("loss", ["mean_squared_logarithmic_error", "my_loss"])
def test_other_losses_scale_only_where_the_config_says_so(loss: str) -> None:
    assert scaling(NUMBERS, loss=loss) is None
    assert scaling(NUMBERS, "standard", loss=loss) is not None


def test_classes_are_not_scaled() -> None:
    assert scaling(np.array([0, 1, 1, 0])) is None
    with pytest.raises(
        ConfigError, match="target_scaling: 'standard' is for numbers, but the kind of target 'y' is ids"
    ):
        scaling(np.array([0, 1, 1, 0]), "standard")


def test_several_numbers_are_scaled_each_and_pictures_as_one() -> None:
    found = scaling(np.stack([NUMBERS, 0 * NUMBERS + 7.5], axis=1))
    assert found == TargetScaling("standard", (25.5, 7.5), (NUMBERS.std(), 1.0))
    picture = scaling(np.random.default_rng(0).normal(size=(5, 4, 4)))
    assert picture is not None
    assert len(picture.mean) == 1


def test_labels_that_are_missing_do_not_count() -> None:
    data = examples(np.array([0.5, 1e9, 2.5]), np.array([1.0, 0.0, 1.0]))
    masked = Examples(with_missing(data.spec, ["y"]), data.inputs, data.targets, data.weights)
    found = with_scaling(Splits(masked), "auto", {"y": LossKind()}).train.spec.targets["y"].scaling
    assert found is not None
    assert found.mean == (1.5,)


def test_logarithms_shift_zeros_and_refuse_what_is_negative() -> None:
    found = scaling(NUMBERS, "log")
    assert found == TargetScaling("log", (np.log(NUMBERS).mean(),), (np.log(NUMBERS).std(),))
    shifted = scaling(NUMBERS, {"y": "log"}, test=examples(np.array([0.0, 1.5])))
    assert shifted is not None
    assert shifted.shift == 1.0
    with pytest.raises(DataError, match=r"target 'y' of the test split has -1\.5; use standard"):
        scaling(NUMBERS, "log", test=examples(np.array([-1.5, 2.0])))
    with pytest.raises(ConfigError, match="'log' cannot be combined with loss=poisson"):
        scaling(NUMBERS, "log", loss="poisson")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("lgo", "target_scaling: expected auto, standard, log or none, got 'lgo'; did you mean 'log'?"),
        ({"z": "log"}, "target_scaling.z: no target 'z'"),
        ({"y": 3}, "target_scaling.y: expected auto, standard, log or none, got '3'"),
    ],
)
def test_mistakes_are_named(given: Any, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        scaling(NUMBERS, given)
    assert message in str(raised.value)
