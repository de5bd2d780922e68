"""A task says itself which keys it reads; others are refused when they are typed."""

import pytest
import yaml

from pipeline.config.composition.ignored_keys import ignored_mistakes, reads_data, reads_model
from pipeline.config.conf_folder import conf_folder


def task(name: str) -> object:
    return yaml.safe_load((conf_folder() / "task" / f"{name}.yaml").read_text())


def test_keys_that_a_task_does_not_list_are_refused() -> None:
    mine = {"_target_": "my_parts.mine", "_reads_": ["data", "trainer.epochs"]}
    typed = ["data.path", "data", "trainer.epochs", "trainer.verbose", "model/deep", "trust", "task.most"]
    assert ignored_mistakes(mine, typed) == [
        "model/deep: task=mine ignores this key; remove it",
        "trainer.verbose: task=mine ignores this key; remove it",
    ]


def test_task_without_a_list_may_read_all_but_the_runs_of_a_report() -> None:
    mine = {"_target_": "my_parts.mine"}
    assert ignored_mistakes(mine, ["model", "snapshots.keep"]) == []
    assert ignored_mistakes(mine, ["runs"]) == ["runs: task=mine ignores this key; remove it"]
    assert reads_data(mine)
    assert reads_model(mine)


@pytest.mark.parametrize(
    ("name", "data", "model"),
    [("train", True, True), ("predict", True, True), ("inspect", True, False), ("report", False, True)],
)
def test_tasks_of_the_package_say_what_they_need(name: str, data: bool, model: bool) -> None:
    assert (reads_data(task(name)), reads_model(task(name))) == (data, model)
