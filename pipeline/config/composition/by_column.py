"""Settings by the name of a column or target, which no file names: `data.kinds.price=number` as it stands."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

SETTINGS = ("data.kinds", "data.classes")
"""Keys that are null, or empty, or a value by such a name."""


def open_settings(config: DictConfig, overrides: Sequence[Override]) -> None:
    """Opens settings for names that are typed.

    Args:
        config: The config before anything typed is in it.
        overrides: What is typed.
    """
    for override in overrides:
        typed = override.key_or_group
        key = typed if typed in SETTINGS else typed.rpartition(".")[0]
        parent, _, name = key.rpartition(".")
        node = OmegaConf.select(config, parent) if key in SETTINGS else None
        if isinstance(node, DictConfig) and name in node and not OmegaConf.is_interpolation(node, name):
            if node[name] is None and key != typed:
                node[name] = {}
            if isinstance(node[name], DictConfig):
                OmegaConf.set_struct(node[name], False)
