"""The loops of evaluation and prediction, and the results of a pass over a feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import keras
import tensorflow as tf
from keras.src.utils.python_utils import pythonify_logs

from pipeline.training.block_size import BlockSize
from pipeline.training.calls import Calls, Piece, length
from pipeline.training.feeds import Feed
from pipeline.training.joined_outputs import joined
from pipeline.training.steps import Steps
from pipeline.training.xla import Compilation, forced_compilation

Hooks: TypeAlias = keras.callbacks.CallbackList


class Evaluation:
    """A model and the feed it is evaluated on, once or many times."""

    def __init__(self, model: keras.Model, feed: Feed, hooks: Hooks, forced: Compilation | None) -> None:
        self._model, self._feed, self._hooks = model, feed, hooks
        self._steps = Steps(model, "test", feed, **compiled(forced))
        self._size = BlockSize(model, hooks, "test")

    def values(self, between: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Returns the results of one pass over the feed.

        Args:
            between: Called after each call of several steps.
        """
        model, hooks, size = self._model, self._hooks, self._size
        model.stop_evaluating = False
        hooks.on_test_begin()
        model.reset_metrics()
        logs: Any = {}
        done = 0
        for begin, pieces in _calls(self._feed, self._steps, size, lambda: model.stop_evaluating):
            done = begin + length(pieces)
            hooks.on_test_batch_begin(begin)
            with size.timed(done - begin):
                logs = self._steps.run(pieces)
            hooks.on_test_batch_end(done - 1, logs)
            between()
        # What was never measured is NaN: the loss of no examples would otherwise be 0.
        values = pythonify_logs(values_from_logs(model, logs)) if done else {}
        hooks.on_test_end(values)
        return values


class OwnEvaluation:
    """A model with its own `evaluate` method, which validation calls, as it does in Keras.

    Args:
        model: The model.
        hooks: The callbacks.
        data: Returns the data arguments of its `evaluate`.
    """

    def __init__(self, model: keras.Model, hooks: Hooks, data: Callable[[], Mapping[str, Any]]) -> None:
        self._model, self._hooks, self._data = model, hooks, data

    def values(self, between: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Returns the results of the model's method, see `Evaluation`."""
        values: dict[str, Any] = self._model.evaluate(**self._data(), callbacks=self._hooks, return_dict=True)
        between()
        return values


def has_own_evaluate(model: keras.Model) -> bool:
    """Whether a model has its own `evaluate` method."""
    return "evaluate" in vars(model) or type(model).evaluate is not keras.Model.evaluate


def evaluate_feed(model: keras.Model, feed: Feed, hooks: Hooks) -> dict[str, Any]:
    """Returns the loss and metrics of a compiled model on one epoch of a feed, named as Keras names them."""
    return Evaluation(model, feed, hooks, forced_compilation(model)).values()


def predict_feed(model: keras.Model, feed: Feed, hooks: Hooks) -> list[Any]:
    """Returns the model's outputs for the batches of one epoch, in order. Outputs of adjacent batches may be joined."""
    steps = Steps(model, "predict", feed)
    size = BlockSize(model, hooks, "predict")
    model.stop_predicting = False
    hooks.on_predict_begin()
    outputs: list[Any] = []
    for begin, pieces in _calls(feed, steps, size, lambda: model.stop_predicting):
        end = begin + length(pieces)
        hooks.on_predict_batch_begin(begin)
        with size.timed(end - begin):
            given = steps.outputs_of(pieces)
        outputs += given
        if size.fixed:
            hooks.on_predict_batch_end(end - 1, {"outputs": given[0] if len(given) == 1 else joined(given)})
    hooks.on_predict_end()
    return outputs or steps.outputs_of_none()


def _calls(
    feed: Feed, steps: Steps, size: BlockSize, stopped: Callable[[], bool]
) -> Iterator[tuple[int, Sequence[Piece]]]:
    """Yields, for each call, the number of its first batch and its batches."""
    calls = Calls(feed.stacks(0))
    begin = 0
    while True:
        most = size()
        own = steps.own is not None
        pieces = calls.take(steps.of_own if own else most, across=own or size.fixed)
        if not pieces:
            return
        yield begin, pieces
        if stopped():
            return
        begin += length(pieces)


def compiled(forced: Compilation | None) -> dict[str, Any]:
    """Returns the arguments of `Steps` that say how to compile."""
    return {"jit": bool(forced and forced.jit), "forced": forced is not None}


def values_from_logs(model: keras.Model, logs: Any) -> dict[str, Any]:
    """Returns the model's metrics or, if a custom step returns other logs, those of its last call.

    The values have the order and nesting that Keras passes to callbacks. Numbers are Python numbers.
    """
    metrics = model.get_metrics_result()
    return _converted(metrics if logs is None or set(logs) == set(metrics) else dict(logs))


def flat(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """Returns the results as a callback sees them: nested values moved to the top, sorted by name."""
    return None if values is None else pythonify_logs(values)


def own_logs(model: keras.Model, logs: Any) -> dict[str, Any] | None:
    """Returns what the model's metrics do not hold: the logs of a custom step."""
    if not isinstance(logs, dict) or type(model).train_step is keras.Model.train_step:
        return None
    return flat(logs)


def _converted(logs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _converted(value) if isinstance(value, dict) else _of_python(value) for name, value in logs.items()}


def _of_python(value: Any) -> Any:
    """Returns a single number as a Python number, and anything else in the form that Keras passes to callbacks."""
    found = keras.ops.convert_to_numpy(value) if tf.is_tensor(value) else value
    try:
        return float(found)
    except (TypeError, ValueError):
        return found
