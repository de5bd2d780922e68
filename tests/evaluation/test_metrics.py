"""Metrics by split and output, and the value that a sweep optimises."""

import pytest

from pipeline.errors import ConfigError
from pipeline.evaluation import optimized_value
from pipeline.evaluation.metrics import values_by_output

HISTORY = {"loss": [1.0, 0.5], "val_loss": [2.0, 0.75], "val_accuracy": [0.1, 0.9]}


def test_metrics_are_grouped_by_output() -> None:
    values = {"loss": 3.0, "kind_loss": 1.0, "kind_of_loss": 2.0, "kind_accuracy": 0.5}
    assert values_by_output(values, ["kind", "kind_of"], weighted=True) == {
        "loss": 3.0,
        "weighted": True,
        "outputs": {"kind": {"loss": 1.0, "accuracy": 0.5}, "kind_of": {"loss": 2.0}},
    }
    assert values_by_output({"loss": 3.0, "accuracy": 0.5}, ["y"], weighted=False) == {
        "loss": 3.0,
        "weighted": False,
        "outputs": {"y": {"loss": 3.0, "accuracy": 0.5}},
    }


def test_sweep_optimises_the_validation_loss_unless_told_otherwise() -> None:
    assert optimized_value(None, HISTORY, {}) == 0.75
    assert optimized_value(None, {"loss": [1.0, 0.5]}, {}) == 0.5
    assert optimized_value("val_accuracy", HISTORY, {}) == 0.9


def test_split_that_was_evaluated_counts_more_than_the_last_epoch() -> None:
    values = {"validation": {"loss": 0.7}, "test": {"accuracy": 0.8}}
    assert optimized_value(None, HISTORY, values) == 0.7
    assert optimized_value("test_accuracy", HISTORY, values) == 0.8


def test_unknown_metric_is_told() -> None:
    with pytest.raises(ConfigError, match="optimized_metric: no metric 'val_acuracy'; did you mean 'val_accuracy'"):
        optimized_value("val_acuracy", HISTORY, {})
