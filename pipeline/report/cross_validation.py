"""The report of a cross-validation: mean and deviation over its folds, and the folds side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from pipeline.evaluation.over_folds import deviation, mean
from pipeline.report.comparison import overlaid_curves
from pipeline.report.comparison_table import SPLITS, Table, comparison_table
from pipeline.report.fitting import files_that_fit
from pipeline.report.numbers import number
from pipeline.report.render import write_page
from pipeline.report.run_files import RunFiles, read_run
from pipeline.report.run_names import relative_link
from pipeline.report.run_page import REPORT_FILE, Dumper, metric_rows, title
from pipeline.run.read_back import fold_folders
from pipeline.security.own_files import refuse_links

PREDICTIONS = "predictions.parquet"


def write_cross_validation(folder: Path, outcome: Mapping[str, Any] | None = None) -> Path:
    """Writes `report.html` of the cross-validation in a folder, and returns its path.

    Args:
        folder: The run folder.
        outcome: The future contents of `run.json`; None to read the file.

    Raises:
        ConfigError: A file in it is not what a run writes.
    """
    run = read_run(folder)
    if outcome:
        run.facts.update({name: value for name, value in outcome.items() if name in run.facts})
    folders = fold_folders(folder)
    for one in folders:
        refuse_links(one)
    with files_that_fit("run: its"):
        runs = {one.name.replace("_", " "): read_run(one) for one in folders}
        table = comparison_table(runs)
        values = {
            "title": f"{title(run)}, {len(runs)} folds",
            "run": run,
            "runs": runs,
            "links": {name: relative_link(one.folder / REPORT_FILE, folder) for name, one in runs.items()},
            "predictions": relative_link(folder / PREDICTIONS, folder),
            "table": table,
            "means": _means(table),
            "metrics": _metrics(list(runs.values())),
            "headlines": _headlines(list(runs.values())),
            "curves": overlaid_curves(runs),
            "config": yaml.dump(run.config, Dumper=Dumper, sort_keys=False, allow_unicode=True) if run.config else "",
        }
        return write_page("cross_validation.html.j2", folder / REPORT_FILE, values)


def with_deviation(value: float | None, spread: float | None) -> str:
    """Returns mean and deviation as the report shows them."""
    return number(value) + ("" if value is None or spread is None else f" ± {number(spread)}")


def _columns(table: Table) -> list[list[float | None]]:
    return [[row[index] for row in table.rows.values()] for index in range(len(table.columns))]


def _metrics(runs: Sequence[RunFiles]) -> tuple[list[str], list[list[str]]]:
    """Returns the splits that all folds have, and one row per metric: output, name, mean ± deviation by split."""
    splits = [split for split in runs[0].metrics if all(split in run.metrics for run in runs)] if runs else []
    by_fold = [metric_rows({split: run.metrics[split] for split in splits})[1] for run in runs]
    rows = []
    for of_folds in zip(*by_fold, strict=True):
        columns = [list(column) for column in zip(*(row[2:] for row in of_folds), strict=True)]
        rows.append([*of_folds[0][:2], *(with_deviation(mean(column), deviation(column)) for column in columns)])
    return splits, rows


def _means(table: Table) -> list[tuple[float | None, float | None]]:
    """Returns mean and deviation of each column, except those about the duration of a fold."""
    measured = [column.name.partition(" ")[0] in SPLITS for column in table.columns]
    values = zip(measured, _columns(table), strict=True)
    return [(mean(column), deviation(column)) if is_metric else (None, None) for is_metric, column in values]


def _headlines(runs: Sequence[RunFiles]) -> list[tuple[str, str]]:
    """Returns names and texts of the numbers at the top: the results on the held-out data."""
    splits, rows = _metrics(runs)
    split = next((index for index, name in enumerate(splits) if name in ("test", "validation")), None)
    if "test" in splits:
        split = splits.index("test")
    if split is None:
        return []
    several = len({row[0] for row in rows}) > 1
    ordered = sorted(rows, key=lambda row: (row[0] != "all", row[1] == "loss"))[:4]
    return [(f"{splits[split]} {name}" + (f" of {output}" if several else ""), texts[split])
            for output, name, *texts in ordered]  # fmt: skip
