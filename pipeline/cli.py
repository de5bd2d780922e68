"""The command line: Hydra composes a config, a task runs, and an error becomes one line and an exit code."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from pipeline.run import signals, standard_streams
from pipeline.run.endings import OUR_ERROR, USER_ERROR, from_here, recorded
from pipeline.run.names import CONFIG
from pipeline.run.signals import INTERRUPTED
from pipeline.security.terminal import printable, printable_lines, printable_warnings


def main() -> int:
    """Runs the command of `sys.argv`.

    Returns:
        The exit code: 0; 2 for an error that the user can fix; 1 for a bug of the pipeline; 130 and 143 for signals.
    """
    if any(argument in ("--help", "-h") for argument in sys.argv[1:]):
        from pipeline.help import help_text

        print(help_text(sys.argv[1:]))
        return 0
    if sys.argv[1:2] in (["-sc"], ["--shell-completion"]):
        from pipeline.completion import asked_for

        if (text := asked_for(sys.argv[1:])) is not None:
            print(text, end="")
            return 0
    # Hydra would print errors itself and exit with 1; with this variable it passes them on.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # A log line that cannot be written, because the disk is full, must not print a traceback.
    logging.raiseExceptions = False
    signals.install()
    try:
        with printable_warnings():
            return _code_of_command()
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as request:
        return request.code if isinstance(request.code, int) else 0
    finally:
        signals.uninstall()


def run_process() -> NoReturn:
    """Runs the command of `sys.argv` as the only thing that the process does.

    Python would take more than a second to tear down TensorFlow; all files are closed, so the process just exits.
    """
    standard_streams.keep()
    signals.install()
    code = main()
    # A signal that arrives now only limits how long this may take.
    with signals.deferred():
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            # The user's code may have replaced the stream.
            with suppress(Exception):
                stream.flush()
        os._exit(code)


def report(error: Exception) -> int:
    """Prints an error as one line per mistake, with a traceback only if requested, and returns the exit code."""
    from pipeline.config.composition.errors import as_lines
    from pipeline.errors import ConfigMistakes, PipelineError, one_line
    from pipeline.run.file_errors import file_error
    from pipeline.run.memory_errors import memory_error
    from pipeline.security.environment import without_values

    if "debug=true" in [argument.lower().lstrip("+") for argument in sys.argv[1:]]:
        text = without_values("".join(traceback.format_exception(error)))
        print(printable_lines(text), end="", file=sys.stderr)
    error = file_error(error) or memory_error(error) or error
    lines = as_lines(error)
    if lines is None and isinstance(error, PipelineError):
        lines = list(error.mistakes) if isinstance(error, ConfigMistakes) else [str(error)]
    code = OUR_ERROR if lines is None else USER_ERROR
    for line in (
        lines if lines is not None else [f"{type(error).__name__}: {one_line(error)} (debug=true shows the traceback)"]
    ):
        print(f"error: {printable(without_values(line))}", file=sys.stderr)
    return code


def _code_of_command() -> int:
    try:
        _compose_and_run()
    except Exception as error:  # noqa: BLE001
        return report(error)
    return 0


def _compose_and_run() -> None:
    import hydra

    from pipeline.config.composition.command_line import in_order
    from pipeline.config.conf_folder import conf_folder
    from pipeline.config.schema import register
    from pipeline.run.latest import with_latest_run
    from pipeline.run.saved_config import split_arguments
    from pipeline.security.composition import checked_composition
    from pipeline.security.hydra_options import checked_options
    from pipeline.security.trust import call_trusting, trust_of, trusting
    from pipeline.security.typed_secrets import refuse_typed_secrets

    arguments, taken = with_latest_run(sys.argv[1:])
    trust = trust_of(arguments)
    refuse_typed_secrets(arguments)
    register()
    arguments = in_order(arguments)
    sys.argv = [sys.argv[0], *arguments]
    failures: list[Exception] = []
    for_hydra, changes = split_arguments(arguments)
    job = partial(call_trusting, trust, partial(_run_job_of_hydra, failures, list(sys.argv), changes, taken))
    sys.argv = [sys.argv[0], *for_hydra]
    with checked_options(sys.argv[1:]), checked_composition(trust), trusting(trust):
        hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name="config")(job)()
    if failures:
        raise failures[0]


def _run_job_of_hydra(
    failures: list[Exception], command: list[str], changes: list[str], taken: list[str], config: Any
) -> float | None:
    """Runs a job; the error of a single job is kept from Hydra, which would print more than one line about it."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    from pipeline.run import job_memory

    for line in taken:
        logging.getLogger("pipeline").info("%s", line)
    try:
        return _run_job(config, command, changes)
    except Exception as error:
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            # Hydra keeps the error until the sweep ends. A single job ends here, without freeing anything: what XLA
            # leaves behind after running out of memory may crash the process when it is freed.
            job_memory.clear_frames(error)
            raise
        failures.append(error)
        return None


