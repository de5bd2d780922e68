"""The weights that training ended with: those of its last epoch, or those that a callback restored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from pipeline.callbacks.roll_back import RollBackOnNaN


@dataclass(frozen=True)
class FinalWeights:
    """The weights that are evaluated and saved.

    Attributes:
        restored_epoch: The epoch, counted from 1, whose weights early stopping restored; None for the last epoch.
        monitor: The metric by which that epoch is the best.
        averaged: Whether the weights are the optimizer's moving averages.
        roll_backs: How often training went back to a snapshot.
    """

    restored_epoch: int | None = None
    monitor: str | None = None
    averaged: bool = False
    roll_backs: int = 0

    def ending(self, epoch: int, epochs: int) -> str | None:
        """Returns a line on how training ended; None if it trained all epochs and kept the weights of the last one.

        Args:
            epoch: The last epoch, counted from 1.
            epochs: The number of epochs that were asked for.
        """
        stopped = f"stopped after epoch {epoch} of {epochs}" if epoch < epochs else None
        restored = (
            self.restored_epoch
            and f"the weights are those of epoch {self.restored_epoch}, with the best {self.monitor}"
        )
        return "; ".join(part for part in (stopped, restored) if part) or None


def final_weights(model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]) -> FinalWeights:
    """Returns which weights a model has after a training with these callbacks."""
    roll_backs = sum(callback.times for callback in callbacks if isinstance(callback, RollBackOnNaN))
    restoring = [
        callback
        for callback in callbacks
        if isinstance(callback, keras.callbacks.EarlyStopping)
        and callback.restore_best_weights
        and callback.best_weights is not None
    ]
    if restoring:
        # Each of these callbacks restores its own weights when training ends, so the last one wins.
        return FinalWeights(int(restoring[-1].best_epoch) + 1, str(restoring[-1].monitor), roll_backs=roll_backs)
    return FinalWeights(averaged=bool(getattr(model.optimizer, "use_ema", False)), roll_backs=roll_backs)
