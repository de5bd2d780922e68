"""A Hydra-composed training and evaluation pipeline for Keras 3 on TensorFlow.

`pipeline.fit(model, ...)`, `pipeline.evaluate` and `pipeline.predict` are its core as functions for scripts. They have
the arguments and the meaning of the methods of `keras.Model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.training.keras_api import evaluate, fit, predict

__all__ = ["evaluate", "fit", "predict"]


def __getattr__(name: str) -> Any:
    # Imported on demand: they need TensorFlow, but the command line answers before it is imported.
    if name not in __all__:
        raise AttributeError(f"module 'pipeline' has no attribute '{name}'")
    from pipeline.training import keras_api

    return getattr(keras_api, name)
