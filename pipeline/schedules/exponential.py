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
        initial_learning_rate: Rate at the first step.
        decay_steps: Steps over which the rate is multiplied by `decay_rate` once; None for all steps.
        decay_rate: That factor.
        staircase: Whether the rate drops once every `decay_steps` steps instead of a little at every step.
        training_steps: Steps of the training; None if unknown.

    Raises:
        ConfigError: A length is invalid, or is that of a training whose length is unknown.
    """
    import keras

    if staircase and decay_steps is None:
        raise ConfigError(
            "schedule.staircase: the only drop would come after the last step; set schedule.decay_steps to a number "
            "of steps"
        )
    if decay_steps is not None and decay_steps < 1:
        raise ConfigError(f"schedule.decay_steps: expected 1 or more, or null for all steps, got {decay_steps}")
    steps = known(training_steps, "decay_steps") if decay_steps is None else decay_steps
    return keras.optimizers.schedules.ExponentialDecay(initial_learning_rate, steps, decay_rate, staircase=staircase)
