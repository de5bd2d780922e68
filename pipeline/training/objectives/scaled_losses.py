"""Losses of targets that the model scales internally: computed on the scaled numbers, whatever the data's unit."""

from __future__ import annotations

from typing import Any

import keras

from pipeline.data.target import LOG, TargetScaling
from pipeline.training.objectives.formed import FormedLoss, as_keras_loss
from pipeline.training.objectives.target_forms import Convert, mask_of, with_mask

LEAST = 1e-6
"""Replaces values that have no logarithm."""


def scaled_loss(loss: Any, name: str, scaling: TargetScaling) -> keras.losses.Loss:
    """Returns a loss that takes target and output in the data's unit and computes the loss of the scaled numbers.

    This way a loss of prices does not dwarf that of another output, a step of plain gradient descent is not too large,
    and a distance such as `delta` of Huber's loss is in standard deviations.

    Args:
        loss: A loss of differences.
        name: Its name in snake case.
        scaling: How the model scales the target.
    """
    return FormedLoss(as_keras_loss(loss, name), _scaled(scaling))


def _scaled(scaling: TargetScaling) -> Convert:
    def scaled(values: Any) -> Any:
        numbers = keras.ops.cast(values, "float32")
        if scaling.method == LOG:
            numbers = keras.ops.log(keras.ops.maximum(numbers + scaling.shift, LEAST))
        deviation, mean = (
            keras.ops.convert_to_tensor(n if len(n) > 1 else n[0], "float32") for n in (scaling.deviation, scaling.mean)
        )
        return (numbers - mean) / deviation

    def convert(truth: Any, predicted: Any, weights: Any) -> tuple[Any, Any, Any]:
        return scaled(truth), with_mask(scaled(predicted), mask_of(predicted)), weights

    return convert
