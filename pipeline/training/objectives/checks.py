"""Tries Keras' losses and metrics on a few made-up rows before training, to see whether they accept the data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras.src.trainers import compile_utils

from pipeline.data.spec import Shape, TargetSpec
from pipeline.errors import one_line
from pipeline.training.objectives.formed import MetricPart
from pipeline.training.objectives.losses import is_of_keras, objective_name


def objective_mistakes(
    key: str, objectives: Mapping[str, Any], targets: Mapping[str, TargetSpec], outputs: Mapping[str, Shape]
) -> list[str]:
    """Returns one line for each loss or metric that refuses its target and output.

    A user's own losses and metrics are not tried, since made-up rows may not suit them.

    Args:
        key: `loss`, `metrics` or `weighted_metrics`.
        objectives: A loss or a list of metrics, by output name.
        targets: The targets of the data. An output without one is skipped.
        outputs: The shape of one example, by output name.
    """
    mistakes = []
    for name, given in objectives.items():
        if name not in targets or None in (*targets[name].shape, *outputs[name]):
            continue
        rows = _rows(targets[name], outputs[name])
        for objective in given if isinstance(given, list) else [given]:
            if isinstance(objective, MetricPart) and not objective.updates:
                continue
            reason = _refusal(key, objective, *rows)
            if reason is not None:
                place = key if len(outputs) == 1 else f"{key}.{name}"
                mistakes.append(
                    f"{place}: {objective_name(objective)} does not accept target '{name}' of shape "
                    f"{targets[name].shape} with an output of shape {outputs[name]}: {reason}"
                )
    return mistakes


def _rows(target: TargetSpec, output: Shape) -> tuple[np.ndarray, np.ndarray]:
    # A number of rows that no other size has, so that mismatched shapes do not fit by chance.
    shapes = [[size or 1 for size in shape] for shape in (target.shape, output)]
    number = next(size for size in range(3, 99) if size not in (*shapes[0], *shapes[1]))
    truth = np.zeros((number, *shapes[0]), target.dtype)
    if target.one_hot:
        truth[..., 0] = 1
    return truth, np.full((number, *shapes[1]), 1 / max(1, *shapes[1][-1:]), "float32")


def _refusal(key: str, objective: Any, truth: np.ndarray, prediction: np.ndarray) -> str | None:
    # Resolved as in `compile`: for some names the result depends on the shapes.
    find = compile_utils.get_loss if key == "loss" else compile_utils.get_metric
    arrays = (keras.ops.convert_to_tensor(truth), keras.ops.convert_to_tensor(prediction))
    try:
        found = find(objective, *arrays)
        if not isinstance(objective, str) and not is_of_keras(getattr(objective, "inner", objective)):
            return None
        found(*arrays)
    except Exception as error:  # noqa: BLE001
        # TensorFlow puts the name of a node before the reason, and that of the operation after it.
        return one_line(re.sub(r"\{\{.*?\}\} | \[Op:.*", "", str(error)))
    if isinstance(found, keras.metrics.Metric):
        found.reset_state()
    return None
