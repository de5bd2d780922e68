"""The cosine schedule with warm-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import ConfigError
from pipeline.schedules.length import check_reach, known

if TYPE_CHECKING:
    import keras

WARMUP_SHARE = 0.1


def cosine(
    initial_learning_rate: float,
    warmup_target: float,
    warmup_share: float | None,
    warmup_steps: int | None,
    decay_steps: int | None,
    alpha: float,
    training_steps: int | None,
) -> keras.optimizers.schedules.CosineDecay:
    """Builds Keras' cosine decay so that it ends with the training.

    Args:
        initial_learning_rate: Rate at the first step, if there is a warm-up.
        warmup_target: Rate at the end of the warm-up, where the decay begins.
        warmup_share: The warm-up's share of all steps; a tenth if neither this nor `warmup_steps` is set.
        warmup_steps: The warm-up in steps, instead of a share.
        decay_steps: Steps of the decay; None for all steps after the warm-up.
        alpha: The final rate as a share of `warmup_target`.
        training_steps: Steps of the training; None if unknown.

    Raises:
        ConfigError: A length is invalid, or is a share of a training whose length is unknown.
    """
    import keras

    warmup = _warmup(warmup_share, warmup_steps, training_steps)
    if decay_steps is None:
        decay_steps = known(training_steps, "warmup_steps", "decay_steps") - warmup
        if decay_steps < 1:
            raise ConfigError(
                f"schedule.warmup_steps: {warmup} of the {training_steps} training steps leave none for the decay; use "
                "fewer, or set schedule.warmup_share instead"
            )
    elif decay_steps < 1:
        raise ConfigError(f"schedule.decay_steps: expected 1 or more, or null for all steps, got {decay_steps}")
    else:
        check_reach(warmup + decay_steps, training_steps, f"the learning rate stays at {alpha * warmup_target:g}")
    decay = keras.optimizers.schedules.CosineDecay
    if not warmup:
        return decay(warmup_target, decay_steps, alpha=alpha)
    return decay(initial_learning_rate, decay_steps, alpha=alpha, warmup_target=warmup_target, warmup_steps=warmup)


def _warmup(share: float | None, steps: int | None, training_steps: int | None) -> int:
    if steps is not None:
        if share is not None:
            raise ConfigError(
                f"schedule.warmup_share: {share}, but schedule.warmup_steps is {steps}; set only one of them"
            )
        if steps < 0:
            raise ConfigError(f"schedule.warmup_steps: expected 0 or more, got {steps}")
        return steps
    share = WARMUP_SHARE if share is None else share
    if not 0 <= share < 1:
        raise ConfigError(f"schedule.warmup_share: expected a number from 0 to below 1, got {share}")
    return round(share * known(training_steps, "decay_steps", "warmup_steps")) if share else 0
