"""The schema of `DataSpec.as_dict` in a file, for reading files of unknown origin."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, FiniteFloat, TypeAdapter

from pipeline.data.spec import MOST_CLASSES
from pipeline.data.target import MOST_NUMBERS

Size = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""The dtypes that TensorFlow accepts."""
DTYPES = "string|bool|bfloat16|u?int(4|8|16|32|64)|float(16|32|64)|complex(64|128)"
DType = Annotated[str, Field(pattern=f"^({DTYPES})$")]
Shape = Annotated[list[Size | None], Field(max_length=16)]


class InputShape(BaseModel):
    """See `InputSpec`."""

    shape: Shape
    dtype: DType
    scale: FiniteFloat = 1.0
    missing: bool = False
    kind: Literal["", "number", "category", "time"] = ""
    form: Annotated[str, Field(max_length=20)] = ""


Numbers = Annotated[list[FiniteFloat], Field(min_length=1, max_length=MOST_NUMBERS)]


class ScalingShape(BaseModel):
    """See `TargetScaling`."""

    method: Literal["standard", "log", "link"]
    mean: Numbers
    deviation: Numbers
    shift: Annotated[float, Field(ge=0, le=1)] = 0.0


class TargetShape(BaseModel):
    """See `TargetSpec`."""

    shape: Shape
    dtype: DType
    classes: Annotated[list[str], Field(max_length=MOST_CLASSES)] | None
    kind: Literal["", "ids", "one_hot", "labels", "numbers", "unknown"] = ""
    certain: bool = True
    positive: Annotated[int, Field(ge=0, lt=MOST_CLASSES)] | None = None
    units: Annotated[int, Field(ge=1, le=MOST_CLASSES)] | None = None
    activation: Literal["", "softmax", "sigmoid", "linear"] = ""
    missing: bool = False
    scaling: ScalingShape | None = None


class SpecShape(BaseModel):
    """See `DataSpec`."""

    inputs: dict[str, InputShape]
    targets: dict[str, TargetShape]


Constant = dict[str, Annotated[list[FiniteFloat], Field(max_length=MOST_CLASSES)]]


class ConstantsShape(BaseModel):
    """See `pipeline.evaluation.constants.Constants`."""

    kind: Literal["classes", "labels", "numbers"]
    plain: Constant
    weighted: Constant


class TrainedShape(BaseModel):
    """The part of `run.json` that a command on a trained model needs."""

    spec: SpecShape
    data: dict[str, dict[str, Any]] = {}
    baseline_constants: dict[str, ConstantsShape] = {}


TRAINED = TypeAdapter(TrainedShape)
