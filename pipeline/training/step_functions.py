"""The functions with which a model runs its steps: `train_function`, `test_function` and `predict_function`.

Keras makes them, and a user may replace them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
import tensorflow as tf

from pipeline.training.leftovers import first_run_of

TRAINER = "keras.src.backend.tensorflow.trainer"


def function_of(model: keras.Model, kind: str) -> Any:
    """Returns the function with which a model runs its steps. The model makes it if it does not exist.

    Args:
        model: A compiled model.
        kind: `train`, `test` or `predict`.
    """
    getattr(model, f"make_{kind}_function")()
    return getattr(model, f"{kind}_function")


def is_of_keras(function: Any) -> bool:
    """Whether Keras made a function, so that it only runs the model's step on each batch."""
    code = getattr(function, "python_function", function)
    return getattr(code, "__module__", None) == TRAINER


def run_own(function: Callable[[Any], Any], kind: str, batches: Iterable[Any]) -> Any:
    """Calls a user's own function as Keras calls it, and returns its result.

    Args:
        function: The function.
        kind: See `function_of`. A function to train or test takes a `tf.data` iterator, one to predict takes a list.
        batches: The batches of the call.
    """
    if kind == "predict":
        return function(list(batches))
    first, *others = (tf.data.Dataset.from_tensors(batch) for batch in batches)
    for other in others:
        first = first.concatenate(other)
    return function(iter(first))


def runs_eagerly(model: keras.Model) -> bool:
    """Whether the steps of a model must run without graphs, by its own setting or by TensorFlow's."""
    return bool(model.run_eagerly) or bool(tf.config.functions_run_eagerly())


def cache_of(function: Any) -> dict[Any, Any]:
    """Returns the cache of compiled steps of a model. It is dropped when Keras drops its own compiled function."""
    if not hasattr(function, "compiled_by_pipeline"):
        first_run_of(function)
        function.compiled_by_pipeline = {}
    cache: dict[Any, Any] = function.compiled_by_pipeline
    return cache
