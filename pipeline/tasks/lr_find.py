"""The task that finds a learning rate for the user's model and data."""

from __future__ import annotations

import logging
from dataclasses import replace

from pipeline.callbacks.lr_finder import LearningRateFinder
from pipeline.config.schema import PipelineConfig
from pipeline.data.stage import build_loader
from pipeline.errors import ConfigError
from pipeline.models import build_model
from pipeline.run.contents import holds
from pipeline.run.folder import Run
from pipeline.tasks.loading import weighed_splits_of
from pipeline.training import compile_model, fit

log = logging.getLogger(__name__)
PLOT, TABLE = holds("lr_find.html", "the loss over the learning rate"), holds("lr_find.csv", "one row per step")


def lr_find(config: PipelineConfig, run: Run, lowest: float, highest: float, steps: int) -> float:
    """Raises the learning rate step by step and writes `lr_find.csv` and `lr_find.html`. The model is not kept.

    Args:
        config: The config of the training. Its schedule is ignored.
        run: The folder of the test.
        lowest: The rate of the first step.
        highest: The rate of the last step, which is not reached if the loss diverges.
        steps: The number of steps.

    Returns:
        The rate at which the loss falls most steeply.
    """
    if not 0 < lowest < highest:
        raise ConfigError(f"task.lowest: expected a number between 0 and task.highest={highest}, got {lowest}")
    if steps < 10:
        raise ConfigError(f"task.steps: expected 10 or more, got {steps}")
    trainer = replace(
        config.trainer,
        epochs=1,
        initial_epoch=0,
        steps_per_epoch=steps,
        steps_per_execution=1,
        verbose=0,
        validation_interval=None,
        validation_seconds=None,
        validation_fractions=[],
    )
    with run.stage("data"):
        splits = weighed_splits_of(config)
        batches = build_loader(config.loader).batches(splits.train, seed=config.seed, training=True)
    with run.stage("model"):
        built = build_model(config.model, splits.train)
        model = compile_model(built, replace(config, schedule=None, trainer=trainer), splits.train.spec)
    with run.stage("range test"):
        finder = LearningRateFinder(lowest, highest, steps)
        fit(model, batches, None, trainer, [finder])
    finder.write_table(run.folder / TABLE)
    finder.write_plot(run.folder / PLOT)
    rate = finder.suggestion()
    if rate is None:
        raise ConfigError(f"task: the loss fell at no rate from {lowest:g} to {finder.rates[-1]:g}; try other rates")
    run.record(learning_rate=rate)
    end = f"diverged at {finder.rates[-1]:.2g}" if finder.diverged else f"did not diverge up to {highest:g}"
    log.info("suggested learning rate: %.2g, where the loss falls most steeply; it %s", rate, end)
    log.info("to train with it: optimizer.learning_rate=%.2g", rate)
    return rate
