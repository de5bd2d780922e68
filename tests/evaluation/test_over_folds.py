"""What folds say together: the mean and the sample deviation of each metric, whatever not all of them have left out."""

import pytest

from pipeline.evaluation.over_folds import over_folds


def fold(loss: float | None, label: str, **more: float) -> dict[str, object]:
    baseline = {"y": {"majority_class": {"class": label, "accuracy": 0.5}}}
    return {"loss": loss, "weighted": False, "outputs": {"y": {"loss": loss, **more}}, "baseline": baseline}


def test_mean_and_deviation_of_each_metric() -> None:
    found = over_folds([{"test": fold(1.0, "a", auc=0.5)}, {"test": fold(2.0, "a")}, {"test": fold(6.0, "b")}])["test"]
    assert (found["loss"], found["outputs"]) == (3.0, {"y": {"loss": 3.0}})
    assert found["deviation"] == {"loss": pytest.approx(7**0.5), "outputs": {"y": {"loss": pytest.approx(7**0.5)}}}
    assert [one["loss"] for one in found["folds"]] == [1.0, 2.0, 6.0]
    assert found["baseline"] == {"y": {"majority_class": {"accuracy": 0.5}}}


def test_a_value_that_one_fold_lacks_has_no_mean_and_a_split_that_one_lacks_is_left_out() -> None:
    found = over_folds([{"train": fold(1.0, "a"), "test": fold(None, "a")}, {"test": fold(2.0, "a")}])
    assert list(found) == ["test"]
    assert (found["test"]["loss"], found["test"]["deviation"]["loss"]) == (None, None)
