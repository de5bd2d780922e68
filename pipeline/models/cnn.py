"""The small convolutional network for images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.data.spec import DataSpec
from pipeline.errors import ConfigError
from pipeline.models.heads import check_sizes, outputs
from pipeline.models.inputs import numeric_inputs, only_input

if TYPE_CHECKING:
    import keras


def cnn(spec: DataSpec, filters: int, depth: int, units: int, dropout: float) -> keras.Model:
    """Builds convolutions with pooling, doubling the filters each time, then one dense layer.

    Args:
        spec: The data's spec, with one input of shape (height, width) or (height, width, channels).
        filters: Filters of the first convolution.
        depth: Number of convolutions, each followed by pooling by 2.
        units: Units of the dense layer.
        dropout: Share of units dropped before the output.

    Raises:
        ConfigError: The input is not an image or is too small for the number of poolings, or a size is invalid.
    """
    import keras

    check_sizes(units, depth)
    name = only_input(spec, "cnn")
    shape = spec.inputs[name].shape
    if len(shape) not in (2, 3):
        raise ConfigError(f"model=cnn: expected input '{name}' of shape (height, width, channels), got {shape}")
    if min(size or 2**depth for size in shape[:2]) < 2**depth:
        raise ConfigError(f"model.depth: {depth} poolings by 2 are too many for images of {shape[0]} x {shape[1]}")
    inputs, values = numeric_inputs(spec)
    x = values[name]
    if len(shape) == 2:
        x = keras.layers.Reshape((*shape, 1))(x)
    for index in range(depth):
        x = keras.layers.Conv2D(filters * 2**index, 3, padding="same", activation="relu")(x)
        x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.GlobalAveragePooling2D()(x) if None in shape else keras.layers.Flatten()(x)
    x = keras.layers.Dense(units, activation="relu")(x)
    x = keras.layers.Dropout(dropout)(x)
    return keras.Model(inputs[name], outputs(spec, x), name="cnn")
