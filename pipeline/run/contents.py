"""What a run folder holds: common files are declared here, others where they are written.

The end of a command lists those that are there.

A task or a callback of the user's declares its own files, and has them listed too:

    FILE = holds("layers.json", "the weights in each layer")
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from pipeline.run.names import (
    CONFIG_FOLDER,
    FACTS_FILE,
    HISTORY,
    LOCK,
    LOG,
    METRICS,
    MODEL,
    RESOURCES,
    SNAPSHOTS,
    TENSORBOARD,
    WEIGHTS,
)

FIRST = MappingProxyType(
    {
        MODEL: "the trained model",
        WEIGHTS: "its weights alone, as it cannot be saved and loaded",
        METRICS: "each split, each output",
        HISTORY: "one row per epoch",
        RESOURCES: "memory and processor use",
    }
)
"""Results that several packages read and write, listed before all others."""
LAST = MappingProxyType(
    {
        TENSORBOARD: "logs for TensorBoard",
        SNAPSHOTS: "the state of the training, for resume",
        FACTS_FILE: "versions, seed, command, data, durations, status",
        LOG: "the log",
        CONFIG_FOLDER: "the config",
    }
)
"""What records the run itself, listed after all others."""
_declared: dict[str, str | None] = {}


def holds(name: str, text: str | None) -> str:
    """Declares a file or a folder that a run folder may have.

    Args:
        name: Its name, directly in the run folder.
        text: What it holds, in a few words; None for what is not listed, as it is for the pipeline alone.

    Returns:
        The name.
    """
    _declared[name] = text
    return name


def names() -> frozenset[str]:
    """Returns the names of all files and folders of a run folder that are declared by now."""
    return frozenset({*FIRST, *LAST, *_declared, LOCK})


def listed(folder: Path) -> list[str]:
    """Returns one line per declared file that exists in a run folder: its name and what it holds."""
    others = {name: text for name, text in sorted(_declared.items()) if text is not None}
    texts = {**FIRST, **others, **LAST}
    return [f"{name:<20} {text}" for name, text in texts.items() if (folder / name).exists()]
