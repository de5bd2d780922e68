"""The stage that tells the configured schedule how many steps training has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pipeline.config import components
from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.batches import Batches
from pipeline.schedules.length import known

LENGTH = "decay_steps"
"""The name that Keras' schedules give to their length."""


def with_training_steps(config: PipelineConfig, batches: Callable[[], Batches]) -> PipelineConfig:
    """Returns a config whose schedule knows how many steps training has.

    A target with an argument `training_steps` receives it, None if it is unknown. A Keras schedule whose `decay_steps`
    is null decays over all steps after its `warmup_steps`. A resumed run counts the steps of all its epochs.

    Args:
        config: The config.
        batches: Returns the training batches.

    Raises:
        ConfigError: A Keras schedule needs a length that is unknown.
    """
    node = config.schedule
    if node is None:
        return config
    if components.takes(node["_target_"], "training_steps"):
        steps = training_steps(batches(), config.trainer)
        return replace(config, schedule={"training_steps": steps, **node})
    if LENGTH in node and node[LENGTH] is None:
        steps = known(training_steps(batches(), config.trainer), LENGTH)
        return replace(config, schedule={**node, LENGTH: max(1, steps - _warmup(node))})
    return config


def training_steps(batches: Batches, trainer: TrainerConfig) -> int | None:
    """Returns the number of steps of the whole training, one per batch, as a schedule counts them; None if unknown."""
    epoch = trainer.steps_per_epoch or batches.steps
    return None if epoch is None else epoch * max(0, trainer.epochs - trainer.initial_epoch)


def _warmup(node: Mapping[str, Any]) -> int:
    return int(node.get("warmup_steps") or 0)
