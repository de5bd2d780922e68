"""The model zoo: functions that build a Keras model from the data's spec, and from examples if they need them."""

from pipeline.models.build import build_model

__all__ = ["build_model"]
