"""Whether less or more of a metric is better is told by it or by its name, and what is not logged is told."""

import keras
import pytest

from pipeline.callbacks.direction import direction, direction_among, monitored
from pipeline.errors import ConfigError
from pipeline.training.objectives.formed import FormedMetric

LOWER = [
    "loss", "val_loss", "val_score_loss", "val_winter_kind_loss", "mse", "val_root_mean_squared_error", "mae_1",
    "false_positives", "val_false_negatives_2", "sparse_categorical_crossentropy", "kl_divergence", "logcosh",
    "brier_score", "val_score_mae", "my_loss", "xloss", "val_huber",
]  # fmt: skip
HIGHER = [
    "accuracy", "acc", "val_accuracy", "val_digit_sparse_categorical_accuracy", "auc", "val_auc_1", "precision_3",
    "recall_at_precision", "f1_score", "F1Score", "mean_io_u", "binary_io_u_1", "r2_score", "cosine_similarity",
    "true_positives", "val_loss_kind_accuracy", "top_k_categorical_accuracy", "sensitivity_at_specificity",
    "val_kind_precision_at_recall", "specificity_at_sensitivity",
]  # fmt: skip


@pytest.mark.parametrize("name", LOWER)
def test_less_of_losses_and_errors_is_better(name: str) -> None:
    assert direction(name) == "min"


@pytest.mark.parametrize("name", HIGHER)
def test_more_of_accuracies_and_areas_is_better(name: str) -> None:
    assert direction(name) == "max"


def test_name_that_does_not_tell_needs_a_mode() -> None:
    with pytest.raises(ConfigError, match=r"monitor 'val_mean_1' are better; expected mode=min or mode=max"):
        monitored("val_mean_1").settled({})
    assert monitored("val_mean_1", "max").settled({}).mode == "max"
    assert monitored("loss", "max").settled({}).mode == "max"
    with pytest.raises(ConfigError, match="no mode 'maxi'; did you mean 'max'"):
        monitored("loss", "maxi")


def test_metric_itself_knows_better_than_the_name_that_its_user_gave_it() -> None:
    class Score(keras.metrics.Mean):  # type: ignore[misc]
        pass

    metrics = {
        "foo": keras.metrics.AUC(name="foo"),
        "a_foo": keras.metrics.MeanSquaredError(name="foo"),
        "good_score": keras.metrics.FalseNegatives(name="good_score"),
        # As losses and metrics that get targets in another form.
        "formed": FormedMetric(keras.metrics.FalseNegatives(name="formed"), lambda *given: given),
        "bar": Score(name="bar"),
        "my_error": Score(name="my_error"),
        "quux": keras.metrics.Mean(name="quux"),
    }
    right = {
        "foo": "max", "val_foo": "max", "val_winter_foo": "max", "val_a_foo": "min", "val_winter_a_foo": "min",
        "val_good_score": "min", "val_formed": "min", "val_bar": "max", "val_my_error": "min",
    }  # fmt: skip
    assert {name: direction_among(metrics, name) for name in right} == right
    with pytest.raises(ConfigError, match=r"cannot tell whether .* 'val_quux'"):
        direction_among(metrics, "val_quux")


def test_better_follows_the_direction_and_nan_never_is() -> None:
    less, more = monitored("loss").settled({}), monitored("accuracy").settled({})
    assert less.better(0.1, 0.2)
    assert more.better(0.2, 0.1)
    assert not less.better(float("nan"), 0.2)
    assert not less.better(0.2, 0.2)


def test_metric_that_is_not_logged_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match="monitor 'val_acc' is not logged; logged are loss, val_accuracy, val_loss"):
        monitored("val_acc").check_logged({"loss": 1, "val_loss": 1, "val_accuracy": 1})
    monitored("val_acc").check_logged({"loss": 1.0})
    with pytest.raises(ConfigError, match=r"monitor 'acc' is not logged; logged are loss$"):
        monitored("acc").check_logged({"loss": 1.0})
    with pytest.raises(ConfigError, match="needs validation data, but there is none"):
        monitored("val_acc").check_validated({"validates": False})
    monitored("val_acc").check_validated({"epochs": 3})
