"""What a task reads of a config: any other key on the command line would be ignored, so it is refused.

The YAML of a task says it, in a list `_reads_` of keys, each with all that is below it. A task without that list may
read all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

READS = "_reads_"
"""The key of a task's node that lists what it reads."""
OF_ALL = ("task", "run", "resume", "debug", "trust", "hydra")
"""Keys of the command itself; other modules check which of them go together."""
ONLY_IF_LISTED = ("runs",)
"""Keys that a task without a list ignores too."""


def reads(task: Any) -> Collection[str] | None:
    """Returns the keys that a task reads, given its node; None if it may read all."""
    found = task.get(READS) if isinstance(task, Mapping) else None
    return None if found is None else tuple(map(str, found))


def reads_data(task: Any) -> bool:
    """Whether a task reads the data of the config, and not only the files of runs."""
    keys = reads(task)
    return keys is None or _is_among("data", keys)


def reads_model(task: Any) -> bool:
    """Whether a task has to do with a model: one that reads data, but nothing of a model, has not."""
    keys = reads(task)
    return keys is None or not reads_data(task) or any(_is_among(key, ("model",)) for key in keys)


def ignored_mistakes(task: Any, typed: Iterable[str]) -> list[str]:
    """Returns one line per key on the command line that a task would ignore.

    Args:
        task: The node of a task.
        typed: Keys and groups on the command line.
    """
    keys = reads(task)
    if keys is None:
        ignored = [key for key in typed if _is_among(key, ONLY_IF_LISTED)]
    else:
        ignored = [key for key in typed if not _is_among(key, (*OF_ALL, *keys))]
    target = task.get("_target_") if isinstance(task, Mapping) else None
    name = str(target).rpartition(".")[2]
    return [f"{key}: task={name} ignores this key; remove it" for key in sorted(ignored)]


def _is_among(key: str, roots: Collection[str]) -> bool:
    return any(key == root or key.startswith((f"{root}.", f"{root}/")) for root in roots)
