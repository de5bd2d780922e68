"""The command line: Hydra composes a config, a task runs, an error becomes one line and an exit code."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import traceback
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

USER_ERROR, OUR_ERROR, INTERRUPTED, TERMINATED = 2, 1, 130, 143


def main() -> int:
    """Runs the command of `sys.argv`.

    Returns:
        The exit code: 0; 2 for what the user can mend; 1 for a failure of ours; 130 and 143 for signals.
    """
    if any(argument in ("--help", "-h") for argument in sys.argv[1:]):
        from pipeline.help import help_text

        # A reader may go away, as in `| head`.
        with suppress(BrokenPipeError):
            print(help_text(sys.argv[1:]))
        return 0
    # Hydra would print errors itself and exit with 1; with this variable it lets them through.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if "" not in sys.path:
        sys.path.insert(0, "")
    # A reader that goes away, as in `| head`, is no reason for tracebacks.
    logging.raiseExceptions = False
    signal.signal(signal.SIGTERM, _terminate)
    try:
        _compose_and_run()
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as request:
        return request.code if isinstance(request.code, int) else 0
    except Exception as error:  # noqa: BLE001
        return report(error)
    return 0


def run_process() -> NoReturn:
    """Runs the command of `sys.argv` as all that the process does.

    Python would take more than a second to dismantle TensorFlow; all files are closed, so the process just ends.
    """
    code = main()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        # Nobody may be reading any more.
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def report(error: Exception) -> int:
    """Prints an error as one line a mistake, its traceback only if asked for, and returns the exit code."""
    from pipeline.composition_errors import told
    from pipeline.errors import PipelineError, one_line

    if "debug=true" in [argument.lower().lstrip("+") for argument in sys.argv[1:]]:
        traceback.print_exception(error)
    lines = told(error, sys.argv[1:])
    if lines is None and isinstance(error, PipelineError):
        lines = [" ".join(line.split()) for line in str(error).splitlines()]
    code = OUR_ERROR if lines is None else USER_ERROR
    for line in (
        lines if lines is not None else [f"{type(error).__name__}: {one_line(error)} (debug=true shows the traceback)"]
    ):
        print(f"error: {line}", file=sys.stderr)
    return code


def _compose_and_run() -> None:
    import hydra

    from pipeline.config import register
    from pipeline.folders import conf_folder
    from pipeline.saved_config import split_arguments

    register()
    failures: list[Exception] = []
    for_hydra, changes = split_arguments(sys.argv[1:])
    job = partial(_run_job_of_hydra, failures, list(sys.argv), changes)
    sys.argv = [sys.argv[0], *for_hydra]
    hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name="config")(job)()
    if failures:
        raise failures[0]


def _run_job_of_hydra(failures: list[Exception], command: list[str], changes: list[str], config: Any) -> float | None:
    """Runs a job; the error of an only job is kept from Hydra, which would print more than a line about it."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    try:
        return _run_job(config, command, changes)
    except Exception as error:
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            raise
        failures.append(error)
        return None


def _run_job(config: Any, command: list[str], changes: list[str]) -> float | None:
    """Runs the task of one composed config, which is a job of a sweep or the only one."""
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    from pipeline.config_checks import check_config
    from pipeline.errors import PipelineError, one_line
    from pipeline.runs import start_run
    from pipeline.saved_config import config_of_command, names_other_data

    hydra_config = HydraConfig.get()
    run = start_run(Path(hydra_config.runtime.output_dir), command)
    status, code, message = "failed", OUR_ERROR, None
    try:
        choices = _chosen(hydra_config)
        config = config_of_command(config, choices, changes)
        run.other_data = names_other_data(choices, changes)
        missing = sorted(OmegaConf.missing_keys(config))
        for key in missing:
            OmegaConf.update(config, key, None)
        settings: Any = OmegaConf.to_object(config)
        run.record(seed=settings.seed)
        _say_what_begins(config, choices, run)
        check_config(settings, missing)
        value = _run_task(settings, run)
        status, code = "finished", 0
        return value
    except PipelineError as error:
        code, message = USER_ERROR, str(error)
        raise
    except KeyboardInterrupt:
        status, code = "interrupted", INTERRUPTED
        raise
    except SystemExit:
        status, code = "terminated", TERMINATED
        raise
    except Exception as error:
        message = one_line(error)
        raise
    finally:
        run.finish(status, code, message)
        if code == 0:
            _say_what_is_there(run)


def _chosen(hydra_config: Any) -> dict[str, Any]:
    """Returns the config groups that this command itself chooses."""
    keys = {override.split("=")[0].lstrip("+~") for override in hydra_config.overrides.task}
    return {group: choice for group, choice in hydra_config.runtime.choices.items() if group in keys}


def _run_task(config: Any, run: Any) -> float | None:
    import keras

    from pipeline.components import find

    # Each job of a sweep starts from the same state as if it were alone in its process.
    keras.backend.clear_session()
    keras.utils.set_random_seed(config.seed)
    arguments = {name: value for name, value in config.task.items() if name != "_target_"}
    value: float | None = find(config.task["_target_"])(config, run, **arguments)
    return value


def _say_what_begins(config: Any, choices: dict[str, Any], run: Any) -> None:
    """Logs a line before TensorFlow is imported, which takes seconds."""
    task = str((config.task or {}).get("_target_", "")).rpartition(".")[2]
    what = choices.get("experiment") or config.run or ""
    logging.getLogger("pipeline").info("%s %s in %s", task, what, _from_here(run.folder))


def _from_here(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _say_what_is_there(run: Any) -> None:
    log = logging.getLogger("pipeline")
    log.info("run folder: %s", _from_here(run.folder))
    for line in run.contents():
        log.info("  %s", line)


def _terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise SystemExit(TERMINATED)
