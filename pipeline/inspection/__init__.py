"""A look at the data before training: kinds, missing values, classes, leaks, duplicates, groups, shifts."""

from pipeline.inspection.findings import Finding
from pipeline.inspection.inspection import Inspection, SplitSize, inspected
from pipeline.inspection.parts import Part
from pipeline.inspection.provenance import Provenance

__all__ = ["Finding", "Inspection", "Part", "Provenance", "SplitSize", "inspected"]
