"""The comparison of runs, or of the jobs of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError
from pipeline.report.curves import best_epoch, by_metric
from pipeline.report.differences import differences
from pipeline.report.figures import Figure, layout, line_style, plot_text
from pipeline.report.fitting import files_that_fit
from pipeline.report.render import write_page
from pipeline.report.run_files import RunFiles, read_run
from pipeline.report.run_page import REPORT_FILE, metric_rows

MOST_VALUES = 2
"""Differences in config that the name of a run may tell."""


def write_comparison(folders: Sequence[Path], target: Path) -> Path:
    """Writes `report.html`, which compares runs, and returns its path.

    Args:
        folders: Of runs, or of sweeps, which stand for all of their jobs.
        target: Where to write it.

    Raises:
        ConfigError: There are fewer than two runs, a folder is not one of a run, or its files do not fit together.
    """
    expanded = list(dict.fromkeys(job for folder in folders for job in _jobs(folder)))
    if len(expanded) < 2:
        raise ConfigError(f"runs: {len(expanded)} run to compare; the folders of two or more, or of a sweep, are right")
    found = [read_run(folder) for folder in expanded]
    with files_that_fit("runs: their"):
        changes = differences([run.config for run in found])
        runs = dict(zip(told_apart(labels(expanded), changes), found, strict=True))
        columns, rows = comparison_rows(runs)
        values = {
            "title": f"{len(runs)} runs compared",
            "runs": runs,
            "columns": columns,
            "rows": rows,
            "curves": overlaid_curves(runs),
            "differences": changes,
        }
        return write_page("comparison.html.j2", target / REPORT_FILE, values)


def labels(folders: Sequence[Path]) -> list[str]:
    """Returns the shortest ends of paths that tell them apart."""
    parts = [folder.resolve().parts for folder in folders]
    for length in range(1, max(len(part) for part in parts) + 1):
        ends = ["/".join(part[-length:]) for part in parts]
        if len(set(ends)) == len(ends):
            return ends
    return [str(folder) for folder in folders]


def told_apart(names: Sequence[str], changes: Sequence[Sequence[str]]) -> list[str]:
    """Returns names with the values by which the runs differ, where these are few."""
    if not 1 <= len(changes) <= MOST_VALUES:
        return list(names)
    return [
        f"{name}: " + " ".join(f"{key}={values[index]}" for key, *values in changes) for index, name in enumerate(names)
    ]


def comparison_rows(runs: dict[str, RunFiles]) -> tuple[list[str], list[tuple[str, list[Any], list[bool]]]]:
    """Returns the columns of the table, and a row for each run: its label, its values, which of these are the best."""
    found = [_numbers(run) for run in runs.values()]
    columns = list(dict.fromkeys(name for numbers in found for name in numbers))
    best: dict[str, float] = {}
    for column in columns:
        values = [numbers[column] for numbers in found if numbers.get(column) is not None]
        if len(set(values)) > 1 and (direction := _direction(column)):
            best[column] = (max if direction > 0 else min)(values)
    return columns, [
        (label, [numbers.get(c) for c in columns], [c in best and numbers.get(c) == best[c] for c in columns])
        for label, numbers in zip(runs, found, strict=True)
    ]


def overlaid_curves(runs: dict[str, RunFiles]) -> list[Figure]:
    """Returns a figure for each metric: a line of validation for each run, of training where nothing was validated."""
    columns: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for label, run in runs.items():
        for metric, names in by_metric(run.history).items() if run.history.get("epoch") else ():
            for name, column in names.items():
                columns.setdefault(metric, {}).setdefault(name, []).append((label, column))
    longest = max((run.epochs for run in runs.values()), default=0)
    order = {label: index for index, label in enumerate(runs)}
    figures = []
    for metric, by_name in columns.items():
        for name in sorted(by_name, key=lambda name: name == "training"):
            traces = [
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": plot_text(label, 44),
                    "x": [int(epoch or 0) + 1 for epoch in runs[label].history["epoch"]],
                    "y": runs[label].history[column],
                    "line": line_style(order[label]),
                    "marker": {"size": 4},
                    "hovertemplate": "%{y:.5g}",
                }
                for label, column in by_name[name]
            ]
            figures.append(
                Figure(
                    f"{metric}, {name}",
                    f"{metric} ({name}) over epochs of {len(traces)} runs",
                    traces,
                    layout("epochs", "", height=380, xaxis={"dtick": 1 if longest <= 12 else None}),
                )
            )
    return figures


def _numbers(run: RunFiles) -> dict[str, Any]:
    found: dict[str, Any] = {}
    order = ("test", "validation", "train")
    for split in sorted(run.metrics, key=lambda split: order.index(split) if split in order else -1):
        _, rows = metric_rows({split: run.metrics[split]})
        several = len({row[0] for row in rows}) > 1
        found |= {f"{split} {output + ' ' if several else ''}{name}": value for output, name, value in rows}
    best = best_epoch(run.history)
    return {
        **found,
        "best epoch": best and best.number,
        "epochs": run.epochs,
        "parameters": run.facts["parameters"],
        "seconds of training": run.durations.get("training"),
        "samples/s": run.samples_per_second,
    }


def _direction(column: str) -> int:
    """Returns 1 where more is better, -1 where less is, 0 where nobody can tell by the name."""
    name = column.lower()
    if any(word in name for word in ("loss", "error", "seconds", "crossentropy")):
        return -1
    more = ("accuracy", "acc", "auc", "precision", "recall", "f1", "r2", "iou", "samples/s")
    return int(any(word in name for word in more))


def _jobs(folder: Path) -> list[Path]:
    """Returns the folders of a sweep's jobs in order, or the folder itself."""
    if not folder.is_dir():
        raise ConfigError(f"runs: '{folder}' is not a folder; the folders of runs or of a sweep are right")
    if (folder / "run.json").is_file():
        return [folder]
    jobs = [path.parent for path in folder.glob("*/run.json")]
    return sorted(
        jobs, key=lambda job: (not job.name.isdecimal(), int(job.name) if job.name.isdecimal() else 0, job.name)
    ) or [folder]
