"""TensorFlow without what takes time and changes no value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


@contextmanager
def unoptimized() -> Iterator[None]:
    """TensorFlow does not optimize graphs meanwhile, which takes longer than to run those of small models."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
