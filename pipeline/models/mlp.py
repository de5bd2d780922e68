"""The multi-layer perceptron."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.data.spec import DataSpec
from pipeline.errors import ConfigError
from pipeline.models.heads import check_sizes, outputs
from pipeline.models.inputs import numeric_inputs

if TYPE_CHECKING:
    import keras


def mlp(spec: DataSpec, units: int, depth: int, activation: str, dropout: float) -> keras.Model:
    """Builds a perceptron over all inputs, flattened and joined; for MNIST 784-64-64-10.

    Args:
        spec: The data's spec.
        units: Units of each hidden layer.
        depth: Number of hidden layers.
        activation: Activation of the hidden layers, any that Keras knows.
        dropout: Share of units dropped after each hidden layer.

    Raises:
        ConfigError: An input has a varying length or is not numeric, or a size is invalid.
    """
    import keras

    check_sizes(units, depth)
    for name, given in spec.inputs.items():
        if None in given.shape:
            raise ConfigError(f"model=mlp: expected a fixed length of input '{name}', got a varying one")
    inputs, values = numeric_inputs(spec)
    flat = [keras.layers.Flatten()(value) for value in values.values()]
    x = keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    for index in range(depth):
        x = keras.layers.Dense(units, activation=activation, name=f"hidden_{index + 1}")(x)
        if dropout:
            x = keras.layers.Dropout(dropout)(x)
    return keras.Model(inputs if len(inputs) > 1 else next(iter(inputs.values())), outputs(spec, x), name="mlp")
