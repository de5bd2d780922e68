"""The schedule of a learning rate for each stretch of steps."""

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
        boundaries: Where the rate changes: shares of all steps, below 1, or the last step of a stretch, counted from 0.
        learning_rate: The optimizer's.
        factors: What it is multiplied by in each stretch, one more than boundaries.
        values: The rates themselves, in place of factors of the learning rate.
        training_steps: Steps of the training; None if nobody knows.

    Raises:
        ConfigError: Boundaries do not rise, or are shares of a training whose length nobody knows.
    """
    import keras

    rates = [learning_rate * factor for factor in factors] if values is None else list(values)
    if len(rates) != len(boundaries) + 1:
        key = "factors" if values is None else "values"
        raise ConfigError(
            f"schedule.{key}: {len(rates)} for {len(boundaries)} boundaries; {len(boundaries) + 1} are right"
        )
    steps = [_step(boundary, training_steps) for boundary in boundaries]
    if any(second < first for first, second in pairwise(steps)):
        raise ConfigError(f"schedule.boundaries: {boundaries} do not rise; from the first to the last step is right")
    return keras.optimizers.schedules.PiecewiseConstantDecay(steps, rates)


def _step(boundary: float, training_steps: int | None) -> int:
    """Returns the last step of the stretch before a boundary."""
    if 0 < boundary < 1:
        return round(boundary * known(training_steps, "boundaries")) - 1
    if boundary < 0 or boundary != int(boundary):
        raise ConfigError(f"schedule.boundaries: {boundary} is none; a share below 1, or a whole number, is right")
    return int(boundary)
