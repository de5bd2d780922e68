"""Settings by the name of a column may be typed by that name, and all at once; other keys stay mistakes."""

from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from pipeline.config.composition.by_column import open_settings


@pytest.mark.parametrize(
    ("typed", "kinds", "open_"),
    [
        ("data.kinds.price=number", {}, True),
        ("data.kinds={price: number}", {}, True),
        ("data.classes.price=3", {}, False),
        ("data.path=x", {}, False),
    ],
)
def test_a_setting_is_open_for_names_that_are_typed(typed: str, kinds: Any, open_: bool) -> None:
    config = OmegaConf.create({"data": {"path": "t.csv", "kinds": kinds, "classes": None}})
    OmegaConf.set_struct(config, True)
    open_settings(config, [OverridesParser.create().parse_override(typed)])
    assert OmegaConf.is_struct(config.data.kinds) != open_
    assert (config.data.classes is None) == (not typed.startswith("data.classes"))
    assert OmegaConf.is_struct(config.data)
