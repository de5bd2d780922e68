"""A Hydra-composed training and evaluation pipeline for Keras 3 on TensorFlow.

`pipeline.fit(model, ...)`, `pipeline.evaluate` and `pipeline.predict` are the functions at its heart, for scripts: they
take the arguments of the methods of `keras.Model` and mean the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.training.keras_api import evaluate, fit, predict

__all__ = ["evaluate", "fit", "predict"]


def __getattr__(name: str) -> Any:
    # The command line is answered before TensorFlow is imported, which these need.
    if name not in __all__:
        raise AttributeError(f"module 'pipeline' has no attribute '{name}'")
    from pipeline.training import keras_api

    return getattr(keras_api, name)
