"""The types of the files that a report is made from, as `run/folder.py` and `report/collecting.py` write them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, FiniteFloat, TypeAdapter

from pipeline.data.spec import MOST_CLASSES
from pipeline.data.spec_shape import SpecShape

Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Number = FiniteFloat | None
"""NaN and infinity are written as null."""
Row = Annotated[int, Field(ge=0, le=2**53)]


class Xla(BaseModel):
    """See `Compilation`."""

    jit: bool | None
    reason: str


class Fingerprint(BaseModel):
    """What `Data.fingerprint` gives."""

    sha256: str
    of: str


class FinalWeights(BaseModel):
    """See `pipeline.callbacks.final_weights`."""

    restored_epoch: Count | None
    monitor: str | None
    averaged: bool
    roll_backs: Count


class Facts(BaseModel):
    """`run.json`. For a run that did not finish, it has only the beginning."""

    status: str | None = None
    error: str | None = None
    command: list[str] | None = None
    started: str | None = None
    ended: str | None = None
    git_commit: str | None = None
    seed: Count | None = None
    parameters: Count | None = None
    xla: Xla | None = None
    platform: str | None = None
    versions: dict[str, str] = {}
    spec: SpecShape = SpecShape(inputs={}, targets={})
    data: dict[str, Fingerprint] = {}
    validations: list[dict[str, Number]] = []
    final_weights: FinalWeights | None = None
    baseline_notes: list[str] = []
    durations_seconds: dict[str, FiniteFloat] = {}


class SplitMetrics(BaseModel):
    """See `by_output`."""

    loss: Number = None
    weighted: bool = False
    outputs: dict[str, dict[str, Number]] = {}
    baseline: dict[str, dict[str, dict[str, Number | str]]] = {}


class Cell(BaseModel):
    """An input, as a picture embedded in the page, or as text."""

    picture: Annotated[str, Field(pattern=r"^data:image/png;base64,[A-Za-z0-9+/=]*$")] = ""
    text: str = ""


Inputs = dict[str, Cell]


class WrongExample(BaseModel):
    """See `Output.shown_worst`."""

    row: Row
    loss: Number
    true: str
    predicted: str
    probability: Number
    inputs: Inputs


class OutputShape(BaseModel):
    """An output whose predictions are in `report_data.npz`."""

    name: str
    kind: Literal["classes", "labels", "numbers"]
    classes: Annotated[list[str], Field(max_length=MOST_CLASSES)]
    worst: Annotated[list[WrongExample], Field(max_length=1000)]


class Weights(BaseModel):
    """Sample weights of a target."""

    least: Number
    mean: Number
    most: Number
    zero: Number


class SplitCounts(BaseModel):
    """See `split_counts`."""

    examples: Count
    whole: bool
    classes: dict[str, list[Count]]
    weights: dict[str, Weights]
    class_weights: dict[str, list[Number]] = {}


class ShownExample(BaseModel):
    """An example of a split."""

    inputs: Inputs
    targets: dict[str, str]


class ColumnImportance(BaseModel):
    """See `importance`."""

    name: str
    growth: Number
    deviation: Number


class OutputImportance(BaseModel):
    """See `importance`."""

    kind: Literal["classes", "labels", "numbers"]
    loss: Number
    columns: Annotated[list[ColumnImportance], Field(max_length=1000)]


class Importance(BaseModel):
    """See `importance`."""

    examples: Count = 0
    of: Count = 0
    shuffles: Count = 0
    note: str = ""
    outputs: dict[str, OutputImportance] = {}


class Layer(BaseModel):
    """See `layer_table`."""

    name: str
    type: str
    shape: str
    parameters: Count
    trainable: bool
    depth: Annotated[int, Field(ge=0, le=100)]


Edge = Annotated[list[str], Field(min_length=2, max_length=2)]
Difference = Annotated[list[str], Field(min_length=3, max_length=3)]


class Collected(BaseModel):
    """`report_data.json`."""

    split: str | None = None
    notes: list[str] = []
    outputs: Annotated[list[OutputShape], Field(max_length=1000)] = []
    importance: Importance = Importance()
    splits: dict[str, SplitCounts] = {}
    shown: dict[str, list[ShownExample]] = {}
    samples_per_epoch: Count | None = None
    steps_per_epoch: Count | None = None
    layers: list[Layer] = []
    edges: Annotated[list[Edge], Field(max_length=100_000)] = []
    trainable: Count | None = None
    config_differences: list[Difference] | None = None
    peak_memory_bytes: Count | None = None
    processors: Count | None = None
    devices: list[str] = []
    facts: Facts = Facts()


RUN = TypeAdapter(Facts)


class Runtime(BaseModel):
    """The config groups that Hydra composed, with the file that was chosen of each."""

    choices: dict[str, Any] = {}


class HydraPart(BaseModel):
    """See `Runtime`."""

    runtime: Runtime = Runtime()


class HydraConfig(BaseModel):
    """`.hydra/hydra.yaml`, as far as it says anything here."""

    hydra: HydraPart = HydraPart()


HYDRA = TypeAdapter(HydraConfig)
METRICS = TypeAdapter(dict[str, SplitMetrics])
COLLECTED = TypeAdapter(Collected)
OVERRIDES = TypeAdapter(list[str])
CONFIG = TypeAdapter(dict[str, Any])
