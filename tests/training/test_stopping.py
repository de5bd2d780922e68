"""A training that is stopped early, or has nothing to train on, measures what Keras measures."""

from typing import Any

import keras
import numpy as np
import pytest

import pipeline


class Stop(keras.callbacks.Callback):  # type: ignore[misc]
    """Stops in a hook, and notes all that comes after."""

    def __init__(self, hook: str) -> None:
        super().__init__()
        self.calls: list[Any] = []
        setattr(self, hook, self._stop)

    def _stop(self, *_: Any, **__: Any) -> None:
        self.model.stop_training = True

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.calls.append((batch, sorted(logs)))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.calls.append((epoch, {name: round(float(value), 5) for name, value in logs.items()}))


def stopped(fit: Any, hook: str, examples: int = 12, **compiled: Any) -> Any:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", **compiled)
    x = np.arange(2.0 * examples).reshape(examples, 2) / 24
    callback = Stop(hook)
    data = (x, x[:, :1]) if examples else (np.ones((4, 2)), np.ones((4, 1)))
    history = fit(
        model, x, x[:, :1], batch_size=2, epochs=3, verbose=0, shuffle=False, callbacks=[callback], validation_data=data
    )
    return callback.calls, history.history, model.get_weights()


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin", "on_train_batch_begin"])
@pytest.mark.parametrize("steps_per_execution", [1, 4])
def test_one_call_is_made_where_training_is_stopped_before_it(hook: str, steps_per_execution: int) -> None:
    theirs = stopped(keras.Model.fit, hook, steps_per_execution=steps_per_execution)
    ours = stopped(pipeline.fit, hook, steps_per_execution=steps_per_execution)
    assert ours[0] == theirs[0]
    assert len(ours[0]) == 2
    for name, values in theirs[1].items():
        np.testing.assert_allclose(ours[1][name], values, rtol=1e-5)


class StopAtBegin(keras.callbacks.Callback):  # type: ignore[misc]
    """Looks at no batches."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = True

    def on_test_begin(self, logs: Any = None) -> None:
        self.model.stop_evaluating = True

    def on_predict_begin(self, logs: Any = None) -> None:
        self.model.stop_predicting = True


@pytest.mark.parametrize("steps_per_execution", [1, 2])
def test_so_it_is_where_no_callback_looks_at_batches(steps_per_execution: int) -> None:
    x = np.arange(24.0).reshape(12, 2) / 24

    def measured(fit: Any, evaluate: Any, predict: Any) -> Any:
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", steps_per_execution=steps_per_execution)
        arguments = {"batch_size": 2, "verbose": 0, "callbacks": [StopAtBegin()]}
        loss = fit(model, x, x[:, :1], shuffle=False, epochs=3, **arguments).history["loss"]
        return [*loss, evaluate(model, x, x[:, :1], **arguments)], len(predict(model, x, **arguments))

    theirs = measured(keras.Model.fit, keras.Model.evaluate, keras.Model.predict)
    ours = measured(pipeline.fit, pipeline.evaluate, pipeline.predict)
    assert ours[0] == pytest.approx(theirs[0], rel=1e-5)
    assert ours[1] == theirs[1] == 2 * steps_per_execution


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_no_examples_make_no_loss() -> None:
    ours = stopped(pipeline.fit, "on_train_end", examples=0)
    theirs = stopped(keras.Model.fit, "on_train_end", examples=0)
    assert ours[1] == theirs[1]
    assert "loss" not in ours[1]
