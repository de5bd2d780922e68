"""A look at the data before training: kinds, missing values, classes, leaks, duplicates, groups, shifts."""

from pipeline.inspection.findings import Finding
from pipeline.inspection.inspection import Inspection, SplitSize, inspected
from pipeline.inspection.origin import Origin
from pipeline.inspection.parts import Part

__all__ = ["Finding", "Inspection", "Origin", "Part", "SplitSize", "inspected"]
