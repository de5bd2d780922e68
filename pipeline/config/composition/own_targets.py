"""A new `_target_` replaces the previous component together with its arguments.

Values given beside the new `_target_`, in the same file, in later files or on the command line, are kept: they are the
arguments of the new component. Values that came with another `_target_` are dropped, as nobody chose them for this one.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, flag_override

TARGET = "_target_"
BY_NAME = ("callbacks", "tracking", "validation_sets")
"""Keys whose values are components by name, or null if there are none."""
Place = tuple[str, ...]


def without_replaced(layers: Sequence[tuple[str, DictConfig]], chosen: Collection[str] = ()) -> list[DictConfig]:
    """Returns the content of config files, without what a later file replaces by another `_target_`.

    Args:
        layers: The names of the files, such as `model/mlp`, and their content, in the order in which they are merged.
        chosen: Groups chosen on the command line, which take precedence over a `_target_` in any other file.
    """
    kept: list[DictConfig] = []
    targets: dict[Place, str] = {}
    for name, layer in layers:
        mine, left_out = layer, set[Place]()
        for place, target in _targets(OmegaConf.to_container(layer, resolve=False)):
            if targets.get(place) == target or any(place[: len(out)] == out for out in left_out):
                continue
            if len(place) == 1 and place[0] in chosen and not name.startswith(f"{place[0]}/"):
                left_out.add(place)
                mine = without(mine, place)
                continue
            kept = [without(earlier, place) for earlier in kept]
            targets = {other: value for other, value in targets.items() if other[: len(place)] != place}
            targets[place] = target
        kept.append(mine)
    return kept


def without(layer: DictConfig, place: Place) -> DictConfig:
    """Returns a file's content without one place in it; the schema is returned unchanged."""
    plain: Any = OmegaConf.to_container(layer, resolve=False)
    for name in place:
        if not isinstance(plain, dict) or name not in plain:
            return layer
        plain = plain[name]
    if OmegaConf.get_type(layer) is not dict:
        return layer
    layer = copy.deepcopy(layer)
    with flag_override(layer, ["readonly", "struct"], [False, False]):
        parent = layer
        for name in place[:-1]:
            parent = parent[name]
        del parent[place[-1]]
    return layer


def make_room(config: DictConfig, overrides: Sequence[Override]) -> None:
    """Empties the components that the command line gives another `_target_`, and opens them to arguments of any name.

    Args:
        config: The config before the command line is applied.
        overrides: The overrides from the command line.
    """
    for override in overrides:
        if override.is_delete() or override.package is not None:
            continue
        for place, target in _typed_targets(override):
            if len(place) == 2 and place[0] in BY_NAME and _node(config, place[:1]) is None:
                OmegaConf.update(config, place[0], {})
            parent = _node(config, place[:-1])
            # A node with a schema is not a component.
            if parent is None or (len(place) == 1 and place[0] not in list(parent)):
                continue
            with flag_override(config, "struct", False):
                there = _node(config, place)
                if there is not None and (OmegaConf.get_type(there) is not dict or there.get(TARGET) == target):
                    continue
                if parent is not config and OmegaConf.get_type(parent) is not dict:
                    continue
                parent[place[-1]] = {}
            OmegaConf.set_struct(parent[place[-1]], False)


def _typed_targets(override: Override) -> Iterator[tuple[Place, str]]:
    place, value = tuple(override.key_or_group.split(".")), override.value()
    if override.is_sweep_override():
        # Each job of a sweep has one of several targets; before that, it is enough to open the node.
        value = ""
    if place[-1] == TARGET and len(place) > 1 and isinstance(value, str):
        yield place[:-1], value
    for below, target in _targets(value):
        yield (*place, *below), target


def _targets(plain: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yields each place with a `_target_`, outer ones first; those below `hydra` are left alone."""
    if not isinstance(plain, dict):
        return
    if isinstance(plain.get(TARGET), str):
        yield place, plain[TARGET]
    for name, value in plain.items():
        if isinstance(name, str) and (place or name != "hydra"):
            yield from _targets(value, (*place, name))


def _node(config: DictConfig, place: Place) -> DictConfig | None:
    """Returns the mapping at a place; None if there is none."""
    node: Any = config
    for name in place:
        if not isinstance(node, DictConfig) or name not in node or OmegaConf.is_missing(node, name):
            return None
        node = node[name] if not OmegaConf.is_interpolation(node, name) else None
    return node if isinstance(node, DictConfig) else None
