"""What our own parts send, read and write by their arguments, and what a config file may not give them.

A source exists to read files, so any config may name local ones. Data from the network is fetched only if the user
allows it. This is the one list of such arguments: `pipeline.security.destinations` takes from it what is a place to
write or an address. Judgements are by name, as nothing is imported before they are made; a test walks through our parts
and fails on any argument that is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pipeline.security import trust
from pipeline.security.judgements import Argument, Kind, is_typed, mistake, unjudged, vouched

_WRITES, _DATA, _ADDRESS, _HARMLESS = (Argument(kind) for kind in (Kind.WRITES, Kind.DATA, Kind.ADDRESS, Kind.HARMLESS))
_SETS = {"path": _DATA, "validation": _DATA, "test": _DATA}
# Options that would open other files are refused by `pipeline.data.files.read_options`.
_KNOWN_FILES = {**_SETS, "read": _HARMLESS}
_SOURCES = "pipeline.data.sources"
ARGUMENTS: Mapping[str, Mapping[str, Argument]] = MappingProxyType(
    {
        # A record of a file that is written already.
        "pipeline.callbacks.checkpoints.Checkpoint": {"file": _HARMLESS},
        "pipeline.callbacks.checkpoints.Checkpoints": {"folder": _WRITES},
        "pipeline.callbacks.history.HistoryFile": {"path": _WRITES},
        "pipeline.callbacks.notification.Sender": {"timeout": _HARMLESS, "urls": _ADDRESS},
        "pipeline.callbacks.notify.Notify": {
            "folder": _WRITES,
            "urls": _ADDRESS,
            **dict.fromkeys(("timeout", "title"), _HARMLESS),
        },
        f"{_SOURCES}.archive.Npz": _SETS,
        f"{_SOURCES}.archive.read_npy": {"file": _DATA},
        f"{_SOURCES}.archive.read_npz": {"file": _DATA},
        f"{_SOURCES}.arrays.Arrays": {"validation": _DATA, "test": _DATA},
        f"{_SOURCES}.batches.BatchSource": {"validation": _DATA, "test": _DATA},
        f"{_SOURCES}.image_folder.ImageFolder": _SETS,
        f"{_SOURCES}.image_size.check_size": {"file": _DATA},
        f"{_SOURCES}.mnist.Mnist": {"path": _DATA},
        f"{_SOURCES}.mnist.mnist_frame": {"path": _DATA},
        f"{_SOURCES}.sql.Sql": {"query": Argument(Kind.QUERY), "url": _ADDRESS},
        f"{_SOURCES}.table.Csv": _KNOWN_FILES,
        f"{_SOURCES}.table.Frame": {"validation": _DATA, "test": _DATA},
        f"{_SOURCES}.table.KnownFiles": _KNOWN_FILES,
        f"{_SOURCES}.table.Parquet": _KNOWN_FILES,
        f"{_SOURCES}.table.TableFiles": _SETS,
        f"{_SOURCES}.table.TablesByPath": _SETS,
        f"{_SOURCES}.tfds.Tfds": {
            **dict.fromkeys(("data_dir", "name", "test", "validation"), _DATA),
            # What is not there is downloaded as `pipeline.security.downloads` says.
            "download": _HARMLESS,
        },
        f"{_SOURCES}.tfds_download.download": {"name": _DATA},
        f"{_SOURCES}.tfds_files.check_features": {"folder": _DATA},
        "pipeline.tracking.mlflow.MLflowTracker": {
            "files": Argument(Kind.RUN_FILES),
            "run_folder": _WRITES,
            "timeout_seconds": _HARMLESS,
            "uri": _ADDRESS,
        },
        "pipeline.tracking.mlflow_store.MLflowStore": {"uri": _ADDRESS},
        "pipeline.tracking.mlflow_store.check_uri": {"uri": _ADDRESS},
        "pipeline.tracking.tensorboard.TensorBoardTracker": {"run_folder": _WRITES},
        "pipeline.weighting.class_weight.ClassWeight": {"weights": _HARMLESS},
        "pipeline.weighting.mask.Mask": {"array": _DATA},
        "pipeline.weighting.sample_weight.SampleWeight": {"array": _DATA},
    }
)
"""Judgements by class or function, under the name of the module that defines it."""
READERS = (_SOURCES, "pipeline.weighting")
"""Packages whose parts read files and write none."""
OF_SETS = ("_target_", "download")
"""Arguments of `data` without which those of a validation set cannot be judged."""


def judgements(target: str) -> dict[str, Argument]:
    """Returns the judged arguments of one of our parts.

    A module that imports a part has it under its own name too, as in `pipeline.callbacks.HistoryFile`. A name that is
    in the list under other modules only is judged as all of them.
    """
    if target in ARGUMENTS:
        return dict(ARGUMENTS[target])
    named = (
        [arguments for owner, arguments in ARGUMENTS.items() if _last(owner) == _last(target)] if ours(target) else []
    )
    return {name: argument for arguments in named for name, argument in arguments.items()}


def judgement(target: str, name: str) -> Argument | None:
    """Returns what an argument of one of our parts is; None if it reaches nothing outside of the process.

    What nobody has judged is what its name sounds like, so that a part without a judgement is refused, not let through.
    """
    judged = judgements(target).get(name)
    if judged is not None or not ours(target):
        return judged
    reads = any(trust.is_within(target, package) for package in READERS)
    return _DATA if reads and unjudged(name) == _WRITES else unjudged(name)


def argument_mistakes(key: str, node: Mapping[str, Any]) -> list[str]:
    """Returns one line per value by which a config file would make one of our parts fetch something from the network.

    Args:
        key: The config key of a node.
        node: The node, which has a `_target_`; plain dicts, lists and values, all interpolations resolved.
    """
    target = str(node["_target_"])
    if vouched(target):
        return []
    found = [
        mistake(f"{key}.{name}", argument, value)
        for name, value in node.items()
        if (argument := judgement(target, name)) is not None and not is_typed(f"{key}.{name}", value)
    ]
    return [line for line in found if line is not None]


def ours(target: str) -> bool:
    """Whether a dotted path is in a package of our parts."""
    return any(trust.is_within(target, package) for package in trust.OURS)


def _last(target: str) -> str:
    return target.rpartition(".")[2]


def sources_of_sets(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields the sources of `validation_sets` that are values of `data` and so have no `_target_` of their own."""
    data, sets = config.get("data"), config.get("validation_sets")
    if not isinstance(data, Mapping) or "_target_" not in data or not isinstance(sets, Mapping):
        return
    of_data = {name: data[name] for name in OF_SETS if name in data}
    for name, node in sets.items():
        if isinstance(node, Mapping) and "_target_" not in node:
            yield f"validation_sets.{name}", {**of_data, **node}
