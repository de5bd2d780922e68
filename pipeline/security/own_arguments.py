"""What our own parts send, read and write by their arguments, and what a config file may not give them.

A source exists to read files, so any config may name local ones. Data from the network is fetched only if the user
allows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pipeline.security import trust
from pipeline.security.judgements import Argument, Kind, is_typed, mistake, vouched

_WRITES, _DATA, _SENDS, _HARMLESS = (Argument(kind) for kind in (Kind.WRITES, Kind.DATA, Kind.SENDS, Kind.HARMLESS))
ARGUMENTS: Mapping[str, Mapping[str, Argument]] = MappingProxyType(
    {
        "pipeline.callbacks": {"folder": _WRITES, "path": _WRITES, "urls": _SENDS, "file": _HARMLESS},
        "pipeline.data.loaders": {},
        "pipeline.data.sources": {
            **dict.fromkeys(("data_dir", "file", "folder", "name", "path", "test", "validation"), _DATA),
            **dict.fromkeys(("query", "url"), _SENDS),
            # What is not there is downloaded as `pipeline.security.downloads` says.
            "download": _HARMLESS,
        },
        "pipeline.models": {},
        "pipeline.schedules": {},
        "pipeline.tasks": {},
        "pipeline.tracking": {"files": _WRITES, "run_folder": _WRITES, "uri": _SENDS},
        "pipeline.weighting": {"array": _DATA, "weights": _HARMLESS},
    }
)
"""Judgements by package: a module of a package has parts of others under its own name too."""
ELSEWHERE = (Kind.WRITES, Kind.SENDS)
"""Kinds that `pipeline.security.destinations` looks at."""
OF_SETS = ("_target_", "download")
"""Arguments of `data` without which those of a validation set cannot be judged."""


def argument_mistakes(key: str, node: Mapping[str, Any]) -> list[str]:
    """Returns one line per value by which a config file would make one of our parts fetch something from the network.

    Args:
        key: The config key of a node.
        node: The node, which has a `_target_`; plain dicts, lists and values, all interpolations resolved.
    """
    target = str(node["_target_"])
    package = next((package for package in ARGUMENTS if trust.is_within(target, package)), None)
    if package is None or vouched(target):
        return []
    found = [
        mistake(f"{key}.{name}", argument, node[name])
        for name, argument in ARGUMENTS[package].items()
        if name in node and argument.kind not in ELSEWHERE and not is_typed(f"{key}.{name}", node[name])
    ]
    return [line for line in found if line is not None]


def sources_of_sets(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields the sources of `validation_sets` that are values of `data` and so have no `_target_` of their own."""
    data, sets = config.get("data"), config.get("validation_sets")
    if not isinstance(data, Mapping) or "_target_" not in data or not isinstance(sets, Mapping):
        return
    of_data = {name: data[name] for name in OF_SETS if name in data}
    for name, node in sets.items():
        if isinstance(node, Mapping) and "_target_" not in node:
            yield f"validation_sets.{name}", {**of_data, **node}
