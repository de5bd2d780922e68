"""What the state in a snapshot may hold, by key; those of the callbacks are in their own code."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from pipeline.data.randomness import RandomTypes
from pipeline.security.plain_types import Array, Number, Whole

Count = Annotated[int, Field(ge=0, le=2**53)]


class PositionTypes(TypedDict):
    """A `Position`."""

    epoch: Count
    step: Count
    done: Count
    due: Literal["step", "validation", "end"]


class CompilationTypes(TypedDict):
    """A `Compilation`."""

    jit: bool | None
    reason: str
    final: bool


class TrainableTypes(TypedDict):
    """A `Trainable`."""

    layers: list[bool]
    variables: list[bool]


class FactsTypes(TypedDict, total=False):
    """What a resumed training must have in common with the one before."""

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
