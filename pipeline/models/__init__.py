"""The model zoo: functions that build a Keras model from what the data looks like, and from examples if they ask."""

from pipeline.models.build import build_model

__all__ = ["build_model"]
