"""The model of tables: its encoder of raw columns inside, so that it takes new rows as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec
from pipeline.errors import ConfigError, DataError
from pipeline.models.heads import outputs

if TYPE_CHECKING:
    import keras


def tabular(spec: DataSpec, examples: Examples, units: int, depth: int, dropout: float) -> keras.Model:
    """Builds a perceptron over encoded columns.

    Numbers are normalised, a missing one is the training median and says so in an input of its own; categories are
    one-hot, missing and unknown ones categories like others. `keras.utils.FeatureSpace` does both, adapted to the
    training examples and saved inside the model.

    Args:
        spec: What the data looks like: inputs of shape `()`, numbers or text.
        examples: The training examples.
        units: Units of each hidden layer.
        depth: Number of hidden layers.
        dropout: Share of units dropped after each hidden layer.

    Raises:
        ConfigError: An input is no column.
        DataError: A category could not be read back from the saved model.
    """
    import keras

    for name, given in spec.inputs.items():
        if given.shape != ():
            raise ConfigError(f"model=tabular: input '{name}' has shape {given.shape}; columns are right")
    inputs = {
        n: keras.Input((), dtype="string" if s.dtype == "string" else "float32", name=n) for n, s in spec.inputs.items()
    }
    _check_categories(examples, spec)
    medians = {n: _median(examples.inputs[n]) for n, s in spec.inputs.items() if s.dtype != "string"}
    columns, indicators = {}, []
    for name, value in inputs.items():
        column = keras.layers.Reshape((1,))(value)
        if name in medians:
            absent = keras.ops.isnan(column)
            column = keras.ops.where(absent, medians[name], column)
            if np.isnan(examples.inputs[name]).any():
                indicators.append(keras.ops.cast(absent, "float32"))
        columns[name] = column
    x = _encoder(examples, medians)(columns)
    if indicators:
        x = keras.layers.Concatenate()([x, *indicators])
    for index in range(depth):
        x = keras.layers.Dense(units, activation="relu", name=f"hidden_{index + 1}")(x)
        if dropout:
            x = keras.layers.Dropout(dropout)(x)
    return keras.Model(inputs, outputs(spec, x), name="tabular")


def _check_categories(examples: Examples, spec: DataSpec) -> None:
    for name in (n for n, s in spec.inputs.items() if s.dtype == "string"):
        for row, text in enumerate(examples.inputs[name]):
            # An entry of the saved vocabulary ends with its line, and NumPy drops what ends with a null character.
            if text.splitlines() != [text] or text.endswith("\0"):
                raise DataError(
                    f"input '{name}': row {row} is {text[:20]!r}; text of one line, and not empty, is right"
                )


def _encoder(examples: Examples, medians: dict[str, float]) -> keras.Model:
    import keras
    import tensorflow as tf

    kinds = keras.utils.FeatureSpace
    filled = {n: np.where(np.isnan(examples.inputs[n]), median, examples.inputs[n]) for n, median in medians.items()}
    features = {
        n: _normalised(filled[n].astype("float64")) if n in medians else kinds.string_categorical()
        for n in examples.inputs
    }
    space = kinds(features, output_mode="concat")
    categories = {n: array for n, array in examples.inputs.items() if n not in medians}
    if categories:
        # As one batch: of rows one by one, each column would take a pass over all columns.
        space.adapt(tf.data.Dataset.from_tensors(categories))
    # Inputs in the order in which a dict of tensors is flattened, or Keras warns each time.
    return keras.Model(dict(sorted(space.get_inputs().items())), space.get_encoded_features(), name="encoder")


def _normalised(values: np.ndarray) -> Any:
    """Returns the feature of a column of numbers; adapted by Keras, 300 columns would take minutes."""
    import keras

    layer = keras.layers.Normalization(axis=None, mean=float(values.mean()), variance=float(values.var()))
    return keras.utils.FeatureSpace.feature("float32", layer, "float")


def _median(values: np.ndarray) -> float:
    present = values[~np.isnan(values)]
    return float(np.median(present)) if len(present) else 0.0
