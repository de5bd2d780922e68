"""The types of the state in a snapshot, by key. Those of callbacks are in the callbacks' own code."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from pipeline.data.randomness import RandomTypes
from pipeline.security.plain_types import Array, Number, Whole

Count = Annotated[int, Field(ge=0, le=2**53)]


class PositionTypes(TypedDict):
    """The form of a `Position`."""

    epoch: Count
    step: Count
    done: Count
    due: Literal["step", "validation", "end"]


class CompilationTypes(TypedDict):
    """The form of a `Compilation`."""

    jit: bool | None
    reason: str
    final: bool


class TrainableTypes(TypedDict):
    """The form of a `Trainable`."""

    layers: list[bool]
    variables: list[bool]


class FactsTypes(TypedDict, total=False):
    """What a resumed training must have in common with the first one."""

    data: dict[str, dict[str, Any]]
    versions: dict[str, str]


STATE: dict[str, Any] = {
    "stopped": bool,
    "values": dict[str, Number | Array] | None,
    "logs": dict[str, Number | Array] | None,
    "validations": list[dict[str, Number]],
    "counted": Whole | None,
    "compilation": CompilationTypes | None,
    "xla": tuple[bool, list[tuple[Whole, ...]] | None],
    "trainable": dict[Literal["now", "built", "traced"], TrainableTypes],
    "callbacks": list[dict[str, Any]],
    "random": RandomTypes,
    "batches": dict[str, Any],
    "facts": FactsTypes,
}
"""The state of a training."""
