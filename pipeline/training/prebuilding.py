"""Creates before tracing what a first step would create.

TensorFlow traces a function a second time if its first trace created variables
(https://www.tensorflow.org/guide/function#creating_tfvariables), which takes as long again.
"""

from __future__ import annotations

from typing import Any

import keras
from keras.src.models.functional import Functional


def prebuild(model: keras.Model, kind: str, batch: Any) -> None:
    """Creates the variables of losses, optimizer and metrics, if they are certain to be those of a first step.

    That is certain for a built model whose steps are Keras' own. For any other model, the first step creates them.

    Args:
        model: A compiled model.
        kind: `train`, `test` or `predict`.
        batch: Shapes and dtypes of a batch as its steps take it: `(inputs, targets[, sample weights])`.
    """
    if kind == "predict" or not _tells_its_outputs(model) or not _is_of_keras(model, kind):
        return
    targets = _symbolic(batch[1]) if isinstance(batch, tuple) and len(batch) > 1 else None
    if targets is None:
        return
    outputs = _symbolic(model.outputs[0] if isinstance(model, keras.Sequential) else model.output)
    losses = model._compile_loss
    # The scope in which variables are created is part of their names.
    with keras.name_scope(getattr(losses, "name", "losses")):
        if not _built(losses, targets, outputs):
            return
    optimizer = model.optimizer
    if kind == "train" and isinstance(optimizer, keras.optimizers.Optimizer) and not optimizer.built:
        with keras.name_scope(optimizer.name, caller=optimizer):
            optimizer.build(model.trainable_variables)
    _built(model._compile_metrics, targets, outputs)


def _tells_its_outputs(model: keras.Model) -> bool:
    functional = isinstance(model, (Functional, keras.Sequential))
    return functional and model.built and all(layer.built for layer in model._flatten_layers())


def _is_of_keras(model: keras.Model, kind: str) -> bool:
    steps = (f"{kind}_step", "call", "compute_loss", "compute_metrics")
    functional = keras.Sequential if isinstance(model, keras.Sequential) else Functional
    return all(getattr(type(model), name) in (getattr(functional, name), getattr(keras.Model, name)) for name in steps)


def _built(part: Any, targets: Any, outputs: Any) -> bool:
    """Builds losses or metrics, and returns whether it worked. The step reports any errors in them."""
    if part is None or part.built:
        return True
    try:
        part.build(targets, outputs)
    except Exception:  # noqa: BLE001
        return False
    return True


def _symbolic(values: Any) -> Any:
    return keras.tree.map_structure(
        lambda value: None if value is None else keras.KerasTensor(tuple(value.shape), _dtype(value)), values
    )


def _dtype(value: Any) -> str:
    return value.dtype if isinstance(value.dtype, str) else value.dtype.name
