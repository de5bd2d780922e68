"""Whether the steps of a model are compiled with XLA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

WORTH_COMPILING = 3000
"""The number of steps from which faster steps make up for XLA's compile time.

Both grow with the number of layers: for a dense layer, XLA takes about 0.2 s to compile and saves about 70 µs per step.
"""
WORTH_A_TRIAL = 20000
"""The number of steps from which a timed trial with and without XLA pays off, if the layers do not decide."""
DENSE_LAYERS = (
    keras.layers.InputLayer,
    keras.layers.Rescaling,
    keras.layers.Normalization,
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Concatenate,
    keras.layers.Add,
    keras.layers.Multiply,
    keras.layers.Average,
    keras.layers.Dense,
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.Softmax,
    keras.layers.Dropout,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
)
"""Layers that are known to run faster with XLA on any device."""
LARGE_LAYER = 2**20
"""The number of weights in a layer from which the multiplication itself dominates, which XLA does not speed up."""


@dataclass(frozen=True)
class Compilation:
    """How to compile.

    Attributes:
        jit: Whether XLA compiles the steps; None if only a trial can tell.
        reason: Why.
        final: Whether this holds for the whole training. If not, the choice is made again at the next epoch.
    """

    jit: bool | None
    reason: str
    final: bool = True


def forced_compilation(model: keras.Model, jit_compile: bool | None = None) -> Compilation | None:
    """Returns the user's choice; None if the user left the choice to us.

    Args:
        model: A compiled model. Keras does not record whether it was compiled with `jit_compile="auto"` or `False` on a
            CPU, or with `"auto"` or `True` on a GPU. In these cases the choice is ours.
        jit_compile: Whether to use XLA; None for no preference.
    """
    if model.run_eagerly:
        return Compilation(False, "run_eagerly is set")
    if jit_compile is None and model.jit_compile and not tf.config.list_physical_devices("GPU"):
        jit_compile = True
    return None if jit_compile is None else Compilation(jit_compile, f"jit_compile={jit_compile} is set")


def chosen_compilation(model: keras.Model, batch: Sequence[tf.TensorSpec], steps: int | None) -> Compilation:
    """Chooses by what the model contains and by how long it is trained. Every process makes the same choice.

    Args:
        model: The built model.
        batch: Shapes and dtypes of the tensors of a batch. Text cannot be compiled, and varying lengths would be
            compiled again and again.
        steps: The number of training steps left; None if not yet known.
    """
    if any(spec.dtype == tf.string or spec.shape.rank is None or None in spec.shape[1:] for spec in batch):
        return Compilation(False, "inputs contain text or vary in length")
    layers = _innermost(model)
    convolution = next((layer.name for layer in layers if "conv" in type(layer).__name__.lower()), None)
    if convolution and not tf.config.list_physical_devices("GPU"):
        return Compilation(False, f"convolutions ({convolution}) are slower with XLA on a CPU")
    if steps is None:
        return Compilation(False, "the length of the training is not yet known", final=False)
    if _plain(model, layers):
        if steps < WORTH_COMPILING:
            return Compilation(False, f"fewer than {WORTH_COMPILING} steps are left")
        return Compilation(True, f"the model has only dense layers, and {steps} steps are left")
    if steps < WORTH_A_TRIAL:
        return Compilation(False, f"fewer than {WORTH_A_TRIAL} steps are left for layers that XLA may not suit")
    return Compilation(None, f"{steps} steps are left")


def _plain(model: keras.Model, layers: Sequence[keras.Layer]) -> bool:
    own_step = any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in ("train_step", "compute_loss", "compute_metrics")
    )
    # A layer that is not built by now is never called, such as an optional head or a copy of weights.
    called = [layer for layer in layers if layer.built]
    known = all(type(layer) in DENSE_LAYERS and layer.count_params() < LARGE_LAYER for layer in called)
    return known and not own_step and type(model).__module__.startswith("keras.")


def _innermost(model: Any) -> list[keras.Layer]:
    """Returns the layers of a model and of models nested in it, without the models themselves."""
    return [layer for layer in model._flatten_layers(include_self=False) if not list(layer._flatten_layers(False))]
