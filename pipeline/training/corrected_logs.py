"""What our steps measure otherwise than Keras' own, without a change to the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from pipeline.training.objectives.named_metrics import probabilities_given
from pipeline.training.objectives.output_losses import examples_counted


def with_corrected_logs(model: keras.Model, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Returns a step of a model whose logs are right where those of Keras are not.

    The losses of several outputs are means over examples, as the whole loss is; metrics that were given by name get
    probabilities, not logits.

    Args:
        model: The compiled model.
        step: Its `train_step` or `test_step`, whose logs are a dict, or None for the metrics of the model.
    """

    def measured(batch: Any) -> Any:
        with examples_counted(model), probabilities_given(model):
            logs = step(batch)
        if not (logs is None or isinstance(logs, Mapping) or (isinstance(logs, (list, tuple)) and not logs)):
            name = getattr(step, "__name__", "the step")
            raise TypeError(f"{name}: expected a dict of logs, got a {type(logs).__name__}")
        return logs

    return measured
