"""Reads and sets the variables of a model, its metrics and its optimizers. Reading does not wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from pipeline.errors import ConfigError
from pipeline.training.model_variables import variables_of


class ModelState:
    """All variables of a built model, including those of its optimizer and metrics.

    Args:
        model: The model.

    Attributes:
        weights: The indices of variables that do not belong to metrics: weights, optimizer, seeds.
    """

    def __init__(self, model: keras.Model) -> None:
        self._variables = variables_of(model)
        metrics = {id(variable) for variable in model.metrics_variables}
        self.weights = [n for n, variable in enumerate(self._variables) if id(variable) not in metrics]
        self._read = [_tensor_of(variable) for variable in self._variables]

    def read(self) -> list[Any]:
        """Returns the values as tensors, which do not change with the variables."""
        # Calls the operation directly: `read_value` takes several times as long.
        return [tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=variable.dtype) for variable in self._read]

    def write(self, values: Sequence[Any]) -> None:
        """Sets all variables.

        Raises:
            ConfigError: The values belong to another model.
        """
        here = [(tuple(variable.shape), str(variable.dtype)) for variable in self._variables]
        given = [(tuple(value.shape), value.dtype.name) for value in values]
        if here != given:
            raise ConfigError(f"resume: the snapshot is of another model: {_difference(here, given)}")
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)


def _tensor_of(variable: Any) -> tf.Variable:
    """Returns the TensorFlow variable inside a Keras variable."""
    return variable if isinstance(variable, tf.Variable) else variable.value


def _difference(here: Sequence[Any], given: Sequence[Any]) -> str:
    if len(here) != len(given):
        return f"it has {len(given)} variables, this one has {len(here)}"
    number = next(n for n, pair in enumerate(zip(here, given, strict=True)) if pair[0] != pair[1])
    return f"variable {number} has shape {given[number][0]} and dtype {given[number][1]}, here {here[number]}"
