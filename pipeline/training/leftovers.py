"""Frees what TensorFlow keeps of a training after its model is gone.

Two things grow with every model that a process builds and trains, in Keras' own `fit` as well:

- A gradient of `tf.custom_gradient`, which every weight update has, is registered forever and holds the graph in which
  it was made, with everything that the graph holds: see `bound_to_graphs`.
- The kernel that creates a variable is cached under the variable's name, about 30 kB each: see `first_run_of`.
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
"""The number of dead compiled functions from which dropping the kernels of their variables pays off.

Dropping kernels restarts the random numbers of `tf.random` functions that have their own seed, as
`keras.utils.clear_session` does. That is why it is not done for the few models of an ordinary script.
"""
_OF_CUSTOM_GRADIENTS = "CustomGradient-"
_KEPT_ON_GRAPH = "_gradients_kept_by_pipeline"
_registered: dict[str, dict[str, Any]] = ops.gradient_registry._registry


@contextmanager
def bound_to_graphs() -> Iterator[None]:
    """Inside the context, registered gradients live only as long as one of the graphs that they belong to.

    Only a graph looks up its gradients, by their names, so they work as before as long as it exists. That holds for
    other threads too, so nothing needs a lock.
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
    """Returns the graph in which a custom gradient was made and those around it; empty if that is unclear."""
    result = _enclosed(_enclosed(function, "tape_grad_fn"), "result")
    graph = next((leaf.graph for leaf in tf.nest.flatten(result) if hasattr(leaf, "graph")), None)
    graphs = []
    while isinstance(graph, FuncGraph):
        graphs.append(graph)
        graph = graph.outer_graph
    return graphs


def _enclosed(function: Any, name: str) -> Any:
    """Returns a variable that a function has from its enclosing function; None if it has none of that name."""
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    return function.__closure__[names.index(name)].cell_contents if name in names else None


class _Steps:
    """What is known about the compiled steps of models.

    Attributes:
        gone: The number of dead functions whose variables' kernels still exist.
        drawing: The live functions that draw random numbers with stateful kernels.
    """

    gone = 0
    drawing: ClassVar[weakref.WeakSet[Any]] = weakref.WeakSet()

    @classmethod
    def one_is_gone(cls) -> None:
        cls.gone += 1


def first_run_of(function: Callable[..., Any]) -> None:
    """Drops the kernels of dead functions, if there are many, before a function of a model is compiled.

    Args:
        function: The model's function for training, evaluation or prediction. It is counted when it dies in turn.
    """
    if _Steps.gone >= MANY and not _Steps.drawing:
        _Steps.gone = 0
        context.context().clear_kernel_cache()
    weakref.finalize(function, _Steps.one_is_gone).atexit = False


def note_draws(traced: Any) -> None:
    """Prevents dropping kernels while a traced step is alive that would then draw the same random numbers again.

    Keras' random numbers do not come from stateful kernels; those of `tf.random` do.
    """
    graph = traced.graph.as_graph_def()
    nodes = chain(graph.node, *(function.node_def for function in graph.library.function))
    if any("seed" in node.attr and "seed2" in node.attr for node in nodes):
        _Steps.drawing.add(traced)
