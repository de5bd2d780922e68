"""What trackers record of an optimizer: the steps it made and the rate at which it learns."""

from __future__ import annotations

import keras


def steps_made(model: keras.Model | None) -> int:
    """Returns the number of steps that a model's optimizer made through all epochs; 0 if it has none of Keras'."""
    optimizer = getattr(model, "optimizer", None)
    return int(optimizer.iterations) if isinstance(optimizer, keras.optimizers.Optimizer) else 0


def learning_rate(model: keras.Model) -> dict[str, float]:
    """Returns `learning_rate` as it is now, also that of a schedule; nothing if the optimizer is none of Keras'."""
    # That of mixed precision has the real one inside.
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return {}
    return {"learning_rate": float(keras.ops.convert_to_numpy(optimizer.learning_rate))}
