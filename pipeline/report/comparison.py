"""The comparison of runs, or of the jobs of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.report.comparison_table import comparison_table
from pipeline.report.curves import by_metric
from pipeline.report.figures import Figure, decades, layout, line_style, plot_text
from pipeline.report.fitting import files_that_fit
from pipeline.report.names import short_names
from pipeline.report.render import write_page
from pipeline.report.run_files import RunFiles, read_run
from pipeline.report.run_names import folder_ends, relative_link, run_names, set_differently
from pipeline.report.run_page import REPORT_FILE
from pipeline.run.names import FACTS_FILE

MOST_CURVES = 28
"""The number of runs whose curves can be told apart. With more, the best are drawn."""


def write_comparison(folders: Sequence[Path], target: Path) -> Path:
    """Writes `report.html`, which compares runs, and returns its path.

    Args:
        folders: The folders of runs, or of sweeps, which stand for all of their jobs.
        target: The folder to write to.

    Raises:
        ConfigError: There are fewer than two runs, a folder is not that of a run, or its files do not fit together.
    """
    expanded = list(dict.fromkeys(job for folder in folders for job in _jobs(folder)))
    if len(expanded) < 2:
        raise ConfigError(f"runs: expected two or more runs to compare, or a sweep, got {len(expanded)}")
    found = [read_run(folder) for folder in expanded]
    with files_that_fit("runs: their"):
        named = dict(zip(run_names(found), found, strict=True))
        table = comparison_table(named)
        runs = {name: named[name] for name in table.rows}
        drawn = dict(list(runs.items())[:MOST_CURVES])
        values = {
            "title": f"{len(runs)} runs compared",
            "runs": runs,
            "ends": dict(zip(named, folder_ends(expanded), strict=True)),
            "links": {name: relative_link(run.folder / REPORT_FILE, target) for name, run in runs.items()},
            "table": table,
            "curves": overlaid_curves(drawn),
            "not_drawn": len(runs) - len(drawn),
            "differences": set_differently(list(runs.values())),
        }
        return write_page("comparison.html.j2", target / REPORT_FILE, values)


def overlaid_curves(runs: Mapping[str, RunFiles]) -> list[Figure]:
    """Returns a figure per metric with one line per run: validation values or, without those, training values."""
    columns: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for label, run in runs.items():
        for metric, names in by_metric(run.history).items() if run.history.get("epoch") else ():
            for name, column in names.items():
                columns.setdefault(metric, {}).setdefault(name, []).append((label, column))
    longest = max((run.epochs for run in runs.values()), default=0)
    order = {label: index for index, label in enumerate(runs)}
    short = dict(zip(runs, short_names(list(runs), 44), strict=True))
    figures = []
    for metric, by_name in columns.items():
        for name in sorted(by_name, key=lambda name: name == "training"):
            traces = [
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": plot_text(short[label], 44),
                    "x": [int(epoch or 0) + 1 for epoch in runs[label].history["epoch"]],
                    "y": runs[label].history[column],
                    "line": line_style(order[label]),
                    "marker": {"size": 4},
                    "hovertemplate": "%{y}",
                }
                for label, column in by_name[name]
            ]
            figures.append(
                Figure(
                    f"{metric}, {name}",
                    f"{metric} ({name}) over epochs of {len(traces)} runs",
                    traces,
                    layout("epochs", "", height=380, xaxis={"dtick": 1 if longest <= 12 else None}),
                    decades=decades(value for label, column in by_name[name] for value in runs[label].history[column]),
                )
            )
    return figures


def _jobs(folder: Path) -> list[Path]:
    """Returns the folders of a sweep's jobs in order, or the folder itself."""
    if not folder.is_dir():
        raise ConfigError(f"runs: '{folder}' is not a folder; expected the folders of runs or of a sweep")
    if (folder / FACTS_FILE).is_file():
        return [folder]
    jobs = [path.parent for path in folder.glob("*/run.json")]
    return sorted(
        jobs, key=lambda job: (not job.name.isdecimal(), int(job.name) if job.name.isdecimal() else 0, job.name)
    ) or [folder]
