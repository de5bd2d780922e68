"""The run that a command resumes: found by its folder or its config, and compared with that config."""

from __future__ import annotations

import json
import logging
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from pipeline.errors import ConfigError, ConfigMistakes
from pipeline.run.atomic_files import write_text
from pipeline.run.names import CONFIG, HISTORY, SNAPSHOTS
from pipeline.run.read_back import config_of_run, facts_of_run, fold_folders, why_no_run
from pipeline.security import trust
from pipeline.security.reading import ABSENT, read_text

log = logging.getLogger(__name__)
AUTO = "auto"
CHANGEABLE = (
    "trainer.epochs",
    "trainer.verbose",
    "snapshots",
    "resume",
    "report",
    "evaluate_splits",
    "optimized_metric",
    "debug",
    "trust",
)
"""Keys, with everything below them, that may differ in a resumed training."""
NO_VALUE = "nothing"
MOST_BYTES_OF_HISTORY = 64 * 2**20


def folder_to_resume(config: DictConfig, parent: str) -> str | None:
    """Returns the folder of the run that a command resumes; None for a new run.

    Args:
        config: The composed config, including `hydra`.
        parent: The folder of dates that contains run folders.

    Raises:
        ConfigError: `resume` is not the folder of a run, or the command is a sweep.
    """
    asked = OmegaConf.select(config, "resume")
    if asked is None:
        return None
    if "MULTIRUN" in str(OmegaConf.select(config, "hydra.mode")):
        raise ConfigError("resume: a sweep cannot be resumed as a whole; use resume=DIR for each of its jobs")
    if asked == AUTO:
        return _unfinished_run(config, Path(parent))
    if not (Path(asked) / CONFIG).is_file():
        raise ConfigError(f"resume: '{asked}' {why_no_run(Path(asked))}; expected auto, or the folder of a training")
    return str(asked)


def take_up(config: DictConfig, folder: Path) -> None:
    """Checks that a command's config is that of the run it resumes, and saves the values that may differ.

    Raises:
        ConfigMistakes: The config differs, or has fewer epochs than are trained; one line per difference.
    """
    advice = f"use that of the run, or start a new run without resume ({', '.join(CHANGEABLE[:3])} may change)"
    mistakes = [
        f"{key}: {_shown(here)}, but {_shown(there)} in the run '{folder}'; {advice}"
        for key, here, there in _differences(_plain(config), config_of_run(folder, "resume"))
    ]
    asked = OmegaConf.select(config, "trainer.epochs")
    trained = max(map(epochs_trained, (folder, *fold_folders(folder))))
    if isinstance(asked, int) and asked < trained:
        mistakes.append(
            f"trainer.epochs: {asked}, but the run '{folder}' has trained {trained}; expected {trained} or more"
        )
    if mistakes:
        raise ConfigMistakes(mistakes)
    written = config.copy()
    written.resume = None
    write_text(folder / CONFIG, OmegaConf.to_yaml(written))


def epochs_trained(folder: Path) -> int:
    """Returns the number of epochs, including `trainer.initial_epoch`, from which a run can continue."""
    if not any((folder / SNAPSHOTS).glob("*.snapshot")):
        return 0
    try:
        rows = read_text(folder / HISTORY, "resume", MOST_BYTES_OF_HISTORY).splitlines()[1:]
    except ABSENT:
        return 0
    last = rows[-1].partition(",")[0] if rows else ""
    return int(last) + 1 if re.fullmatch(r"\d{1,9}", last, re.ASCII) else 0


def resume_command(folder: Path, trusted: Iterable[str] = (), values: Iterable[str] = ()) -> str:
    """Returns the command that resumes a run.

    Args:
        folder: Its folder.
        trusted: What to trust in its config, in addition to what the environment trusts.
        values: Values to type again, as `key=value`.
    """
    named = [name for name in dict.fromkeys(trusted) if name not in trust.of_environment()]
    words = [f"resume={quoted(folder)}", *([f"trust=[{','.join(named)}]"] if named else []), *values]
    return " ".join(["python -m pipeline", *map(shlex.quote, words)])


def trusted_by_command() -> list[str]:
    """Returns what a command must trust to resume the run of this one, as far as it was typed here."""
    current = trust.current()
    reads = any("${oc.env:" in text for text in current.texts)
    names = {name for name in current.names if name != "hydra" and not trust.is_part(trust.as_keras(name))}
    return [*sorted(names | current.words), *(["environment"] if reads else [])]


def asks_for_trust(mistakes: ConfigMistakes, config: DictConfig, folder: Path) -> ConfigMistakes:
    """Adds the command that trusts everything named in the mistakes of a resumed run's config.

    The run folder may have come from anyone since the first command typed these values.
    """
    named, values = [], []
    for line in mistakes.mistakes:
        found = re.search(r"trust=\[([\w.]+)\]", line)
        place = line.partition(":")[0].replace("[", ".").replace("]", "")
        value = OmegaConf.select(config, place)
        if found:
            named.append(found[1])
        elif isinstance(value, str):
            values.append(f"{place}={quoted(value)}")
    if not named and not values:
        return mistakes
    told = "resume: the folder may come from anyone, so this command must name what it trusts; if you trust it: "
    return ConfigMistakes([*mistakes.mistakes, told + resume_command(folder, named, values)])


def quoted(value: object) -> str:
    """Returns a text as a value on Hydra's command line."""
    text = str(value)
    if re.fullmatch(r"[\w./-]+", text, re.ASCII):
        return text
    return "'" + text.replace("'", r"\'") + "'"


def _unfinished_run(config: DictConfig, parent: Path) -> str | None:
    """Returns the unfinished run with the same config that came furthest; among equal ones, the newest."""
    here = _plain(config)
    found = []
    for path in parent.glob(f"*/*/{CONFIG}"):
        folder = path.parent.parent
        try:
            same = not any(_differences(here, config_of_run(folder, "resume")))
        except ConfigError:
            continue
        facts = facts_of_run(folder)
        if same and facts.get("status") != "finished":
            found.append((_steps_done(folder), str(facts.get("started", "")), str(folder)))
    # Clocks are sometimes set back, and folders are named by the time of day.
    return max(found)[2] if found else None


def _steps_done(folder: Path) -> int:
    """Returns the number of steps of a run's newest snapshot, by its name, or the sum over all its folds."""
    done = -1
    for part in (folder, *fold_folders(folder)):
        names = [path.stem for path in (part / SNAPSHOTS).glob("*.snapshot")]
        done += 1 + max((int(name) for name in names if re.fullmatch(r"\d{1,18}", name)), default=-1)
    return done


def _plain(config: DictConfig) -> dict[str, Any]:
    """Returns a config as its file has it: with interpolations as they are written, since some stand for secrets."""
    plain: Any = OmegaConf.to_container(config, resolve=False)
    return {key: value for key, value in plain.items() if key != "hydra"}


def _differences(here: Any, there: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    if key in CHANGEABLE or here == there:
        return
    if not isinstance(here, dict) or not isinstance(there, dict):
        yield key, here, there
        return
    for name in dict.fromkeys([*here, *there]):
        below = f"{key}.{name}" if key else str(name)
        yield from _differences(here.get(name, NO_VALUE), there.get(name, NO_VALUE), below)


def _shown(value: Any) -> str:
    if value == NO_VALUE:
        return "not set"
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else text[:77] + "…"
