"""Input: sources return examples, splits divide them, loaders return their batches."""

from pipeline.data.batches import Batches, limited, paced
from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.data.splits import Splits, check_splits, set_apart
from pipeline.data.streams import BatchStream, Data, ExampleStream

__all__ = [
    "BatchStream",
    "Batches",
    "Data",
    "DataSpec",
    "ExampleStream",
    "Examples",
    "InputSpec",
    "Splits",
    "TargetSpec",
    "check_splits",
    "limited",
    "paced",
    "set_apart",
]
