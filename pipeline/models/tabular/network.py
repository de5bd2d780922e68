"""The model for tables: a perceptron and a linear model side by side, over columns that it encodes itself."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec, InputSpec
from pipeline.errors import ConfigError
from pipeline.models.heads import check_sizes, outputs
from pipeline.models.names import layer_name
from pipeline.models.tabular.encoding import dtype_of, encoder

if TYPE_CHECKING:
    import keras

LATER = 0.1
"""Factor on the hidden layers' units beside the linear model, so that the linear model is fitted first."""


def tabular(
    spec: DataSpec,
    examples: Examples,
    units: int,
    depth: int,
    dropout: float,
    bins: int = 16,
    one_hot: int = 32,
    embedding: int = 16,
    categories: int = 10000,
    wide: bool = True,
) -> keras.Model:
    """Builds a perceptron over encoded columns, with a linear model beside it.

    Numbers are standardised and, for the perceptron, also encoded by quantile bins. A missing number becomes the
    training median, and a separate feature marks it as missing. Times become elapsed seconds, year, month, day, day of
    the week and hour, as far as these differ, as numbers and angles. A missing category is a category like any other;
    rare and unknown ones share one. The whole encoding is saved inside the model.

    Args:
        spec: The data's spec, with inputs of shape `()`: numbers, text or times.
        examples: The training examples.
        units: Units of each hidden layer.
        depth: Number of hidden layers; 0 leaves only the linear model.
        dropout: Share of units dropped after each hidden layer.
        bins: Quantile bins per column of numbers, fewer for few rows or many columns; 0 for none.
        one_hot: Columns of text with at most this number of values get one unit per value, others one vector per value.
        embedding: Length of such a vector.
        categories: Values of a column that get their own vector; rarer ones share vectors by hash.
        wide: Whether the outputs see the encoded columns directly, besides the hidden layers.

    Raises:
        ConfigError: An input is not a column, or a size is invalid.
        DataError: A category could not be read back from the saved model.
    """
    import keras

    check_sizes(units, depth)
    _check_encoder(bins=bins, one_hot=one_hot, embedding=embedding, categories=categories)
    for name, given in spec.inputs.items():
        if given.shape != ():
            raise ConfigError(f"model=tabular: expected columns as inputs, got input '{name}' of shape {given.shape}")
    inputs = _inputs(spec.inputs)
    encode = encoder(
        spec.inputs, examples.inputs, bins=bins, one_hot=one_hot, embedding=embedding, categories=categories
    )
    encode.name = _free("encoder", taken := {layer_name(name) for name in (*spec.inputs, *spec.targets)})
    deep, linear = encode(list(inputs.values()))
    x = _hidden(deep, units, depth, dropout, taken) if depth else linear
    if wide and depth:
        x = keras.layers.Rescaling(LATER, name=_free("deep", taken))(x)
        x = keras.layers.Concatenate(name=_free("wide_and_deep", taken))([linear, x])
    found = outputs(spec, x)
    with warnings.catch_warnings():
        # Not every column name is a valid layer name.
        warnings.filterwarnings("ignore", "When providing `inputs` as a dict")
        return keras.Model(inputs, found, name="tabular")


def _check_encoder(**sizes: int) -> None:
    least = {"bins": 0, "one_hot": 0, "embedding": 1, "categories": 1}
    for name, size in sizes.items():
        if size < least[name]:
            raise ConfigError(f"model.{name}: expected {least[name]} or more, got {size}")


def _inputs(specs: Mapping[str, InputSpec]) -> dict[str, keras.KerasTensor]:
    """Returns one input per column, in the order in which a dict of tensors is flattened."""
    import keras

    return {name: keras.Input((), dtype=dtype_of(specs[name]), name=layer_name(name)) for name in sorted(specs)}


def _hidden(x: keras.KerasTensor, units: int, depth: int, dropout: float, taken: Collection[str]) -> keras.KerasTensor:
    import keras

    for index in range(1, depth + 1):
        x = keras.layers.Dense(units, activation="relu", name=_free(f"hidden_{index}", taken))(x)
        if dropout:
            x = keras.layers.Dropout(dropout, name=_free(f"dropout_{index}", taken))(x)
    return x


def _free(name: str, taken: Collection[str]) -> str:
    """Returns a name for a layer that differs from every column's."""
    while name in taken:
        name += "_"
    return name
