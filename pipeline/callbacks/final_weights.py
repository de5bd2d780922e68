"""Which weights a training ended with: those of its last epoch, or of one to which a callback went back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from pipeline.callbacks.roll_back import RollBackOnNaN


@dataclass(frozen=True)
class FinalWeights:
    """The weights that are evaluated and saved.

    Attributes:
        restored_epoch: Number of the epoch, counted from 1, whose weights early stopping put back; None for the last.
        monitor: The metric by which that epoch is the best.
        averaged: Whether they are the optimizer's moving averages.
        roll_backs: How often training went back to a snapshot on its way.
    """

    restored_epoch: int | None = None
    monitor: str | None = None
    averaged: bool = False
    roll_backs: int = 0


def final_weights(model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]) -> FinalWeights:
    """Returns what is known of the weights of a model whose training has ended with these callbacks."""
    roll_backs = sum(callback.times for callback in callbacks if isinstance(callback, RollBackOnNaN))
    restoring = [
        callback
        for callback in callbacks
        if isinstance(callback, keras.callbacks.EarlyStopping)
        and callback.restore_best_weights
        and callback.best_weights is not None
    ]
    if restoring:
        # Each puts back its own when training ends, the last one after the others.
        return FinalWeights(int(restoring[-1].best_epoch) + 1, str(restoring[-1].monitor), roll_backs=roll_backs)
    return FinalWeights(averaged=bool(getattr(model.optimizer, "use_ema", False)), roll_backs=roll_backs)
