"""The model for an image and a time series: several inputs, and one output per target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.data.spec import DataSpec, InputSpec
from pipeline.errors import ConfigError
from pipeline.models.heads import outputs
from pipeline.models.inputs import numeric_inputs

if TYPE_CHECKING:
    import keras


def image_timeseries(spec: DataSpec, filters: int, kernel: int) -> keras.Model:
    """Builds convolutions over each input, joins their maxima, and adds one output per target.

    The model of Keras' guide "Training & evaluation with the built-in methods". Time steps added by padding (all
    zeros) have no effect: the maximum leaves out every window centred on one.

    Args:
        spec: The data's spec; inputs of rank 3 are images, of rank 2 time series (length, channels).
        filters: Filters of each convolution.
        kernel: Width of each convolution.

    Raises:
        ConfigError: An input is neither.
    """
    import keras

    inputs, values = numeric_inputs(spec)
    branches = [_branch(name, spec.inputs[name], value, filters, kernel) for name, value in values.items()]
    x = keras.layers.Concatenate()(branches) if len(branches) > 1 else branches[0]
    return keras.Model(inputs, outputs(spec, x), name="image_timeseries")


def _branch(name: str, given: InputSpec, value: keras.KerasTensor, filters: int, kernel: int) -> keras.KerasTensor:
    import keras

    if len(given.shape) == 3:
        return keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(filters, kernel)(value))
    if len(given.shape) == 2:
        present = keras.ops.any(keras.ops.not_equal(value, 0.0), axis=-1, keepdims=True)
        windows = keras.layers.Conv1D(filters, kernel, padding="same")(value)
        return _masked_maximum(windows, present)
    raise ConfigError(f"model: expected input '{name}' to be an image or a time series, got shape {given.shape}")


def _masked_maximum(windows: keras.KerasTensor, present: keras.KerasTensor) -> keras.KerasTensor:
    import keras

    lowest = keras.ops.where(present, windows, -1e9)
    highest = keras.ops.max(lowest, axis=1)
    return keras.ops.where(keras.ops.any(present, axis=1), highest, 0.0)
