"""The model of tables: a perceptron and a linear model side by side, over columns that are encoded inside the model."""

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
"""What the hidden layers' units are multiplied by beside the linear model, which is so fitted first."""


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

    Numbers are standardised and, for the perceptron, told by quantile bins too; a missing one is the training median
    and says so in an input of its own. Moments become their elapsed seconds, year, month, day, day of the week and
    hour, as far as these differ, in turn numbers and angles. Of categories, missing ones are like others, and those
    that are rare or unknown one of their own. All of it is saved inside the model.

    Args:
        spec: What the data looks like: inputs of shape `()`, numbers, text or moments.
        examples: The training examples.
        units: Units of each hidden layer.
        depth: Number of hidden layers; 0 leaves the linear model.
        dropout: Share of units dropped after each hidden layer.
        bins: Quantile bins of a column of numbers, fewer for few rows or many columns; 0 for none.
        one_hot: Values of a column of text up to which each has a unit of its own; of more, each has a vector.
        embedding: Numbers in such a vector.
        categories: Values of a column that have a vector of their own; rarer ones share vectors by their hash.
        wide: Whether the outputs see the columns themselves besides the hidden layers.

    Raises:
        ConfigError: An input is no column, or a size makes no sense.
        DataError: A category could not be read back from the saved model.
    """
    import keras

    check_sizes(units, depth)
    _check_encoder(bins=bins, one_hot=one_hot, embedding=embedding, categories=categories)
    for name, given in spec.inputs.items():
        if given.shape != ():
            raise ConfigError(f"model=tabular: input '{name}' has shape {given.shape}; columns are right")
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
        # A layer may not be named by any name that a column may have.
        warnings.filterwarnings("ignore", "When providing `inputs` as a dict")
        return keras.Model(inputs, found, name="tabular")


def _check_encoder(**sizes: int) -> None:
    least = {"bins": 0, "one_hot": 0, "embedding": 1, "categories": 1}
    for name, size in sizes.items():
        if size < least[name]:
            raise ConfigError(f"model.{name}={size}: {least[name]} or more is right")


def _inputs(specs: Mapping[str, InputSpec]) -> dict[str, keras.KerasTensor]:
    """Returns an input for each column, in the order in which a dict of tensors is flattened."""
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
    """Returns a name for a layer that no column has."""
    while name in taken:
        name += "_"
    return name
