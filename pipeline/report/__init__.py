"""The report of a run: one HTML file that needs nothing beside it, made from the files of the run folder."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.report.collecting import collect
    from pipeline.report.comparison import write_comparison
    from pipeline.report.cross_validation import write_cross_validation
    from pipeline.report.run_page import write_report

__all__ = ["collect", "write_comparison", "write_cross_validation", "write_report"]
MODULES = {
    "collect": "collecting",
    "write_comparison": "comparison",
    "write_cross_validation": "cross_validation",
    "write_report": "run_page",
}


def __getattr__(name: str) -> Any:
    # The page of an inspection is written without TensorFlow, which these modules import.
    if name not in MODULES:
        raise AttributeError(f"module 'pipeline.report' has no attribute '{name}'")
    return getattr(import_module(f"pipeline.report.{MODULES[name]}"), name)
