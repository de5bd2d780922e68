"""All variables of a model, including those of its optimizers and metrics."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


def variables_of(model: keras.Model) -> list[Any]:
    """Returns the variables of a model, its metrics and all of its optimizers, each variable once."""
    attributes = [value for layer in (model, *model._flatten_layers(False)) for value in vars(layer).values()]
    optimizers = [value for value in attributes if isinstance(value, keras.optimizers.Optimizer)]
    found = [*model.variables, *model.metrics_variables]
    found += [variable for optimizer in optimizers for variable in optimizer.variables]
    # A custom step may keep numbers in TensorFlow variables, which Keras does not track.
    found += [value for value in attributes if isinstance(value, tf.Variable)]
    return list({id(variable): variable for variable in found}.values())
