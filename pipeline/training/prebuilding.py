"""What a first step would make, made before the step is traced.

TensorFlow traces a function a second time if its first trace made variables
(https://www.tensorflow.org/guide/function#creating_tfvariables), which takes as long again.
"""

from __future__ import annotations

from typing import Any

import keras
from keras.src.models.functional import Functional


def prebuild(model: keras.Model, kind: str, batch: Any) -> None:
    """Makes the variables of losses, optimizer and metrics, where they are sure to be those that a first step makes.

    That is so for a model that is built and whose steps are Keras' own; of any other one, the first step makes them.

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
    # Variables are called by the scope in which they are made.
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
    """Builds losses or metrics; returns whether they are built. What is wrong with them, the step tells."""
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
