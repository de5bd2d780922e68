"""The loops of evaluation and prediction, and what a pass over a feed measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import keras

from pipeline.training.block_size import BlockSize
from pipeline.training.compilation import Compilation, forced_compilation
from pipeline.training.feeds import Feed
from pipeline.training.steps import Steps

Hooks: TypeAlias = keras.callbacks.CallbackList


class Evaluation:
    """A model that is evaluated on a feed, perhaps again and again."""

    def __init__(self, model: keras.Model, feed: Feed, hooks: Hooks, forced: Compilation | None) -> None:
        self._model, self._feed, self._hooks = model, feed, hooks
        self._steps = Steps(model, "test", feed, **compiled(forced))
        self._size = BlockSize(model, hooks, "test")

    def values(self, between: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Returns what one pass over the feed measured.

        Args:
            between: Called after each call of several steps.
        """
        model, hooks, size = self._model, self._hooks, self._size
        model.stop_evaluating = False
        hooks.on_test_begin()
        model.reset_metrics()
        logs: Any = {}
        for begin, stack, start, count in _blocks(self._feed, size, lambda: model.stop_evaluating):
            hooks.on_test_batch_begin(begin)
            with size.measured(count):
                logs = self._steps.last(stack, start, count)
            hooks.on_test_batch_end(begin + count - 1, logs)
            between()
        values = measured(model, logs)
        hooks.on_test_end(values)
        return values


def evaluate_feed(model: keras.Model, feed: Feed, hooks: Hooks) -> dict[str, Any]:
    """Returns loss and metrics of a compiled model on one epoch of a feed, named as Keras names them."""
    return Evaluation(model, feed, hooks, forced_compilation(model)).values()


def predict_feed(model: keras.Model, feed: Feed, hooks: Hooks) -> list[Any]:
    """Returns what a model gives for the batches of one epoch, in order, that of neighbours perhaps joined."""
    steps = Steps(model, "predict", feed)
    size = BlockSize(model, hooks, "predict")
    model.stop_predicting = False
    hooks.on_predict_begin()
    outputs: list[Any] = []
    for begin, stack, start, count in _blocks(feed, size, lambda: model.stop_predicting):
        hooks.on_predict_batch_begin(begin)
        with size.measured(count):
            given = steps.outputs(stack, start, count)
        outputs += given
        hooks.on_predict_batch_end(begin + count - 1, {"outputs": given[-1]})
    hooks.on_predict_end()
    return outputs


def _blocks(feed: Feed, size: BlockSize, stopped: Callable[[], bool]) -> Any:
    """Yields number of the first batch, stack, first batch in the stack, and number of batches of each call."""
    begin = 0
    for stack in feed.stacks(0):
        start = stack.start
        while start < stack.steps:
            count = min(size(), stack.steps - start)
            yield begin, stack, start, count
            if stopped():
                return
            begin, start = begin + count, start + count


def compiled(forced: Compilation | None) -> dict[str, Any]:
    """Returns the arguments of `Steps` that say how to compile."""
    return {"jit": bool(forced and forced.jit), "forced": forced is not None}


def measured(model: keras.Model, logs: Any) -> dict[str, Any]:
    """Returns the metrics of the model or, of a step of the user's own with other logs, those of its last call."""
    metrics = model.get_metrics_result()
    if not isinstance(logs, dict):
        return metrics
    return _plain(metrics if set(logs) == set(metrics) else logs)


def own_logs(model: keras.Model, logs: Any) -> dict[str, Any] | None:
    """Returns what the metrics of the model do not hold: the logs of a step of the user's own."""
    if not isinstance(logs, dict) or type(model).train_step is keras.Model.train_step:
        return None
    return _plain(logs)


def _plain(logs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns logs by name in order, nested ones flattened, single numbers as Python's."""
    values: dict[str, Any] = {}
    for name, value in sorted(logs.items()):
        if isinstance(value, dict):
            values |= _plain(value)
            continue
        try:
            values[name] = float(value)
        except (TypeError, ValueError):
            values[name] = value
    return values
