"""The logged losses of several outputs: means over examples, like the total loss.

Keras weights each batch by its size only if the size is known when a step is traced, which is rare. With a short last
batch, the losses of outputs are then means over batches and do not add up to the total.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import keras
import tensorflow as tf
from keras.src.trainers.compile_utils import CompileLoss

from pipeline.models.names import layer_name


def name_losses(model: keras.Model) -> None:
    """Lets a compiled model log the losses of outputs whose names TensorFlow does not accept."""
    losses = getattr(model, "_compile_loss", None)
    if type(losses) is CompileLoss:
        losses.__class__ = _NamedLosses


@contextmanager
def examples_counted(model: keras.Model) -> Iterator[None]:
    """Inside the context, a compiled model weights the losses of its outputs by the number of examples per batch.

    Afterwards the model is as before, so that its own methods behave as in Keras.
    """
    losses = getattr(model, "_compile_loss", None)
    if not isinstance(losses, CompileLoss) or isinstance(losses, _Counting):
        yield
        return
    kind: Any = type(losses)
    losses.__class__ = _counting(kind)
    try:
        yield
    finally:
        losses.__class__ = kind


class _NamedLosses(CompileLoss):  # type: ignore[misc]
    def build(self, y_true: Any, y_pred: Any) -> None:
        super().build(y_true, y_pred)
        for metric, name in zip(self._metrics, self._names, strict=False):
            metric.name = f"{name}_loss"

    def _build_nested(self, y_true: Any, y_pred: Any, loss: Any, output_names: Any, current_path: Any) -> None:
        super()._build_nested(y_true, y_pred, loss, output_names, current_path)
        if not current_path:
            # Each output gets a metric of its name, which opens a TensorFlow scope while it is created.
            self._names = [found.name for found in self._flat_losses]
            self._flat_losses[:] = [found._replace(name=layer_name(found.name)) for found in self._flat_losses]


class _Counting:
    """A mixin for losses whose metrics count examples."""

    _metrics: list[Any]
    _examples: Any = None

    @property
    def metrics(self) -> list[Any]:
        if self._examples is None:
            return self._metrics
        return [_Counted(metric, self._examples) for metric in self._metrics]

    def call(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        self._examples = _examples(keras.tree.flatten(y_pred)[0])
        try:
            return super().call(y_true, y_pred, sample_weight)  # type: ignore[misc]
        finally:
            del self._examples


class _Counted:
    """A mean that weights by examples where Keras does not."""

    def __init__(self, mean: keras.metrics.Mean, examples: Any) -> None:
        self._mean, self._examples = mean, examples

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        self._mean.update_state(values, sample_weight=self._examples if sample_weight is None else sample_weight)


@cache
def _counting(kind: Hashable) -> type:
    return type("Counting", (_Counting, kind), {})  # type: ignore[arg-type]


def _examples(output: Any) -> Any:
    """Returns the number of examples of a batch; None if the output does not show it."""
    if isinstance(output, tf.RaggedTensor):
        return output.nrows()
    if output is None or not len(output.shape):
        return None
    return keras.ops.shape(output)[0]
