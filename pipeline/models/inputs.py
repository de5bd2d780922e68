"""Model inputs from the data's spec: the same names, the stored dtype, rescaled inside the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.data.spec import DataSpec
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    import keras


def numeric_inputs(spec: DataSpec) -> tuple[dict[str, keras.KerasTensor], dict[str, keras.KerasTensor]]:
    """Returns the model's inputs, and the same inputs as scaled floats, by name.

    Raises:
        ConfigError: An input is text, or may have missing values.
    """
    import keras

    inputs, values = {}, {}
    for name, given in spec.inputs.items():
        if given.dtype == "string" or given.missing:
            raise ConfigError(
                f"model: input '{name}' may be text or missing, which this model does not support; use model=tabular"
            )
        inputs[name] = keras.Input(given.shape, dtype=given.dtype, name=name)
        values[name] = keras.layers.Rescaling(given.scale, name=f"{name}_scaled")(inputs[name])
    return inputs, values


def only_input(spec: DataSpec, model: str) -> str:
    """Returns the name of the only input.

    Raises:
        ConfigError: There are several inputs.
    """
    if len(spec.inputs) != 1:
        raise ConfigError(f"model={model}: expected data with one input, got {', '.join(spec.inputs)}")
    return next(iter(spec.inputs))
