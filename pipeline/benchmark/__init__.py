"""Benchmark: our loop against Keras' own on the same model and data, in turns."""

from pipeline.benchmark.contenders import Contender, contenders
from pipeline.benchmark.table import table
from pipeline.benchmark.turns import Measured, measured

__all__ = ["Contender", "Measured", "contenders", "measured", "table"]
