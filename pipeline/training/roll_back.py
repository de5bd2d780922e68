"""The exception that a callback raises to go back to the last snapshot."""

from __future__ import annotations

from typing import Any

from pipeline.errors import ConfigError


class RollBack(Exception):
    """Training should go back to the last good snapshot and continue from it with a lower learning rate.

    A callback that raises it has the attribute `rolls_back = True`, so that there is a snapshot from the beginning.

    Args:
        factor: The learning rate of the snapshot is multiplied by this.
    """

    def __init__(self, factor: float) -> None:
        super().__init__(f"back to the last snapshot, with {factor:g} of its learning rate")
        self.factor = factor


def settable_rate(optimizer: Any) -> float:
    """Returns the learning rate of an optimizer, which has to be one that can be lowered.

    Raises:
        ConfigError: It follows a schedule, or the optimizer has none.
    """
    try:
        rate = float(optimizer.learning_rate)
        # Keras refuses this with a schedule.
        optimizer.learning_rate = rate
    except (AttributeError, TypeError) as error:
        raise ConfigError(
            "callbacks: going back lowers the learning rate, which cannot be set while it follows a schedule; set "
            "schedule=constant"
        ) from error
    return rate
