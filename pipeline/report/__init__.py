"""The report of a run: one HTML file that needs nothing beside it, made from the files of the run folder."""

from pipeline.report.collecting import collect
from pipeline.report.comparison import write_comparison
from pipeline.report.cross_validation import write_cross_validation
from pipeline.report.run_page import write_report

__all__ = ["collect", "write_comparison", "write_cross_validation", "write_report"]
