"""Checks of lengths, not the lengths: whether a training's is known, and whether a schedule ends before it."""

from __future__ import annotations

import logging

from pipeline.errors import ConfigError

log = logging.getLogger(__name__)


def known(training_steps: int | None, *keys: str) -> int:
    """Returns the number of training steps.

    Args:
        training_steps: That number; None if unknown.
        *keys: Arguments of the schedule that the user has to set if it is unknown.

    Raises:
        ConfigError: It is unknown, or zero.
    """
    if training_steps is None:
        instead = " and ".join(f"schedule.{key}" for key in keys)
        raise ConfigError(
            f"schedule.{keys[-1]}: the length of an epoch is unknown; set trainer.steps_per_epoch, or set {instead} "
            "in steps"
        )
    if training_steps < 1:
        raise ConfigError("schedule: there are no steps to train; set trainer.epochs above trainer.initial_epoch")
    return training_steps


def check_reach(end: int, training_steps: int | None, what: str) -> None:
    """Warns if a length that was set in steps ends before the training does."""
    if training_steps is not None and end < training_steps:
        log.warning("schedule: %s after step %d of %d", what, end, training_steps)
