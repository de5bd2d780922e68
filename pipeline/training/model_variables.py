"""All variables of a model, those of its optimizers and metrics among them."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


def variables_of(model: keras.Model) -> list[Any]:
    """Returns the variables of a model, its metrics and its optimizers, of which it may have several, each once."""
    attributes = [value for layer in (model, *model._flatten_layers(False)) for value in vars(layer).values()]
    optimizers = [value for value in attributes if isinstance(value, keras.optimizers.Optimizer)]
    found = [*model.variables, *model.metrics_variables]
    found += [variable for optimizer in optimizers for variable in optimizer.variables]
    # A step of the user's own may keep numbers in TensorFlow's variables, which Keras does not track.
    found += [value for value in attributes if isinstance(value, tf.Variable)]
    return list({id(variable): variable for variable in found}.values())
