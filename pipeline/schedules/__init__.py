"""Schedules: the learning rate over the steps of a training, as long as that is."""

from pipeline.schedules.build import with_training_steps

__all__ = ["with_training_steps"]
