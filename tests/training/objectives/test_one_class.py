"""A run says which class its metrics are about, where a target has two."""

import logging
from typing import Any

import pytest

from pipeline.config.schema import PipelineConfig
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.training.objectives.one_class import say_positive_classes

STATUS = TargetSpec((), "int64", ("broken", "ok"))


def said(caplog: pytest.LogCaptureFixture, metrics: Any, **targets: TargetSpec) -> list[str]:
    spec = DataSpec({"a": InputSpec((), "float32")}, targets)
    with caplog.at_level(logging.INFO):
        say_positive_classes(PipelineConfig(metrics=metrics), spec, list(targets))
    return caplog.messages


def test_metrics_of_one_class_of_two_name_it_and_how_to_choose_the_other(caplog: pytest.LogCaptureFixture) -> None:
    precise = {"_target_": "keras.metrics.PrecisionAtRecall", "recall": 0.9, "name": "exact"}
    assert said(caplog, ["accuracy", "precision", precise], status=STATUS) == [
        "metrics precision, exact: about the class 'ok'; set positive=broken for the other"
    ]


def test_a_class_that_was_chosen_is_only_named(caplog: pytest.LogCaptureFixture) -> None:
    chosen = TargetSpec((), "int64", ("broken", "ok"), positive=0)
    assert said(caplog, "auc", status=chosen) == ["metric auc: about the class 'broken'"]


def test_a_target_among_several_is_named(caplog: pytest.LogCaptureFixture) -> None:
    metrics = {"status": ["f1_score"], "size": ["mae"]}
    assert said(caplog, metrics, status=STATUS, size=TargetSpec((), "float32")) == [
        "target 'status': metric f1_score: about the class 'ok'; set 'positive={status: broken}' for the other"
    ]


@pytest.mark.parametrize("metrics", ["auto", ["accuracy"], [{"_target_": "keras.metrics.Precision", "class_id": 0}]])
def test_other_metrics_need_no_line(caplog: pytest.LogCaptureFixture, metrics: Any) -> None:
    assert said(caplog, metrics, status=STATUS) == []


def test_metrics_of_each_of_three_classes_need_no_line(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, ["f1_score"], kind=TargetSpec((), "int64", ("a", "b", "c"))) == []
