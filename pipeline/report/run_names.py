"""The names of compared runs: the settings in which they differ."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from pipeline.report.differences import NOT_THERE, as_text, differences, flattened, resolved
from pipeline.report.run_files import RunFiles

BESIDE_THE_POINT = ("hydra.", "task=", "run=", "runs=", "resume=", "debug=", "report=", "trust=")
"""Prefixes of overrides that do not affect what was trained."""


def run_names(runs: Sequence[RunFiles]) -> list[str]:
    """Returns a name for each run: the overrides that not all runs have, or otherwise the end of its folder's path."""
    ends = folder_ends([run.folder for run in runs])
    said = [[text for text in run.overrides if not text.lstrip("+~").startswith(BESIDE_THE_POINT)] for run in runs]
    everywhere = set(said[0]).intersection(*said[1:]) if said else set()
    names = [
        " ".join(text.removeprefix("+") for text in texts if text not in everywhere) or end
        for texts, end in zip(said, ends, strict=True)
    ]
    counts = Counter(names)
    return [f"{end}: {name}" if counts[name] > 1 else name for name, end in zip(names, ends, strict=True)]


def folder_ends(folders: Sequence[Path]) -> list[str]:
    """Returns the shortest ends of paths that tell them apart."""
    parts = [folder.resolve().parts for folder in folders]
    for length in range(1, max(len(part) for part in parts) + 1):
        ends = ["/".join(part[-length:]) for part in parts]
        if len(set(ends)) == len(ends):
            return ends
    return [str(folder) for folder in folders]


def relative_link(file: Path, start: Path) -> str | None:
    """Returns the address of a file relative to a folder; None if the file does not exist."""
    if not file.is_file():
        return None
    return quote(os.path.relpath(file.resolve(), start.resolve()).replace(os.sep, "/"))


def set_differently(runs: Sequence[RunFiles]) -> list[list[str]]:
    """Returns one row per group and key that differs between runs: the key, then the value of each run.

    Values that nobody set, such as those that come with a chosen group, are left out if the runs record it.
    """
    told = [run.collected["config_differences"] for run in runs]
    if any(rows is None for rows in told):
        return differences([run.config for run in runs])
    set_by = [{key: value for key, value, _ in rows} for rows in told]
    defaults = {key: default for rows in told for key, _, default in rows}
    rows = []
    for key, default in defaults.items():
        values = []
        for run, own in zip(runs, set_by, strict=True):
            flat = flattened(run.config)
            there = as_text(resolved(flat[key], run.config)) if key in flat else run.choices.get(key)
            values.append(own.get(key, there or default or NOT_THERE))
        if len(set(values)) > 1:
            rows.append([key, *values])
    return rows
