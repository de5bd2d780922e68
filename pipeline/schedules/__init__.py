"""Schedules: the learning rate over the steps of a training run, scaled to its length."""

from pipeline.schedules.build import with_training_steps

__all__ = ["with_training_steps"]
