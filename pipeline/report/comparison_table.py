"""The table of a comparison: one row per run, with the best first by the most important metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.callbacks.direction import direction
from pipeline.errors import ConfigError
from pipeline.report.curves import best_epoch
from pipeline.report.run_files import RunFiles
from pipeline.report.run_page import metric_rows

SPLITS = {"test": "test_", "validation": "val_", "train": ""}
"""Splits, the most important first, with the prefixes that Keras gives to the names of their metrics."""
OF_TIME = {"seconds of training": "min", "samples/s": "max"}


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: The column header.
        mode: `max` if higher is better, `min` if lower is, empty if unknown.
        best: The best value; None if all are equal.
    """

    name: str
    mode: str
    best: float | None


@dataclass(frozen=True)
class Table:
    """All columns, the values of each run by name, and the column that they are sorted by."""

    columns: Sequence[Column]
    rows: Mapping[str, Sequence[float | None]]
    sorted_by: Column | None


def comparison_table(runs: Mapping[str, RunFiles]) -> Table:
    """Returns the numbers of runs by name, the best run first."""
    found = {name: _numbers(run) for name, run in runs.items()}
    names = list(dict.fromkeys(column for numbers in found.values() for column in numbers))
    columns = [_column(name, [numbers.get(name) for numbers in found.values()]) for name in names]
    by_name = {column.name: column for column in columns}
    counts = by_name.get(_that_counts(runs, columns))
    order = list(found)
    if counts is not None:
        order.sort(key=lambda name: _rank(found[name].get(counts.name), counts.mode))
        columns.sort(key=lambda column: column is not counts)
    return Table(columns, {name: [found[name].get(c.name) for c in columns] for name in order}, counts)


def _numbers(run: RunFiles) -> dict[str, Any]:
    found: dict[str, Any] = {}
    order = list(SPLITS)
    for split in sorted(run.metrics, key=lambda split: order.index(split) if split in order else -1):
        _, rows = metric_rows({split: run.metrics[split]})
        several = len({row[0] for row in rows}) > 1
        for output, name, value in rows:
            of = f"{output} " if several and output != "all" else ""
            found[f"{split} {of}{name}"] = value
    best = best_epoch(run.history)
    return {
        **found,
        "best epoch": best and best.number,
        "epochs": run.epochs or None,
        "parameters": run.facts["parameters"],
        "seconds of training": run.durations.get("training"),
        "samples/s": run.samples_per_second,
    }


def _column(name: str, values: Sequence[float | None]) -> Column:
    mode = OF_TIME.get(name) or (_mode(name) if name.partition(" ")[0] in (*SPLITS, "data") else "")
    there = [value for value in values if value is not None]
    differ = len(set(there)) > 1 and mode
    return Column(name, mode, (max if mode == "max" else min)(there) if differ else None)


def _mode(name: str) -> str:
    try:
        return direction(name)
    except ConfigError:
        return ""


def _that_counts(runs: Mapping[str, RunFiles], columns: Sequence[Column]) -> str:
    """Returns the value that a sweep of all runs optimizes, if set; otherwise the first metric of the best split.

    With one output this is not the loss, since people compare accuracy or error; with several, it is the total loss.
    """
    wanted = {run.config.get("optimized_metric") for run in runs.values()}
    as_keras = {_keras_name(column.name): column.name for column in columns if column.mode}
    if len(wanted) == 1 and (name := wanted.pop()) in as_keras:
        return as_keras[name]
    for split in (*SPLITS, "data"):
        of_split = [column.name for column in columns if column.name.startswith(f"{split} ") and column.mode]
        of_one = [name for name in of_split if name.count(" ") == 1]
        chosen = of_one if len(of_one) == len(of_split) else [name for name in of_one if name.endswith(" loss")]
        if chosen:
            return min(chosen, key=lambda name: name.endswith(" loss"))
    return ""


def _keras_name(column: str) -> str:
    split, _, rest = column.partition(" ")
    return f"{SPLITS.get(split, '')}{rest.replace(' ', '_')}"


def _rank(value: float | None, mode: str) -> tuple[bool, float]:
    return (True, 0.0) if value is None else (False, -value if mode == "max" else value)
