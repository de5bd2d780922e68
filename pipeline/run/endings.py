"""How a command and its run end: exit codes, the entries in `run.json`, and the files that remain."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.run import signals
from pipeline.run.names import SNAPSHOTS
from pipeline.run.signals import INTERRUPTED, TERMINATED

USER_ERROR, OUR_ERROR = 2, 1


@contextmanager
def recorded(run: Any, *, discards: bool, is_part: bool = False) -> Iterator[None]:
    """Records in `run.json` how the run ends. Errors caused by files or memory become a user's errors.

    Args:
        run: The run.
        discards: Whether to remove a run that a mistake ended before it began its work.
        is_part: Whether the run is part of another one and inside its folder. The outer run says how to resume.
    """
    from pipeline.run.file_errors import file_error
    from pipeline.run.folder import discard_unless_begun
    from pipeline.run.memory_errors import memory_error

    try:
        yield
    except BaseException as error:
        if not is_part and (signals.requested() or isinstance(error, KeyboardInterrupt)):
            _say_how_to_resume(run.folder)
        told = file_error(error, run.folder) or memory_error(error) or error
        # If nothing can be written any more, the error that ended the run is still the one to report.
        with suppress(OSError):
            status, code, message = _ending(told)
            run.finish(status, code, message)
            if discards and code == USER_ERROR:
                discard_unless_begun(run, is_new=is_part or _is_new_folder())
        if told is error:
            raise
        raise told from error
    run.finish("finished", 0)


def _say_how_to_resume(folder: Path) -> None:
    from pipeline.run.read_back import fold_folders, is_training
    from pipeline.run.resume import resume_command, trusted_by_command

    if is_training(folder) and any((part / SNAPSHOTS).is_dir() for part in (folder, *fold_folders(folder))):
        command = resume_command(from_here(folder), trusted_by_command())
        logging.getLogger("pipeline").info("stopped; resume with: %s", command)


def _is_new_folder() -> bool:
    """Whether the run folder is named by date and time rather than by the user."""
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    written: Any = OmegaConf.to_container(HydraConfig.instance().cfg.hydra.run, resolve=False)
    return str(written["dir"]).startswith("${new_folder:")


def _ending(error: BaseException) -> tuple[str, int, str | None]:
    """Returns the status, exit code and message of a run that an error ended."""
    from pipeline.config.composition.errors import as_lines
    from pipeline.errors import PipelineError, one_line
    from pipeline.security.environment import without_values

    if isinstance(error, PipelineError):
        return "failed", USER_ERROR, without_values(str(error))
    if isinstance(error, Exception) and (lines := as_lines(error)) is not None:
        return "failed", USER_ERROR, without_values("\n".join(lines))
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", INTERRUPTED, None
    if isinstance(error, SystemExit) and signals.requested():
        return "terminated", TERMINATED, None
    return "failed", OUR_ERROR, without_values(one_line(error))


def from_here(folder: Path) -> Path:
    """Returns the path of a folder: relative to the working folder if it is inside, as it is if not."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
