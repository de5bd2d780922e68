"""Loaders: the form in which the batches of a split reach training."""

from pipeline.data.loaders.loader import Loader

__all__ = ["Loader"]
