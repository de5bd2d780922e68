"""The page of an inspection of the data."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from pipeline.inspection import Inspection, Part
from pipeline.inspection.features import CLASSES
from pipeline.inspection.findings import LEVELS
from pipeline.inspection.leaks import Power
from pipeline.inspection.summaries import Histogram, Summary
from pipeline.report.data_values import kind_text, middle_text, missing_text, number_text, values_text
from pipeline.report.figures import PALETTE, Figure, layout, line_style, plot_text
from pipeline.report.names import short_names
from pipeline.report.render import write_page
from pipeline.report.shown_examples import shown_inputs, shown_targets
from pipeline.run.contents import holds

PAGE_FILE = holds("inspect.html", "the look at the data, for a browser")
SHOWN = 12
MOST_CLASSES_DRAWN = 100
LONGEST_NAME = 24
WIDTH, HEIGHT = 120, 28
"""The size of a small histogram, in pixels."""


@dataclass(frozen=True)
class InputRow:
    """A row of the table of inputs.

    Attributes:
        summary: The summary of its values.
        kind: Its kind in words.
        missing: Its share of missing values in words.
        values: Its values in words.
        middle: The range of most of its numbers; empty for other values.
        bars: A small histogram as SVG; empty for none.
        power: How well it alone predicts its best target; None if that was not measured.
    """

    summary: Summary
    kind: str
    missing: str
    values: str
    middle: str
    bars: Markup
    power: Power | None


def write_data_page(folder: Path, inspection: Inspection, parts: Sequence[Part], title: str) -> Path:
    """Writes `inspect.html` and returns its path.

    Args:
        folder: Where to write it.
        inspection: The result of the inspection.
        parts: The data, of which a few examples are shown.
        title: The name of the data.
    """
    best: dict[str, Power] = {}
    for power in inspection.powers:
        if power.feature not in best or power.value > best[power.feature].value:
            best[power.feature] = power
    splits = [split.name for split in inspection.splits]
    values = {
        "title": f"Inspection of {title}",
        "inspection": inspection,
        "counts": [(level, sum(one.level == level for one in inspection.findings)) for level in LEVELS],
        "rows": [_row(one, best.get(one.name)) for one in inspection.inputs],
        "several_targets": len(inspection.targets) > 1,
        "targets": [_target_row(name, found, splits) for name, found in inspection.targets.items()],
        "figures": [
            figure for name, found in inspection.targets.items() if (figure := _target_figure(name, found, splits))
        ],
        "shown": {part.name: _examples(part) for part in parts},
        "copied": [copy for copy in inspection.copies if copy.pairs],
        "shifts": [shift for shift in inspection.shifts if shift.matters or shift.differs],
    }
    return write_page("data.html.j2", folder / PAGE_FILE, values)


def _row(summary: Summary, power: Power | None) -> InputRow:
    words = (kind_text(summary), missing_text(summary.missing), values_text(summary), middle_text(summary))
    return InputRow(summary, *words, _bars(summary), power)


def _bars(summary: Summary) -> Markup:
    """Returns a small histogram, or the shares of the most frequent values."""
    counts = summary.histogram.counts if summary.histogram else tuple(count for _, count in summary.top)
    most = max(counts, default=0)
    if most == 0 or len(counts) < 2:
        return Markup("")
    step = WIDTH / len(counts)
    bars = [
        f'<rect x="{index * step:.1f}" y="{HEIGHT - HEIGHT * count / most:.1f}" width="{max(1.0, step - 1):.1f}" '
        f'height="{HEIGHT * count / most:.1f}"/>'
        for index, count in enumerate(counts)
    ]
    label = html.escape(f"distribution: {values_text(summary)}", quote=True)
    return Markup(
        f'<svg class="bars" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{label}">{"".join(bars)}</svg>'
    )


def _target_row(name: str, summaries: Sequence[Summary], splits: Sequence[str]) -> dict[str, Any]:
    train = summaries[0]
    lacking = [
        f"{split} {missing_text(found.missing)}"
        for split, found in zip(splits, summaries, strict=True)
        if found.missing
    ]
    return {
        "name": name,
        "kind": kind_text(train),
        "missing": ", ".join(lacking) or missing_text(0),
        "values": values_text(train),
        "mean": None if train.mean is None else number_text(train, train.mean),
        "skew": train.skew,
        "classes": _class_rows(summaries) if train.kind == CLASSES else [],
    }


def _class_rows(summaries: Sequence[Summary]) -> list[list[Any]]:
    """Returns one row per class: its name, its count in each split, its share of the training split."""
    total = max(1, sum(count for _, count in summaries[0].top))
    return [
        [label, *(found.top[index][1] for found in summaries), f"{100 * summaries[0].top[index][1] / total:.2f} %"]
        for index, (label, _) in enumerate(summaries[0].top)
    ]


def _target_figure(name: str, summaries: Sequence[Summary], splits: Sequence[str]) -> Figure | None:
    """Returns the distribution of a target in each split."""
    train = summaries[0]
    if train.kind == CLASSES:
        return _class_figure(name, summaries, splits) if 1 < len(train.top) <= MOST_CLASSES_DRAWN else None
    traces = [
        _line(found.histogram, split, index)
        for index, (found, split) in enumerate(zip(summaries, splits, strict=True))
        if found.histogram is not None
    ]
    if not traces:
        return None
    axes = layout(plot_text(name), "share of examples", yaxis={"tickformat": ".0%"})
    return Figure(f"distribution of {name}", f"share of examples by {name}, in each split", traces, axes)


def _line(histogram: Histogram, split: str, index: int) -> dict[str, Any]:
    edges, counts = np.array(histogram.edges), np.array(histogram.counts)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": split,
        "line": {**line_style(index), "shape": "hvh"},
        "x": ((edges[1:] + edges[:-1]) / 2).tolist(),
        "y": (counts / max(1, counts.sum())).tolist(),
        "hovertemplate": "%{x}: %{y:.2%}",
    }


def _class_figure(name: str, summaries: Sequence[Summary], splits: Sequence[str]) -> Figure:
    labels = [label for label, _ in summaries[0].top]
    traces = []
    for index, (found, split) in enumerate(zip(summaries, splits, strict=True)):
        counts = [count for _, count in found.top]
        traces.append(
            {
                "type": "bar",
                "name": split,
                "x": list(range(len(counts))),
                "y": [count / max(1, sum(counts)) for count in counts],
                "customdata": counts,
                "marker": {"color": PALETTE[index], "pattern": {"shape": ("", "/", ".")[index % 3]}},
                "hovertemplate": "%{customdata} examples, %{y:.2%}",
            }
        )
    ticks = {"tickmode": "array", "tickvals": list(range(len(labels))),
             "ticktext": [html.escape(label) for label in short_names(labels, LONGEST_NAME)]}  # fmt: skip
    axes = layout(plot_text(name), "share", xaxis=ticks, yaxis={"tickformat": ".0%"}, barmode="group")
    return Figure(f"classes of {name}, share in each split", f"shares of the {len(labels)} classes of {name}; the "
                  f"table has the counts", traces, axes, wide=len(labels) > 20)  # fmt: skip


def _examples(part: Part) -> list[dict[str, Any]]:
    """Returns a few examples, spread over the split."""
    rows = np.linspace(0, len(part) - 1, min(SHOWN, len(part))).astype(int)
    examples = part.examples.rows(rows)
    pairs = zip(part.rows[rows].tolist(), shown_inputs([examples]), shown_targets(examples), strict=True)
    return [{"row": row, "inputs": inputs, "targets": targets} for row, inputs, targets in pairs]
