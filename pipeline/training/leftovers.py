"""What TensorFlow keeps of a training whose model is gone, and how it is made to let go of it.

Two things grow with every model that a process builds and trains, in Keras' own `fit` as well:

- A gradient of `tf.custom_gradient`, as each update of weights has one, is registered for good, and holds the graph
  that it was made in, with all that the graph holds: see `bound_to_graphs`.
- The kernel that makes a variable is kept under the variable's name, about 30 kB each: see `first_run_of`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, ClassVar

import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops
from tensorflow.python.framework.func_graph import FuncGraph

MANY = 16
"""Compiled functions that are gone from which the kernels of their variables are worth to be dropped.

To drop kernels has random numbers that are drawn by `tf.random` functions with a seed of their own start anew, as
`keras.utils.clear_session` does; so it is not done for the few models of an ordinary script.
"""
_OF_CUSTOM_GRADIENTS = "CustomGradient-"
_KEPT_ON_GRAPH = "_gradients_kept_by_pipeline"
_registered: dict[str, dict[str, Any]] = ops.gradient_registry._registry


@contextmanager
def bound_to_graphs() -> Iterator[None]:
    """Has the gradients that are registered meanwhile live as long as one of the graphs that they are of.

    Only a graph asks for its gradients, by their names: they are as good as before for as long as it is there. That
    holds for other threads too, so that nothing is locked.
    """
    newest = next(reversed(_registered))
    known = set(_registered)
    try:
        yield
    finally:
        if next(reversed(_registered)) != newest:
            for name in set(_registered) - known:
                if name.startswith(_OF_CUSTOM_GRADIENTS):
                    _bind(name)


class _Bound:
    """A registered gradient that does not hold the function it calls."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self._function = weakref.ref(function, lambda _: _registered.pop(name, None))

    def __call__(self, operation: Any, *gradients: Any) -> Any:
        function = self._function()
        assert function is not None, "its graph is alive, as an operation of it asks"
        return function(operation, *gradients)


def _bind(name: str) -> None:
    entry = _registered.get(name)
    if entry is None:
        return
    function = entry["type"]
    graphs = _graphs_of(function)
    for graph in graphs:
        setattr(graph, _KEPT_ON_GRAPH, [*getattr(graph, _KEPT_ON_GRAPH, []), function])
    if graphs:
        entry["type"] = _Bound(name, function)


def _graphs_of(function: Any) -> list[FuncGraph]:
    """Returns the graph in which a custom gradient was made, and those around it; nothing where that is not clear."""
    result = _enclosed(_enclosed(function, "tape_grad_fn"), "result")
    graph = next((leaf.graph for leaf in tf.nest.flatten(result) if hasattr(leaf, "graph")), None)
    graphs = []
    while isinstance(graph, FuncGraph):
        graphs.append(graph)
        graph = graph.outer_graph
    return graphs


def _enclosed(function: Any, name: str) -> Any:
    """Returns a variable that a function has from the function around it; None where it has none of that name."""
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    return function.__closure__[names.index(name)].cell_contents if name in names else None


class _Steps:
    """What is known of the compiled steps of models.

    Attributes:
        gone: How many of them are gone whose variables' kernels are still there.
        drawing: Those that draw random numbers by kernels with a state.
    """

    gone = 0
    drawing: ClassVar[weakref.WeakSet[Any]] = weakref.WeakSet()

    @classmethod
    def one_is_gone(cls) -> None:
        cls.gone += 1


def first_run_of(function: Callable[..., Any]) -> None:
    """Drops the kernels of what is gone, if that is much, before a function of a model is compiled.

    Args:
        function: The model's function for training, evaluation or prediction; counted when it is gone in turn.
    """
    if _Steps.gone >= MANY and not _Steps.drawing:
        _Steps.gone = 0
        context.context().clear_kernel_cache()
    weakref.finalize(function, _Steps.one_is_gone).atexit = False


def note_draws(traced: Any) -> None:
    """Has no kernels be dropped while a traced step is alive that would then draw the same random numbers again.

    What Keras draws does not come from kernels with a state, what `tf.random` draws does.
    """
    graph = traced.graph.as_graph_def()
    nodes = chain(graph.node, *(function.node_def for function in graph.library.function))
    if any("seed" in node.attr and "seed2" in node.attr for node in nodes):
        _Steps.drawing.add(traced)
