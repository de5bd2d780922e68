"""Benchmark: our loop and Keras' own on the same model and data, in turns."""

from pipeline.timing.contenders import Contender, contenders
from pipeline.timing.table import table
from pipeline.timing.turns import Timing, timed_in_turns

__all__ = ["Contender", "Timing", "contenders", "table", "timed_in_turns"]
