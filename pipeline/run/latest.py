"""Replaces `latest` by the folder of a run, as in `task=evaluate run=latest`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.run.names import PARENTS
from pipeline.run.read_back import facts_of_run, fold_folders, has_model, is_training
from pipeline.run.resume import quoted

LATEST = "latest"
_ARGUMENT = re.compile(r"(\+{0,2})(run|runs|resume)=(?P<value>.*)", re.DOTALL)
_WORD = re.compile(rf"(?<![^\[,\s])(['\"]?){LATEST}\1(?![^\],\s])")


def with_latest_run(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Replaces `latest` by the folder of the newest run.

    Runs are looked up in the folders `outputs` and `multirun` here. The newest is the one that was started last. For
    `run` and `runs` it is the newest with a trained model; for `resume`, the newest training, however it ended.

    Args:
        arguments: The command line without its first word.

    Returns:
        The command line, and one line per replaced folder for the log.

    Raises:
        ConfigError: There is no such run.
    """
    filled, lines = [], []
    for argument in arguments:
        found = _ARGUMENT.fullmatch(argument)
        if found is None or _WORD.search(found["value"]) is None:
            filled.append(argument)
            continue
        key = found[2]
        folder = _newest(key)
        value = quoted(folder).join(_WORD.sub("\0", found["value"]).split("\0"))
        filled.append(argument[: found.start("value")] + value)
        lines.append(f"{key}={LATEST}: {folder}")
    return filled, lines


def _newest(key: str) -> Path:
    fits = is_training if key == "resume" else _has_models
    runs = [folder for folder in _run_folders() if fits(folder)]
    if not runs:
        places = " and ".join(f"'{parent}'" for parent in PARENTS)
        what = "training" if key == "resume" else "run with a trained model"
        valid = "[DIR,DIR]" if key == "runs" else "DIR"
        raise ConfigError(f"{key}: {LATEST}, but no {what} is in {places} here; expected {key}={valid}")
    return max(runs, key=lambda folder: (str(facts_of_run(folder).get("started", "")), folder.stat().st_mtime))


def _has_models(folder: Path) -> bool:
    """Whether a run has a model, or one of its folds has. The command then says how to name that fold."""
    return has_model(folder) or any(map(has_model, fold_folders(folder)))


def _run_folders() -> Iterator[Path]:
    """Yields the folders of runs and of the jobs of sweeps here."""
    for parent, pattern in zip(PARENTS, ("*/*", "*/*/*"), strict=True):
        for path in Path(parent).glob(f"{pattern}/.hydra/config.yaml"):
            yield path.parent.parent
