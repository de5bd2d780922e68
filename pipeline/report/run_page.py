"""The report of one run."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import yaml

from pipeline.models.names import SCALED, layer_name
from pipeline.report.classification import Classification, classification, labelling
from pipeline.report.classification_figures import LONGEST_NAME, classification_figures
from pipeline.report.compared import Compared, compared
from pipeline.report.curves import best_epoch, curve_figures
from pipeline.report.diagram import diagram
from pipeline.report.differences import resolved
from pipeline.report.figures import PALETTE, Figure, layout, plot_text
from pipeline.report.fitting import files_that_fit
from pipeline.report.importance import importance_figure
from pipeline.report.names import short_names
from pipeline.report.regression import Regression, regression_figures, regressions
from pipeline.report.render import write_page
from pipeline.report.resources import resource_figure
from pipeline.report.run_files import RunFiles, read_run
from pipeline.run.contents import holds

REPORT_FILE = holds("report.html", "the report, for a browser")
Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
MOST_CLASSES_DRAWN = 100
MOST_OUTPUTS, SHOWN_OUTPUTS = 6, 3
"""With up to this many outputs, all are shown in full; with more, the worst ones and a table of all."""
MOST_CURVES = 4
"""The number of curve figures shown with many outputs; with few, half of it is the limit. Others open on click."""


@dataclass(frozen=True)
class OutputSection:
    """What the page shows of one output.

    Attributes:
        name: The output's name.
        kind: `classes`, `labels` or `numbers`.
        classification: Its numbers if it has classes or labels.
        regressions: The numbers of each column if it has numbers.
        figures: Its figures.
        worst: The examples on which the model was most wrong.
        compared: Its measures, and what they are compared with.
        folded: Whether it opens only on click, because there are many outputs.
    """

    name: str
    kind: str
    classification: Classification | None
    regressions: list[Regression]
    figures: list[Figure]
    worst: list[dict[str, Any]]
    compared: list[Compared]
    folded: bool = False

    @property
    def score(self) -> float | None:
        """Macro F1 of classes or (mean) R² of numbers, where 1 is perfect; None if unknown."""
        if self.classification is not None:
            return float(self.classification.f1.mean())
        known = [column.r2.value for column in self.regressions if column.r2 is not None]
        return sum(known) / len(known) if known else None


def write_report(folder: Path, outcome: Mapping[str, Any] | None = None) -> Path:
    """Writes `report.html` from the files of a run folder and returns its path.

    Args:
        folder: The folder.
        outcome: The future contents of `run.json`; None to read the file, if the run has ended.

    Raises:
        ConfigError: It is not the folder of a run, a file in it cannot be read, or the files do not fit together.
    """
    run = read_run(folder)
    with files_that_fit(f"run: '{folder}': its"):
        values = _values(replace(run, facts={**run.facts, **(outcome or {})}))
        return write_page("run.html.j2", folder / REPORT_FILE, values)


def _values(run: RunFiles) -> dict[str, Any]:
    """Returns the values that the template shows."""
    data = run.collected
    splits, rows = metric_rows(run.metrics)
    return {
        "title": title(run),
        "run": run,
        "metrics": (splits, rows),
        "several_outputs": len({row[0] for row in rows}) > 1,
        "differences": data["config_differences"],
        "config": yaml.dump(run.config, Dumper=Dumper, sort_keys=False, allow_unicode=True) if run.config else "",
        "best": best_epoch(run.history),
        "scaled": _scaled(run),
        "curves": curve_figures(run.history, run.facts["validations"], data["steps_per_epoch"], run.evaluated_epoch),
        "outputs": (outputs := in_order(output_sections(run))),
        "many_outputs": len(outputs) > MOST_OUTPUTS,
        "most_curves": MOST_CURVES if len(outputs) > MOST_OUTPUTS else 2 * MOST_CURVES,
        "data": data,
        "is_collected": "facts" in data,
        "class_figures": _class_figures(run),
        "class_rows": _class_rows(run),
        "diagram": diagram(data["layers"], data["edges"]),
        "resources": [figure for figure in [resource_figure(run.resources)] if figure],
        "headlines": _headlines(run),
    }


def title(run: RunFiles) -> str:
    """Returns the name of the run's data file, or otherwise its experiment, or its chosen model and data."""
    data = run.config.get("data")
    path = resolved(data.get("path"), run.config) if isinstance(data, Mapping) else None
    if isinstance(path, str) and PurePath(path).name:
        return PurePath(path).name
    chosen = [run.choices[group] for group in ("model", "data") if run.choices.get(group)]
    return run.choices.get("experiment") or " on ".join(chosen) or run.folder.name


