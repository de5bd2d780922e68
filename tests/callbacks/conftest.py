"""A training that can be cut off anywhere and resumed by new callbacks, as the loop does it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.training.snapshots.callback_states import CallbackStates
from pipeline.training.snapshots.encoding import arranged, taken_apart
from pipeline.training.snapshots.plain_copies import same

EPOCHS, STEPS, BATCH = 6, 4, 8
X = np.random.default_rng(0).normal(size=(EPOCHS, STEPS, BATCH, 3)).astype("float32")
Y = np.square(X).sum(axis=-1, keepdims=True)
MOMENTS = [(0, 3), (2, 0), (3, 4)]
Make = Callable[[Path], list[keras.callbacks.Callback]]


@dataclass
class Taken:
    """A snapshot: values of all variables, states of the callbacks as a file gives them back, epoch and step."""

    variables: list[np.ndarray]
    states: list[dict[str, Any]]
    epoch: int
    step: int


@dataclass
class Trained:
    """What a training left: values of all variables, its callbacks, and the snapshot with which it was cut off."""

    variables: list[np.ndarray]
    callbacks: list[keras.callbacks.Callback]
    taken: Taken | None = None


def through_a_file(states: list[dict[str, Any]]) -> list[dict[str, Any]]:
    arrays: list[Any] = []
    tree = json.loads(json.dumps(taken_apart(states, arrays)))
    return list(arranged(tree, [np.array(array) for array in arrays]))


@cache
def compiled() -> tuple[keras.Model, list[np.ndarray]]:
    """Returns a model, which is made but once as that takes seconds, and what its variables begin with."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9, use_ema=True, ema_momentum=0.5), "mse", metrics=["mae"])
    model.optimizer.build(model.trainable_variables)
    # Makes the variables of the metrics.
    model.test_on_batch(X[0, 0], Y[0, 0])
    return model, values_of(model)


def variables_of(model: keras.Model) -> list[Any]:
    found = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return list({id(variable): variable for variable in found}.values())


def values_of(model: keras.Model) -> list[np.ndarray]:
    return [np.array(variable) for variable in variables_of(model)]


def assign(model: keras.Model, values: list[np.ndarray]) -> None:
    for variable, value in zip(variables_of(model), values, strict=True):
        variable.assign(value)


def trained(
    callbacks: Iterable[keras.callbacks.Callback],
    *,
    until: tuple[int, int] | None = None,
    resumed: Taken | None = None,
    epochs: int = EPOCHS,
) -> Trained:
    """Trains as the loop does, up to a moment at which a snapshot is taken and the process is gone, or to the end."""
    model, initial = compiled()
    assign(model, initial)
    settings = {"epochs": epochs, "steps": STEPS, "verbose": 0, "validates": True}
    hooks = keras.callbacks.CallbackList(list(callbacks), add_history=True, model=model, **settings)
    states = CallbackStates(hooks.callbacks)
    model.stop_training = False
    hooks.on_train_begin()
    states.begin()
    begin, done = (0, 0) if resumed is None else (resumed.epoch, resumed.step)
    if resumed is not None:
        assign(model, resumed.variables)
        states.restore(resumed.states)
        for callback in hooks.callbacks:
            if hasattr(callback, "on_resume"):
                callback.on_resume(begin, done)
    for epoch in range(begin, epochs):
        if not done:
            model.reset_metrics()
            hooks.on_epoch_begin(epoch)
        logs: Any = model.get_metrics_result()
        for step in range(done, STEPS):
            hooks.on_train_batch_begin(step)
            logs = model.train_on_batch(X[epoch, step], Y[epoch, step], return_dict=True)
            logs = {name: float(value) for name, value in logs.items()}
            hooks.on_train_batch_end(step, logs)
            if (epoch, step + 1) == until:
                taken = Taken(values_of(model), through_a_file(states.captured()), epoch, step + 1)
                return Trained(taken.variables, hooks.callbacks, taken)
        done = 0
        hooks.on_epoch_end(epoch, logs | validated(model, hooks))
        if model.stop_training:
            break
        if (epoch + 1, 0) == until:
            taken = Taken(values_of(model), through_a_file(states.captured()), epoch + 1, 0)
            return Trained(taken.variables, hooks.callbacks, taken)
    hooks.on_train_end()
    return Trained(values_of(model), hooks.callbacks)


def validated(model: keras.Model, hooks: keras.callbacks.CallbackList) -> dict[str, float]:
    """Returns what a validation of one batch measures; `evaluate` would make a dataset of it, which takes longer."""
    model.reset_metrics()
    hooks.on_test_begin()
    hooks.on_test_batch_begin(0)
    measured = {name: float(value) for name, value in model.test_on_batch(X[0, 0], Y[0, 0], return_dict=True).items()}
    hooks.on_test_batch_end(0, measured)
    hooks.on_test_end(measured)
    return {f"val_{name}": value for name, value in measured.items()}


def assert_same_end(make: Make, folder: Path, until: tuple[int, int]) -> tuple[Trained, Trained]:
    """Trains in one go and in two, and compares all that is left; returns both."""
    whole = trained(make(folder / "whole"))
    (folder / "parts").mkdir(exist_ok=True)
    first = trained(make(folder / "parts"), until=until)
    # What the process has done after its last snapshot until it was killed, or more than that.
    trained(make(folder / "parts"), until=(until[0] + 1, 1), resumed=first.taken)
    again = trained(make(folder / "parts"), resumed=first.taken)
    assert same(again.variables, whole.variables)
    assert same(again.callbacks[-1].history, whole.callbacks[-1].history)
    for one, other in zip(again.callbacks, whole.callbacks, strict=True):
        assert same(state_of(one), state_of(other))
    return whole, again


def state_of(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Returns the numbers and arrays of a callback by name, but those of the clock."""
    return {
        name: value
        for name, value in sorted(vars(callback).items())
        if isinstance(value, int | float | list | np.ndarray)
        and "time" not in name
        and name not in ("_prev_summary_state", "append_header")
    }


class CutOff:
    """The functions above, for tests.

    Attributes:
        epochs: Epochs of a training.
        steps: Steps of an epoch.
    """

    epochs, steps = EPOCHS, STEPS
    trained = staticmethod(trained)
    assert_same_end = staticmethod(assert_same_end)


@pytest.fixture
def cut_off() -> type[CutOff]:
    """A small training that can be cut off and resumed."""
    return CutOff


@pytest.fixture(params=MOMENTS, ids=str)
def moment(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Epoch and step at which a training is cut off: within the first epoch, at the end of one, after a last step."""
    found: tuple[int, int] = request.param
    return found
