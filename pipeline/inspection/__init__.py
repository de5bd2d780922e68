"""A look at the data before training: kinds, missing values, classes, leaks, duplicates, groups, shifts."""

from pipeline.inspection.findings import Finding
from pipeline.inspection.inspection import Inspection, SplitSize, inspected
from pipeline.inspection.parts import Part, parts_of, with_rows

__all__ = ["Finding", "Inspection", "Part", "SplitSize", "inspected", "parts_of", "with_rows"]
