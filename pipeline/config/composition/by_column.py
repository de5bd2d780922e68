"""Settings by column or target name, which no file lists, so that `data.kinds.price=number` works without `+`."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

SETTINGS = ("data.kinds", "data.classes")
"""Keys that are null, empty, or a mapping by such a name."""


def open_settings(config: DictConfig, overrides: Sequence[Override]) -> None:
    """Opens settings to the names given on the command line.

    Args:
        config: The config before the command line is applied.
        overrides: The overrides from the command line.
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
