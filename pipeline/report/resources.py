"""The figure of memory and processor use over a training."""

from __future__ import annotations

from pipeline.report.figures import PALETTE, Figure, layout
from pipeline.report.run_files import History

MARKED = 60


def resource_figure(rows: History) -> Figure | None:
    """Returns the figure of `resources.csv`; None if it has no rows."""
    seconds = rows.get("seconds", [])
    memory = [None if value is None else value / 2**20 for value in rows.get("memory_bytes", [])]
    percent = rows.get("cpu_percent", [])
    known = [value for value in memory if value is not None]
    busy = [value for value in percent if value is not None]
    if not known or not busy:
        return None
    longest = max((value for value in seconds if value is not None), default=0.0)
    unit, divisor = ("s", 1) if longest < 600 else ("min", 60) if longest < 36_000 else ("h", 3600)
    common = {
        "type": "scatter",
        "mode": "lines+markers" if len(seconds) <= MARKED else "lines",
        "x": [None if value is None else value / divisor for value in seconds],
        "marker": {"size": 5},
    }
    traces = [
        {**common, "y": memory, "name": "memory", "line": {"color": PALETTE[0], "width": 2},
         "hovertemplate": "%{y:,.0f} MiB"},
        {**common, "y": percent, "name": "processor", "yaxis": "y2", "line": {"color": PALETTE[1], "width": 2},
         "hovertemplate": "%{y:.0f} %"},
    ]  # fmt: skip
    mean = sum(busy) / len(busy)
    words = f"memory from {known[0]:,.0f} to {known[-1]:,.0f} MiB, at most {max(known):,.0f}; processor {mean:.0f} %"
    panels = layout(
        unit,
        "MiB",
        xaxis={"anchor": "y2", "rangemode": "tozero"},
        yaxis={"domain": [0.55, 1], "rangemode": "tozero"},
        yaxis2={"domain": [0, 0.45], "title": {"text": "% of a core"}, "rangemode": "tozero"},
        hovermode="x unified",
        height=420,
    )
    return Figure("memory and processor use of the process during training", words, traces, panels)
