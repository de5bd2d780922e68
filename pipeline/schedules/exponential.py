"""The exponential schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import ConfigError
from pipeline.schedules.length import known

if TYPE_CHECKING:
    import keras


def exponential(
    initial_learning_rate: float,
    decay_steps: int | None,
    decay_rate: float,
    staircase: bool,
    training_steps: int | None,
) -> keras.optimizers.schedules.ExponentialDecay:
    """Builds Keras' exponential decay.

    Args:
        initial_learning_rate: Rate of the first step.
        decay_steps: Steps after which the rate has been multiplied by `decay_rate` once; None for all.
        decay_rate: That factor.
        staircase: Whether the rate falls at once after each `decay_steps`, rather than a little each step.
        training_steps: Steps of the training; None if nobody knows.

    Raises:
        ConfigError: A length makes no sense, or is that of a training whose length nobody knows.
    """
    import keras

    if staircase and decay_steps is None:
        raise ConfigError(
            "schedule.staircase: its only stair would be after the last step; schedule.decay_steps in steps is right"
        )
    if decay_steps is not None and decay_steps < 1:
        raise ConfigError(f"schedule.decay_steps: {decay_steps} is too small; 1 or more, or null for all, is right")
    steps = known(training_steps, "decay_steps") if decay_steps is None else decay_steps
    return keras.optimizers.schedules.ExponentialDecay(initial_learning_rate, steps, decay_rate, staircase=staircase)
