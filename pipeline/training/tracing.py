"""Traces the step of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.ops.resource_variable_ops import default_variable_creator_v2


def compiled_lazily(step: Callable[..., Any]) -> Any:
    """Returns a function that is traced when it is called, without AutoGraph, as in Keras."""
    return tf.function(step, autograph=False, reduce_retracing=True)


def traced(step: Callable[..., Any], specs: Sequence[tf.TensorSpec]) -> Any:
    """Returns a step as a concrete function or, if only a call can trace it, as a function traced when called.

    The latter applies to a step that creates a variable from a value computed from a batch.

    Args:
        step: The step.
        specs: Shapes and dtypes of its arguments.
    """
    created: list[Any] = []

    def creating(*leaves: Any) -> Any:
        with tf.variable_creator_scope(_outside_of_graphs(created)):
            return step(*leaves)

    try:
        function = compiled_lazily(creating).get_concrete_function(*specs)
    except _ComputedOfArguments:
        return compiled_lazily(step)
    # As in TensorFlow: what a step does only once, when it creates variables, is not part of the following steps.
    return compiled_lazily(step).get_concrete_function(*specs) if created else function


def is_traced(function: Any) -> bool:
    """Whether a function is concrete, so that its return values are known."""
    return hasattr(function, "structured_outputs")


class _ComputedOfArguments(Exception):
    """The initial value of a variable is known only when the step is called."""


def _outside_of_graphs(created: list[Any]) -> Callable[..., Any]:
    """Returns a creator for `tf.variable_creator_scope` that creates variables outside of graphs and records them.

    They have their values at once, whatever becomes of the trace.
    """

    def create(next_creator: Callable[..., Any], **arguments: Any) -> Any:
        initial = arguments.get("initial_value")
        if tf.is_tensor(initial) and tf.is_symbolic_tensor(initial):
            if _is_of_arguments(initial):
                raise _ComputedOfArguments
            return next_creator(**arguments)
        try:
            with tf.init_scope():
                # Bypasses the creators of the graph, which `tf.Variable` would call even here.
                variable = default_variable_creator_v2(None, **arguments)
        except (TypeError, ValueError, tf.errors.OpError):
            # A function computes the initial value from tensors of the graph.
            raise _ComputedOfArguments from None
        created.append(variable)
        return variable

    return create


def _is_of_arguments(tensor: Any) -> bool:
    """Whether a tensor of a graph depends on arguments of the graph."""
    left, seen = [tensor.op], set()
    while left:
        operation = left.pop()
        if operation.type == "Placeholder":
            return True
        if operation.name not in seen:
            seen.add(operation.name)
            left += [given.op for given in operation.inputs]
    return False