def _run_job(config: Any, command: list[str], changes: list[str]) -> float | None:
    """Runs the task of one composed config: a job of a sweep, or the only one."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from omegaconf import OmegaConf

    from pipeline.config.checks import check_config, check_parts_of_keras, trusted_config
    from pipeline.config.composition.other_data import names_other_data
    from pipeline.run import contents, lock
    from pipeline.run.folder import remove_leftovers, start_run, write_config
    from pipeline.run.resume import take_up
    from pipeline.run.saved_config import config_of_command, named_runs, typed_keys
    from pipeline.security.interpolations import limited_interpolations
    from pipeline.security.own_files import refuse_links

    hydra_config = HydraConfig.get()
    folder = Path(hydra_config.runtime.output_dir)
    resumes = OmegaConf.select(config, "resume") is not None and (folder / CONFIG).is_file()
    refuse_links(folder, None if resumes else contents.names())
    with lock.held(folder), limited_interpolations():
        remove_leftovers(folder)
        # As they are typed: what an interpolation in one of them refers to may be missing.
        overrides: Any = OmegaConf.to_container(hydra_config.overrides.task, resolve=False)
        choices = _chosen(hydra_config, overrides)
        typed = typed_keys([*overrides, *changes])
        if resumes:
            # Before anything is recorded: the run stays unchanged if the command does not belong to it.
            config = config_of_command(config, choices, changes, typed)
            _refuse_untrusted(config, folder)
            take_up(config, folder)
        else:
            write_config(folder, config, HydraConfig.instance().cfg)
        run = start_run(folder, command, resumes=resumes)
        # In a sweep, the folder of a job is the record of it.
        with recorded(run, discards=not resumes and hydra_config.mode != RunMode.MULTIRUN):
            for named in named_runs(config):
                refuse_links(named, contents.names())
            if not resumes:
                config = config_of_command(config, choices, changes, typed)
            run.other_data = names_other_data(typed)
            missing = _without_missing(config)
            settings = trusted_config(config, folder)
            run.record(seed=settings.seed)
            check_config(settings, missing)
            _say_what_begins(config, choices, run)
            check_parts_of_keras(settings)
            value = _run_task(settings, run)
        _say_what_is_there(run)
        return value


def _refuse_untrusted(config: Any, folder: Path) -> None:
    """Refuses to continue a run whose config needs trust that this command does not give."""
    from pipeline.config.checks import trusted_config
    from pipeline.errors import ConfigMistakes
    from pipeline.run.resume import asks_for_trust

    whole = config.copy()
    _without_missing(whole)
    try:
        trusted_config(whole, folder)
    except ConfigMistakes as mistakes:
        raise asks_for_trust(mistakes, config, from_here(folder)) from mistakes


def _without_missing(config: Any) -> list[str]:
    """Sets the missing values of a config to null, and returns their keys."""
    from omegaconf import OmegaConf

    missing = sorted(OmegaConf.missing_keys(config))
    for key in missing:
        OmegaConf.update(config, key, None)
    return missing


def _chosen(hydra_config: Any, overrides: list[str]) -> dict[str, Any]:
    """Returns the config groups that this command itself chooses."""
    keys = {override.split("=")[0].lstrip("+~") for override in overrides}
    return {group: choice for group, choice in hydra_config.runtime.choices.items() if group in keys}


def _run_task(config: Any, run: Any) -> float | None:
    from pipeline.config.checks import needs_keras
    from pipeline.config.components import NOT_ARGUMENTS, find
    from pipeline.keras_state import fresh_keras
    from pipeline.run import contents
    from pipeline.run.saved_config import named_runs
    from pipeline.security.own_files import refuse_links

    task: Callable[..., float | None] = partial(
        find(config.task["_target_"]), **{n: v for n, v in config.task.items() if n not in NOT_ARGUMENTS}
    )
    # What it reads and writes beside the files that every run has is known once its code is imported.
    for folder in (run.folder, *named_runs(config)):
        refuse_links(folder, contents.names())
    if not needs_keras(config):
        return task(config, run)
    with fresh_keras(config.seed, config.precision) as policy:
        run.record(precision=policy)
        return task(config, run)


def _say_what_begins(config: Any, choices: dict[str, Any], run: Any) -> None:
    """Logs a line before the import of TensorFlow, which takes seconds."""
    node = config.task if isinstance(config.task, Mapping) else {}
    task = str(node.get("_target_", "")).rpartition(".")[2]
    what = choices.get("experiment") or config.run or ""
    words = [word for word in (task, str(what), "in", str(from_here(run.folder))) if word]
    logging.getLogger("pipeline").info("%s", " ".join(words))


def _say_what_is_there(run: Any) -> None:
    log = logging.getLogger("pipeline")
    log.info("run folder: %s", from_here(run.folder))
    for line in run.contents():
        log.info("  %s", line)
