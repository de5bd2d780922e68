"""What trackers record of an optimizer: its number of steps and its learning rate."""

from __future__ import annotations

import keras


def steps_made(model: keras.Model | None) -> int:
    """Returns the number of steps that a model's optimizer has made across all epochs; 0 without a Keras optimizer."""
    optimizer = getattr(model, "optimizer", None)
    return int(optimizer.iterations) if isinstance(optimizer, keras.optimizers.Optimizer) else 0


def learning_rate(model: keras.Model) -> dict[str, float]:
    """Returns the current `learning_rate`, also that of a schedule; empty without a Keras optimizer."""
    # The optimizer of mixed precision wraps the real one.
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return {}
    return {"learning_rate": float(keras.ops.convert_to_numpy(optimizer.learning_rate))}
