"""The schedule with one learning rate per range of steps."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError
from pipeline.schedules.length import known

if TYPE_CHECKING:
    import keras


def piecewise(
    boundaries: list[float],
    learning_rate: float,
    factors: list[float],
    values: list[float] | None,
    training_steps: int | None,
) -> keras.optimizers.schedules.PiecewiseConstantDecay:
    """Builds Keras' piecewise constant decay.

    Args:
        boundaries: Where the rate changes: shares of all steps, below 1, or the last step of a range, counted from 0.
        learning_rate: The optimizer's learning rate.
        factors: What it is multiplied by in each range; one more than boundaries.
        values: The rates themselves, instead of factors.
        training_steps: Steps of the training; None if unknown.

    Raises:
        ConfigError: Boundaries do not increase, or are shares of a training whose length is unknown.
    """
    import keras

    rates = [learning_rate * factor for factor in factors] if values is None else list(values)
    if len(rates) != len(boundaries) + 1:
        key = "factors" if values is None else "values"
        raise ConfigError(
            f"schedule.{key}: expected {len(boundaries) + 1} for {len(boundaries)} boundaries, got {len(rates)}"
        )
    steps = [_step(boundary, training_steps) for boundary in boundaries]
    if any(second < first for first, second in pairwise(steps)):
        raise ConfigError(f"schedule.boundaries: expected increasing steps, got {boundaries}")
    return keras.optimizers.schedules.PiecewiseConstantDecay(steps, rates)


def _step(boundary: float, training_steps: int | None) -> int:
    """Returns the last step of the range before a boundary."""
    if 0 < boundary < 1:
        return round(boundary * known(training_steps, "boundaries")) - 1
    if boundary < 0 or boundary != int(boundary):
        raise ConfigError(f"schedule.boundaries: expected a share below 1 or a whole number of steps, got {boundary}")
    return int(boundary)
