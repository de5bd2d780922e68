"""How gradients become updates: accumulated, clipped and averaged by the trainer's settings, with any optimizer."""

from __future__ import annotations

from typing import Any

import keras

from pipeline.config.schema import TrainerConfig
from pipeline.errors import ConfigError

CLIPPING = ("clipnorm", "global_clipnorm", "clipvalue")
OF_AVERAGE = ("ema_momentum", "ema_overwrite_frequency")


def set_updates(optimizer: keras.optimizers.Optimizer, trainer: TrainerConfig) -> None:
    """Gives an optimizer the trainer's settings for accumulation, clipping and moving averages.

    Settings that the optimizer already has from its constructor stay if the trainer does not set them.

    Args:
        optimizer: Any Keras optimizer that is not yet built. A loss scale optimizer passes them to its inner one.
        trainer: The settings.

    Raises:
        ConfigError: The optimizer cannot take the settings, or has conflicting ones.
    """
    wanted = _wanted(trainer)
    if not wanted:
        return
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        set_updates(optimizer.inner_optimizer, trainer)
        return
    first, kind = next(iter(wanted)), type(optimizer).__name__
    if isinstance(optimizer, keras.optimizers.MultiOptimizer):
        raise ConfigError(f"trainer.{first}: {kind} does not take it; give it to each of its inner optimizers instead")
    if optimizer.built:
        raise ConfigError(f"trainer.{first}: expected a new optimizer, got one whose variables exist already")
    averages = optimizer.use_ema
    for name, value in wanted.items():
        own = getattr(optimizer, name)
        is_set = averages if name == "ema_momentum" else own
        if is_set and own != value:
            raise ConfigError(f"trainer.{name}: {value}, but the optimizer already has {own}; remove one of the two")
        setattr(optimizer, name, value)
    clipping = [name for name in CLIPPING if getattr(optimizer, name) is not None]
    if len(clipping) > 1:
        raise ConfigError(f"trainer.{first}: the optimizer has {' and '.join(clipping)}; remove all but one")


def _wanted(trainer: TrainerConfig) -> dict[str, Any]:
    """Returns the settings that have a value, by their names in Keras' optimizers."""
    wanted: dict[str, Any] = {name: value for name in CLIPPING if (value := getattr(trainer, name)) is not None}
    if (trainer.gradient_accumulation_steps or 1) > 1:
        wanted["gradient_accumulation_steps"] = trainer.gradient_accumulation_steps
    if trainer.use_ema:
        wanted |= {"use_ema": True, **{name: getattr(trainer, name) for name in OF_AVERAGE}}
    return wanted
