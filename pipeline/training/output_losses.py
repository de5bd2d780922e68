"""The losses of several outputs as they are logged: means over examples, as the whole loss is.

Keras weighs each batch by its size only where that is known when a step is traced, which it hardly ever is: with a
short last batch the losses of outputs are then means over batches, and do not add up to the whole.
"""

from __future__ import annotations

from typing import Any

import keras
from keras.src.trainers.compile_utils import CompileLoss

from pipeline.models.names import layer_name


def count_examples(model: keras.Model) -> None:
    """Has a compiled model weigh the logged losses of its outputs by the examples of each batch."""
    losses = getattr(model, "_compile_loss", None)
    if type(losses) is CompileLoss:
        losses.__class__ = _CountingLoss


class _CountingLoss(CompileLoss):  # type: ignore[misc]
    def build(self, y_true: Any, y_pred: Any) -> None:
        super().build(y_true, y_pred)
        for metric, name in zip(self.metrics, self._names, strict=False):
            metric.name = f"{name}_loss"
            metric.__class__ = _MeanOverExamples
            metric.losses = [self]

    def _build_nested(self, y_true: Any, y_pred: Any, loss: Any, output_names: Any, current_path: Any) -> None:
        super()._build_nested(y_true, y_pred, loss, output_names, current_path)
        if not current_path:
            # Each gets a metric of its name, which opens a scope of TensorFlow while it is made.
            self._names = [found.name for found in self._flat_losses]
            self._flat_losses[:] = [found._replace(name=layer_name(found.name)) for found in self._flat_losses]

    def call(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        self._examples = keras.ops.shape(keras.tree.flatten(y_pred)[0])[0]
        try:
            return super().call(y_true, y_pred, sample_weight)
        finally:
            self._examples = None


class _MeanOverExamples(keras.metrics.Mean):  # type: ignore[misc]
    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        weight = self.losses[0]._examples if sample_weight is None else sample_weight
        super().update_state(values, sample_weight=weight)