def metric_rows(metrics: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Returns the splits of `metrics.json`, and one row per metric: output, name, its value in each split."""
    splits = list(metrics)
    rows = []
    outputs = list(dict.fromkeys(name for split in metrics.values() for name in split.get("outputs", {})))
    if len(outputs) > 1:
        rows.append(["all", "loss", *(metrics[split].get("loss") for split in splits)])
    for output in outputs:
        found = [metrics[split].get("outputs", {}).get(output, {}) for split in splits]
        for name in dict.fromkeys(name for values in found for name in values):
            rows.append([output, name, *(values.get(name) for values in found)])
    return splits, rows


def output_sections(run: RunFiles) -> list[OutputSection]:
    """Computes what the page shows of each output."""
    sections = []
    split = str(run.collected["split"])
    for index, output in enumerate(run.collected["outputs"]):
        if f"predicted_{index}" not in run.arrays:
            continue
        predicted, truth = run.arrays[f"predicted_{index}"], run.arrays[f"true_{index}"]
        name, kind, worst = output["name"], output["kind"], output["worst"]
        weights = run.arrays.get(f"weight_{index}")
        trivial = run.metrics.get(split, {}).get("baseline", {}).get(name, {})
        used = [figure for figure in [importance_figure(run.collected["importance"], name, split)] if figure]
        if kind == "numbers":
            columns = regressions(name, truth, predicted)
            figures = [figure for column in columns for figure in regression_figures(column)]
            beside = compared(kind, output["classes"], truth, predicted, weights, trivial)
            sections.append(OutputSection(name, kind, None, columns, figures + used, worst, beside))
            continue
        numbers = (classification if kind == "classes" else labelling)(output["classes"], truth, predicted)
        # Done once it is known that the arrays of the file fit together.
        beside = compared(kind, output["classes"], truth, predicted, weights, trivial)
        sections.append(OutputSection(name, kind, numbers, [], classification_figures(numbers) + used, worst, beside))
    return sections


def in_order(sections: list[OutputSection]) -> list[OutputSection]:
    """Returns many sections with the worst first and the rest folded; a few sections stay as they are."""
    if len(sections) <= MOST_OUTPUTS:
        return sections
    ordered = sorted(sections, key=lambda section: (section.score is None, section.score or 0.0))
    return [replace(section, folded=index >= SHOWN_OUTPUTS) for index, section in enumerate(ordered)]


def _headlines(run: RunFiles) -> list[tuple[str, Any, str]]:
    """Returns name, value and filter of each number at the top."""
    data = run.collected
    found: list[tuple[str, Any, str]] = []
    split = next((name for name in ("test", "validation", "data") if name in run.metrics), None)
    if split:
        _, rows = metric_rows({split: run.metrics[split]})
        most = 4 if len({row[0] for row in rows}) <= MOST_OUTPUTS + 1 else 1
        found += [
            (f"{split} {name}" + (f" of {output}" if output != rows[0][0] else ""), value, "number")
            for output, name, value in sorted(rows, key=lambda row: (row[0] != "all", row[1] == "loss"))[:most]
        ]
    training = data["splits"].get("train")
    candidates = [
        ("training examples", training["examples"] if training and training["whole"] else None, "number"),
        ("parameters", run.facts["parameters"], "number"),
        ("epochs", run.epochs or None, "number"),
        ("time of training", run.durations.get("training"), "seconds"),
        ("training samples/s", run.samples_per_second, "number"),
    ]
    return found + [candidate for candidate in candidates if candidate[1] is not None]


def _class_rows(run: RunFiles) -> list[tuple[str, list[str], list[list[Any]]]]:
    """Returns, by target, the column heads and one row per class: its name, its count per split, its mean weight."""
    splits = run.collected["splits"]
    tables = []
    for target, classes in _classes(run).items():
        there = [name for name, split in splits.items() if target in split["classes"]]
        weighed = [name for name in there if target in splits[name].get("class_weights", {})]
        rows = [
            [
                label,
                *(splits[name]["classes"][target][index] for name in there),
                *(splits[name]["class_weights"][target][index] for name in weighed),
            ]
            for index, label in enumerate(classes)
        ]
        tables.append((target, [*there, *(f"mean weight, {name}" for name in weighed)], rows))
    return tables


def _class_figures(run: RunFiles) -> list[Figure]:
    """Returns the share of each class in each split, for targets with few enough classes for a figure."""
    figures = []
    splits = run.collected["splits"]
    for target, classes in _classes(run).items():
        if not 1 < len(classes) <= MOST_CLASSES_DRAWN:
            continue
        traces = []
        for index, (name, split) in enumerate(splits.items()):
            counts = split["classes"].get(target)
            if counts and sum(counts):
                traces.append(
                    {
                        "type": "bar",
                        "name": name,
                        "x": list(range(len(counts))),
                        "y": [count / sum(counts) for count in counts],
                        "customdata": counts,
                        "marker": {"color": PALETTE[index], "pattern": {"shape": ("", "/", ".")[index % 3]}},
                        "hovertemplate": "%{customdata} examples, %{y:.2%}",
                    }
                )
        ticks = {"tickmode": "array", "tickvals": list(range(len(classes))),
                 "ticktext": [html.escape(label) for label in short_names(classes, LONGEST_NAME)]}  # fmt: skip
        shares = layout(plot_text(target), "share", xaxis=ticks, yaxis={"tickformat": ".0%"}, barmode="group",
                        hovermode="x unified")  # fmt: skip
        figures.append(Figure(f"classes of {target}, share in each split", f"shares of the {len(classes)} classes of "
                              f"{target}; the table below has the counts", traces, shares, wide=True))  # fmt: skip
    return figures


def _classes(run: RunFiles) -> dict[str, list[str]]:
    """Returns the names of classes by target."""
    targets = run.facts["spec"].get("targets", {})
    return {name: spec["classes"] for name, spec in targets.items() if spec.get("classes")}


def _scaled(run: RunFiles) -> list[str]:
    """Returns the targets that the model scales internally."""
    layers = {layer["name"] for layer in run.collected["layers"]}
    targets = run.facts["spec"].get("targets", {})
    return [n for n, spec in targets.items() if spec.get("scaling") and f"{layer_name(n)}{SCALED}" in layers]
