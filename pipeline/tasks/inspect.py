"""The task that looks at the data before anything is trained."""

from __future__ import annotations

import logging
import shutil

from pipeline.config.schema import PipelineConfig
from pipeline.inspection import inspected
from pipeline.inspection.loading import load_to_inspect
from pipeline.report.data_lines import data_lines
from pipeline.report.data_page import write_data_page
from pipeline.run.atomic_files import write_json
from pipeline.run.contents import holds
from pipeline.run.folder import Run

log = logging.getLogger(__name__)
FILE = holds("inspect.json", "the same, as JSON")


def inspect(config: PipelineConfig, run: Run) -> None:
    """Describes the data and what is suspicious about it; writes `inspect.html` and `inspect.json`.

    Args:
        config: The config of the training. The model is not built; only the losses are read, for the kinds of targets.
        run: The folder of the inspection.
    """
    with run.stage("data"):
        parts, provenance = load_to_inspect(config)
    with run.stage("inspection"):
        inspection = inspected(parts, provenance, config.seed)
    write_json(run.folder / FILE, inspection.as_dict())
    write_data_page(run.folder, inspection, parts, provenance.title)
    for line in data_lines(inspection, shutil.get_terminal_size().columns):
        log.info("%s", line)
