"""Corrects logged values that Keras' own steps get wrong, without changing the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from pipeline.errors import with_article
from pipeline.training.objectives.named_metrics import probabilities_given
from pipeline.training.objectives.output_losses import examples_counted


def with_corrected_logs(model: keras.Model, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Returns a step of a model whose logs are correct where those of Keras are not.

    The losses of several outputs are means over examples, like the total loss. Metrics that were given by name get
    probabilities instead of logits.

    Args:
        model: The compiled model.
        step: Its `train_step` or `test_step`. Its logs are a dict, or None for the model's metrics.
    """

    def measured(batch: Any) -> Any:
        with examples_counted(model), probabilities_given(model):
            logs = step(batch)
        if not (logs is None or isinstance(logs, Mapping) or (isinstance(logs, (list, tuple)) and not logs)):
            name = getattr(step, "__name__", "the step")
            raise TypeError(f"{name}: expected a dict of logs, got {with_article(logs)}")
        return logs

    return measured
