"""Compiled blocks: many steps of a model in one call, the loop around them inside the graph.

Calling the public `train_step` and `test_step` keeps every meaning that Keras gives a step; only the loop is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Step = Callable[[Any], Any]
"""`model.train_step` or `model.test_step`: takes (inputs, targets[, weights]), returns logs."""


def resident_block(step: Step, data: Any, *, jit: bool, eager: bool) -> Callable[[Any], Any]:
    """Returns a function that runs steps on data that is resident as tensors.

    Args:
        step: The step.
        data: Tensors of shape (examples, ...), in the structure that the step takes.
        jit: Whether XLA compiles it.
        eager: Whether nothing is compiled, for debugging.

    Returns:
        A function of rows, int32 of shape (steps, batch): the examples of each step.
    """

    def run(rows: Any) -> Any:
        def batch(index: Any) -> Any:
            return tf.nest.map_structure(lambda tensor: tf.gather(tensor, rows[index]), data)

        return _steps(step, batch, tf.shape(rows)[0])

    return run if eager else tf.function(run, [tf.TensorSpec((None, None), "int32")], jit_compile=jit)


def stacked_block(step: Step, signature: Any, *, jit: bool, eager: bool) -> Callable[[Any], Any]:
    """Returns a function that runs steps on batches that are stacked along a new first axis.

    Args:
        step: The step.
        signature: `tf.TensorSpec` of shape (None, None, ...), in the structure that the step takes.
        jit: See `resident_block`.
        eager: See `resident_block`.
    """

    def run(stack: Any) -> Any:
        def batch(index: Any) -> Any:
            return tf.nest.map_structure(lambda tensor: tensor[index], stack)

        return _steps(step, batch, tf.shape(tf.nest.flatten(stack)[0])[0])

    return run if eager else tf.function(run, [signature], jit_compile=jit)


def _steps(step: Step, batch: Callable[[Any], Any], count: Any) -> Any:
    # The first step is outside the loop: it makes the variables of metrics and optimizer, and tells the logs.
    logs = step(batch(0))
    for index in tf.range(1, count):
        logs = step(batch(index))
    return logs
