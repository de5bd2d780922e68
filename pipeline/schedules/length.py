"""Lengths of schedules: numbers of steps, or shares of the training."""

from __future__ import annotations

import logging

from pipeline.errors import ConfigError

log = logging.getLogger(__name__)


def known(training_steps: int | None, *keys: str) -> int:
    """Returns the steps of the training.

    Args:
        training_steps: Those steps; None if nobody knows.
        *keys: Arguments of the schedule that are to be set where nobody knows.

    Raises:
        ConfigError: Nobody knows them, or there are none.
    """
    if training_steps is None:
        instead = " and ".join(f"schedule.{key}" for key in keys)
        raise ConfigError(
            f"schedule.{keys[-1]}: nobody knows the length of an epoch; trainer.steps_per_epoch, or {instead} in "
            "steps, is right"
        )
    if training_steps < 1:
        raise ConfigError("schedule: there are no steps to train; trainer.epochs above trainer.initial_epoch is right")
    return training_steps


def check_reach(end: int, training_steps: int | None, what: str) -> None:
    """Warns where a length that was set in steps is not that of the training."""
    if training_steps is not None and end < training_steps:
        log.warning("schedule: %s after step %d of %d", what, end, training_steps)
