"""Differences of configs, from the defaults and from each other."""

from dataclasses import asdict

import pytest
from omegaconf import OmegaConf

from pipeline.config.schema import PipelineConfig
from pipeline.report.differences import as_text, default_config, differences, flattened, from_defaults, resolved


def test_configs_are_flattened_to_dotted_keys() -> None:
    assert flattened({"a": {"b": 1, "c": {"d": [1, 2]}}, "e": None, "f": {}}) == {"a.b": 1, "a.c.d": [1, 2], "e": None}


def test_only_what_differs_is_listed_and_null_is_as_good_as_absent() -> None:
    first = {"model": {"units": 64, "depth": 2}, "run": "here", "weighting": None}
    second = {"model": {"units": 32, "depth": 2}, "callbacks": {"stop": {"patience": 3}}}
    assert differences([first, second]) == [["model.units", "64", "32"], ["callbacks.stop.patience", "—", "3"]]


def test_defaults_differ_from_themselves_in_nothing() -> None:
    assert from_defaults(default_config()) == []


def test_what_a_run_changed_is_told_with_its_default() -> None:
    config = asdict(PipelineConfig(**{k: v for k, v in default_config().items() if k not in ("trainer", "split")}))
    config["optimizer"] = {**config["optimizer"], "name": "rmsprop"}
    config["trainer"]["epochs"] = 7
    rows = from_defaults(config)
    assert ["optimizer.name", "rmsprop", "adam"] in rows
    assert ["trainer.epochs", "7", "5"] in rows


def test_what_comes_with_a_chosen_group_was_set_by_nobody() -> None:
    config = default_config(["data=csv", "model=tabular", "callbacks=[default]"])
    config["data"] |= {"path": "people.csv", "targets": "${seed}"}
    config["loss"] = {"y": "mean_squared_error"}
    choices = {"data": "csv", "model": "tabular", "optimizer": "adam", "experiment": "mine", "task": "train"}
    assert from_defaults(config, choices, ["callbacks=[default]"]) == [
        ["data", "csv", "digits"],
        ["data.path", "people.csv", "—"],
        ["data.targets", "0", "—"],
        ["model", "tabular", "mlp"],
        ["loss.y", "mean_squared_error", "—"],
        ["callbacks", "[default]", "[]"],
    ]
    assert ["callbacks", "[early_stopping, checkpoints]", "[]"] in from_defaults(config, choices)
    assert ["model", "../mine", "mlp"] in from_defaults(default_config(), {"model": "../mine"})


def test_values_are_what_they_refer_to_but_for_those_from_elsewhere() -> None:
    config = {"seed": 3, "a": {"b": "${seed}"}, "loop": "${loop}"}
    assert [resolved(value, config) for value in ("${a.b}", "${oc.env:HOME}", "${a.c}", "${loop}", 5)] == [
        3, "${oc.env:HOME}", "${a.c}", "${loop}", 5,
    ]  # fmt: skip
    assert differences([{"seed": 1, "x": "${seed}"}, {"seed": 2, "x": "${seed}"}]) == [["seed", "1", "2"]]


def test_composing_the_defaults_leaves_a_running_hydra_as_it_was() -> None:
    from hydra.core.global_hydra import GlobalHydra

    marker = object()
    before = GlobalHydra.instance().hydra
    GlobalHydra.instance().hydra = marker  # type: ignore[assignment]
    try:
        default_config()
        assert GlobalHydra.instance().hydra is marker
    finally:
        GlobalHydra.instance().hydra = before


def test_values_are_written_as_one_types_them() -> None:
    assert [as_text(value) for value in (None, True, 3.0, 0.25, ["a", None, ""], "x")] == [
        "null", "true", "3", "0.25", "[a, null, '']", "x",
    ]  # fmt: skip


def test_defaults_that_refer_to_a_running_job_are_taken_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    import hydra

    config = OmegaConf.create({"seed": 3, "folder": "${hydra:runtime.output_dir}", "same": "${seed}"})
    monkeypatch.setattr(hydra, "compose", lambda *_, **__: config)
    assert default_config() == {"seed": 3, "folder": "${hydra:runtime.output_dir}", "same": "${seed}"}
