"""The states of callbacks: what they hold, that later changes do not reach them, and what is put back where."""

import collections
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.training.snapshots.callback_states import CallbackStates


class Own(keras.callbacks.Callback):  # type: ignore[misc]
    """A user's callback with all sorts of things in it."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.count = 0
        self.by_name: Any = collections.defaultdict(list)
        self.average = np.zeros(3)
        self.numpy = np.random.default_rng(3)


class Other(keras.callbacks.Callback):  # type: ignore[misc]
    """Does nothing."""


class Kept(keras.callbacks.Callback):  # type: ignore[misc]
    """Has a state that it gives itself, and one that it should not give."""

    def __init__(self) -> None:
        super().__init__()
        self.given: Any = {"list": [1]}

    def get_state(self) -> Any:
        return self.given

    def set_state(self, state: Any) -> None:
        self.given = state


def begun(*callbacks: keras.callbacks.Callback) -> CallbackStates:
    for callback in callbacks:
        callback.on_train_begin()
    states = CallbackStates(callbacks)
    states.begin()
    return states


def test_states_are_not_reached_by_later_changes_nor_change_what_they_are_put_back_to() -> None:
    own, kept = Own(), Kept()
    states = begun(own, kept)
    own.average += 1
    taken = states.captured()
    own.average += 1
    own.by_name["x"].append(1)
    kept.given["list"].append(2)
    assert (taken[0]["attributes"]["average"] == 1).all()
    assert taken[1]["state"] == {"list": [1]}
    states.restore(taken)
    own.average += 1
    kept.given["list"].append(2)
    states.restore(taken)
    assert (own.average == 1).all()
    assert kept.given == {"list": [1]}


def test_what_had_not_changed_is_as_at_the_beginning_again_when_training_goes_back() -> None:
    own = Own()
    states = begun(own)
    taken = states.captured()
    own.average += 1
    own.count, own.more = 3, 4  # type: ignore[attr-defined]
    own.by_name["x"].append(1)
    noise = own.numpy.normal()
    states.restore(taken)
    assert (own.average == 0).all()
    assert (own.count, own.by_name, hasattr(own, "more")) == (0, {}, False)
    assert own.by_name["y"] == []
    assert own.numpy.normal() == noise


def test_least_change_of_keras_keeps_its_sign_when_training_goes_back() -> None:
    stop = keras.callbacks.EarlyStopping("loss", min_delta=0.5)
    states = begun(stop)
    before = states.captured()
    stop.on_epoch_end(0, {"loss": 1.0})
    after = states.captured()
    for taken, delta in ((before, 0.5), (after, -0.5), (after, -0.5), (before, 0.5)):
        states.restore(taken)
        assert stop.min_delta == delta
    stop.on_epoch_end(0, {"loss": 1.0})
    assert stop.min_delta == -0.5


def test_array_that_has_not_changed_is_not_copied_again() -> None:
    stop, own = keras.callbacks.EarlyStopping(restore_best_weights=True), Own()
    states = begun(stop, own)
    stop.best_weights, own.average = [np.ones(3)], np.ones(3)
    one, other = states.captured(), states.captured()
    assert one[0]["attributes"]["best_weights"][0] is other[0]["attributes"]["best_weights"][0]
    assert one[1]["attributes"]["average"] is other[1]["attributes"]["average"]
    own.average[0] = 2
    assert states.captured()[1]["attributes"]["average"][0] == 2


def test_arguments_paths_and_models_are_those_of_the_new_process(tmp_path: Path) -> None:
    old, new = (keras.callbacks.ModelCheckpoint(tmp_path / f"{name}.keras") for name in ("old", "new"))
    old.set_model(keras.Sequential())
    old.set_params({"epochs": 3})
    states = begun(old)
    old.best = 0.5
    taken = states.captured()
    assert taken[0]["attributes"] == {"best": 0.5}
    begun(new).restore(taken)
    assert (new.best, new.filepath, new.model) == (0.5, str(tmp_path / "new.keras"), None)


def test_other_callbacks_are_told() -> None:
    taken = begun(Other(), Kept()).captured()
    with pytest.raises(
        ConfigError, match="callbacks: Kept, Other cannot continue where Other, Kept stopped; use the same ones"
    ):
        begun(Kept(), Other()).restore(taken)
    with pytest.raises(ConfigError, match="callbacks: none cannot continue where Other, Kept stopped"):
        begun().restore(taken)


def test_state_that_is_not_plain_is_told() -> None:
    kept = Kept()
    states = begun(kept)
    for wrong in ({"model": print}, [1]):
        kept.given = wrong
        with pytest.raises(
            ConfigError, match=r"callbacks: expected a dict of plain values from get_state of Kept, got "
        ):
            states.captured()


def test_callback_that_survives_is_left_alone_only_when_training_goes_back() -> None:
    first, second = Kept(), Kept()
    first.survives_roll_back = second.survives_roll_back = True  # type: ignore[attr-defined]
    states = begun(first)
    taken = states.captured()
    first.given = {"list": [2]}
    states.restore(taken)
    assert first.given == {"list": [2]}
    second.given = {"list": [3]}
    begun(second).restore(taken)
    assert second.given == {"list": [1]}


def test_callback_of_one_process_alone_is_not_missed_in_another() -> None:
    first, second = Kept(), Kept()
    first.may_be_missing = second.may_be_missing = True  # type: ignore[attr-defined]
    taken = begun(Other(), first).captured()
    begun(Other()).restore(taken)
    second.given = {"list": [2]}
    begun(second, Other()).restore(taken)
    assert second.given == {"list": [1]}
    begun(second, Other()).restore(begun(Other()).captured())
