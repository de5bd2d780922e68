"""A part's own `_target_` replaces the part that was there; what is given beside it stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from pipeline.config.composition.own_targets import make_room, without_replaced


def merged(*layers: tuple[str, Any], chosen: tuple[str, ...] = ()) -> Any:
    kept = without_replaced([(name, OmegaConf.create(plain)) for name, plain in layers], chosen)
    return OmegaConf.to_container(OmegaConf.merge(*kept))


DEFAULT = ("model/mlp", {"model": {"_target_": "ours", "units": 64}})


def test_arguments_of_the_part_that_was_there_go_and_those_beside_the_new_one_stay() -> None:
    mine = ("experiment/mine", {"model": {"_target_": "mine", "width": 3}, "seed": 1})
    assert merged(DEFAULT, mine) == {"model": {"_target_": "mine", "width": 3}, "seed": 1}
    later = ("experiment/later", {"model": {"depth": 2}})
    assert merged(DEFAULT, mine, later)["model"] == {"_target_": "mine", "width": 3, "depth": 2}


def test_arguments_for_the_same_part_are_added() -> None:
    again = ("experiment/mine", {"model": {"_target_": "ours", "depth": 1}})
    assert merged(DEFAULT, again)["model"] == {"_target_": "ours", "units": 64, "depth": 1}


def test_part_below_another_is_replaced_alone() -> None:
    data = ("data/arrays", {"data": {"_target_": "arrays", "train": {"_target_": "ours", "count": 3}, "scale": 2}})
    mine = ("experiment/mine", {"data": {"train": {"_target_": "mine"}}})
    assert merged(data, mine)["data"] == {"_target_": "arrays", "train": {"_target_": "mine"}, "scale": 2}


def test_optimizer_by_name_and_losses_by_output_are_replaced_too() -> None:
    first = ("a", {"optimizer": {"name": "adam", "learning_rate": 0.1}, "loss": {"score": "mse"}})
    mine = ("b", {"optimizer": {"_target_": "mine"}, "loss": {"_target_": "mine", "delta": 1}})
    assert merged(first, mine) == {"optimizer": {"_target_": "mine"}, "loss": {"_target_": "mine", "delta": 1}}


def test_choice_that_is_typed_counts_for_more_than_a_file() -> None:
    mine = ("experiment/mine", {"model": {"_target_": "mine", "inner": {"_target_": "x"}}, "seed": 1})
    assert merged(DEFAULT, mine, chosen=("model",)) == {"model": {"_target_": "ours", "units": 64}, "seed": 1}
    none = ("schedule/constant", {"schedule": None})
    assert merged(none, ("experiment/mine", {"schedule": {"_target_": "x"}}), chosen=("schedule",)) == {
        "schedule": None
    }


@pytest.mark.parametrize(
    ("typed", "model"),
    [
        ("model._target_=mine", {}),
        ("model={_target_: mine, width: 3}", {}),
        ("+model._target_=mine", {}),
        ("model._target_=mine,yours", {}),
        ("model._target_=ours", {"_target_": "ours", "units": 64}),
        ("model.units=3", {"_target_": "ours", "units": 64}),
    ],
)
def test_room_is_made_for_a_target_that_is_typed(typed: str, model: dict[str, Any]) -> None:
    config = OmegaConf.create({"model": {"_target_": "ours", "units": 64}, "schedule": None, "callbacks": {}})
    OmegaConf.set_struct(config, True)
    make_room(config, [OverridesParser.create().parse_override(typed)])
    assert OmegaConf.to_container(config)["model"] == model  # type: ignore[index,call-overload]
    assert OmegaConf.is_struct(config.model) == bool(model)


MINE = """# @package _global_
model: {_target_: my_parts.network, width: 3}
callbacks: {mine: {_target_: my_parts.Callback}}
"""


@pytest.fixture
def composed(command: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    (tmp_path / "my_conf" / "experiment").mkdir(parents=True)
    (tmp_path / "my_conf" / "experiment" / "mine.yaml").write_text(MINE)

    def compose(*arguments: str) -> Any:
        done = command(*arguments, "--cfg", "job")
        assert done.code == 0, done.errors
        return yaml.safe_load(done.out)

    return compose


def test_composed_config_has_what_was_given_beside_a_target_and_nothing_else(composed: Callable[..., Any]) -> None:
    sgd = "keras.optimizers.SGD"
    config = composed(
        "optimizer.momentum=0.9", f"optimizer._target_={sgd}", "callbacks.mine._target_=my_parts.Callback",
        "callbacks.mine.path=x", "data=arrays", "data.train._target_=my_parts.points", "data.train.count=4",
        "weighting._target_=my_parts.Weighting", "schedule._target_=my_parts.Rate", "tracking.mine._target_=my_parts.T",
    )  # fmt: skip
    assert config["optimizer"] == {"_target_": sgd, "momentum": 0.9}
    assert config["callbacks"] == {"mine": {"_target_": "my_parts.Callback", "path": "x"}}
    assert config["data"]["train"] == {"_target_": "my_parts.points", "count": 4}
    assert config["data"]["targets"] == ["target"]
    assert config["weighting"] == {"_target_": "my_parts.Weighting"}
    assert config["schedule"] == {"_target_": "my_parts.Rate"}
    assert config["tracking"] == {"mine": {"_target_": "my_parts.T"}}
    of_file = "--config-dir=my_conf", "+experiment=mine"
    assert composed(*of_file)["model"] == {"_target_": "my_parts.network", "width": 3}
    assert composed(*of_file, "model._target_=my_parts.other", "model.depth=2")["model"] == {
        "_target_": "my_parts.other", "depth": 2,
    }  # fmt: skip
    chosen = composed(*of_file, "model=cnn")
    assert chosen["model"]["_target_"] == "pipeline.models.cnn.cnn"
    assert "width" not in chosen["model"]
    assert chosen["callbacks"]["mine"] == {"_target_": "my_parts.Callback"}


def test_typed_key_that_the_new_target_has_not_is_a_mistake(command: Callable[..., Any]) -> None:
    done = command("optimizer._target_=keras.optimizers.SGD", "optimizer.momentun=0.9")
    assert done.errors == [
        "optimizer.momentun: keras.optimizers.SGD has no argument 'momentun'; did you mean 'momentum'?"
    ]


def test_target_replaces_that_of_a_run_too(tmp_path: Path) -> None:
    from pipeline.run.saved_config import _change_all

    config = OmegaConf.create({"data": {"_target_": "pipeline.data.sources.table.Csv", "path": "a.csv"}})
    _change_all(config, ["data._target_=my_parts.Source", "data.size=3"])
    assert OmegaConf.to_container(config) == {"data": {"_target_": "my_parts.Source", "size": 3}}
