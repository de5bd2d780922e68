"""The cosine schedule with a warm-up."""

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
    """Builds Keras' cosine decay, which ends where the training does.

    Args:
        initial_learning_rate: Rate of the first step, if there is a warm-up.
        warmup_target: Rate at the end of the warm-up, with which the decay begins.
        warmup_share: The warm-up's share of all steps; a tenth where neither this nor `warmup_steps` is set.
        warmup_steps: The warm-up in steps, in place of a share.
        decay_steps: Steps of the decay; None for all that are left after the warm-up.
        alpha: Share of the rate that is left at the end.
        training_steps: Steps of the training; None if nobody knows.

    Raises:
        ConfigError: A length makes no sense, or is a share of a training whose length nobody knows.
    """
    import keras

    warmup = _warmup(warmup_share, warmup_steps, training_steps)
    if decay_steps is None:
        decay_steps = known(training_steps, "warmup_steps", "decay_steps") - warmup
        if decay_steps < 1:
            raise ConfigError(
                f"schedule.warmup_steps: the training has {training_steps} steps, so {warmup} of warm-up leave none "
                "to decay; fewer, or a share of them by schedule.warmup_share, is right"
            )
    elif decay_steps < 1:
        raise ConfigError(f"schedule.decay_steps: {decay_steps} is too small; 1 or more, or null for all, is right")
    else:
        check_reach(warmup + decay_steps, training_steps, f"the learning rate stays at {alpha * warmup_target:g}")
    decay = keras.optimizers.schedules.CosineDecay
    if not warmup:
        return decay(warmup_target, decay_steps, alpha=alpha)
    return decay(initial_learning_rate, decay_steps, alpha=alpha, warmup_target=warmup_target, warmup_steps=warmup)


def _warmup(share: float | None, steps: int | None, training_steps: int | None) -> int:
    if steps is not None:
        if share is not None:
            raise ConfigError(f"schedule.warmup_share: {share}, and warmup_steps is {steps}; one of the two is right")
        if steps < 0:
            raise ConfigError(f"schedule.warmup_steps: {steps} is too small; 0 or more is right")
        return steps
    share = WARMUP_SHARE if share is None else share
    if not 0 <= share < 1:
        raise ConfigError(f"schedule.warmup_share: {share} is no share; 0 or more, below 1, is right")
    return round(share * known(training_steps, "decay_steps", "warmup_steps")) if share else 0
