"""The task that writes reports from the files of runs: a single run's report, or a comparison of several runs."""

from __future__ import annotations

import logging
from pathlib import Path

from pipeline.config.schema import PipelineConfig
from pipeline.errors import ConfigError
from pipeline.report import write_comparison, write_cross_validation, write_report
from pipeline.run.endings import from_here
from pipeline.run.folder import Run
from pipeline.run.read_back import fold_folders

log = logging.getLogger(__name__)


def report(config: PipelineConfig, run: Run) -> None:
    """Writes `report.html`: for `run=DIR` into that folder, for `runs=[A,B]` a comparison into the command's folder.

    Args:
        config: Names the run or the runs.
        run: The folder of this command.
    """
    if (config.run is None) == (config.runs is None):
        found = "missing" if config.run is None else "given together with runs"
        raise ConfigError(f"run: {found}; use run=DIR for the report of one run, or runs=[A,B] to compare several")
    with run.stage("report"):
        if config.run is not None:
            folder = Path(config.run)
            path = write_cross_validation(folder) if fold_folders(folder) else write_report(folder)
        else:
            path = write_comparison([Path(folder) for folder in config.runs or ()], run.folder)
    log.info("report: %s", from_here(path))
