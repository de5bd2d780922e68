"""The states of callbacks: what a training that is resumed puts back of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from pipeline.errors import ConfigError
from pipeline.training import keras_callback_states as of_keras
from pipeline.training.plain_copies import (
    Copies,
    NotPlain,
    as_kind,
    generator_state,
    same,
    set_generator_state,
)

NEVER = frozenset({"_model", "params"})
"""Attributes of every callback that are none of its state."""


class CallbackStates:
    """The states of the callbacks of a training.

    A callback may have two methods, `get_state()` that returns a dict of plain values (None, bool, int, float, str,
    arrays, and lists, tuples, sets and dicts of them) and `set_state(state)`. The state of any other callback is those
    of its attributes that are plain, or generators of random numbers, and have changed since training began: what it
    was made with stays as it is in a new process, where the run folder may be another one.

    A callback whose attribute `survives_roll_back` is True keeps its state when training goes back to a snapshot
    within the same process.

    Args:
        callbacks: The callbacks, in order.
    """

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        self._callbacks = list(callbacks)
        self._begun: list[dict[str, Any]] = [{} for _ in callbacks]
        self._copies = Copies()
        self._running = False

    def begin(self) -> None:
        """Notes how the callbacks are when training begins, right after their `on_train_begin`."""
        copies, self._running = Copies(), False
        self._begun = [{} if _own(one) else _plain_attributes(one, copies) for one in self._callbacks]

    def captured(self) -> list[dict[str, Any]]:
        """Returns the state of each callback, in order, of plain values that later steps do not change.

        An array that has not changed since the last call is the same object as then.

        Raises:
            ConfigError: A callback's own `get_state` gave something else.
        """
        self._running = True
        self._copies.start()
        return [
            {"class": _name(one), **(self._own_state(one) if _own(one) else self._changed(one, begun))}
            for one, begun in zip(self._callbacks, self._begun, strict=True)
        ]

    def restore(self, states: Sequence[Mapping[str, Any]]) -> None:
        """Puts the callbacks back to the states that `captured` returned, here or in another process.

        Args:
            states: The states.

        Raises:
            ConfigError: They are states of other callbacks.
        """
        found, right = [_name(one) for one in self._callbacks], [str(state["class"]) for state in states]
        if found != right:
            raise ConfigError(
                f"callbacks: {', '.join(found) or 'none'} cannot go on where {', '.join(right) or 'none'} stopped; "
                "the same ones in the same order are right"
            )
        roll_back, self._running = self._running, True
        for one, begun, state in zip(self._callbacks, self._begun, states, strict=True):
            if roll_back and getattr(one, "survives_roll_back", False):
                continue
            if _own(one):
                one.set_state(Copies().of(state["state"]))
            else:
                self._put_back(one, begun, state, roll_back)

    def _own_state(self, callback: Any) -> dict[str, Any]:
        given = callback.get_state()
        try:
            if isinstance(given, dict):
                return {"state": self._copies.of(given)}
        except NotPlain:
            pass
        raise ConfigError(
            f"callbacks: get_state of {_name(callback)} gave {given!r:.100}; a dict of plain values is right"
        )

    def _changed(self, callback: keras.callbacks.Callback, begun: Mapping[str, Any]) -> dict[str, Any]:
        """Returns what a callback without methods of its own for it has as its state."""
        never = NEVER | of_keras.never(callback)
        shared = of_keras.shared(callback)
        attributes: dict[str, Any] = {}
        generators: dict[str, Any] = {}
        for name, value in vars(callback).items():
            if name in never:
                continue
            if name in shared:
                if value is not None:
                    attributes[name] = list(value)
                continue
            generator = generator_state(value)
            if generator is not None:
                generators[name] = generator
                continue
            try:
                copy = self._copies.of(value)
            except (NotPlain, RecursionError):
                continue
            if name not in begun or not same(copy, begun[name]):
                attributes[name] = copy
        return {"attributes": attributes, "generators": generators, "beside": of_keras.beside(callback)}

    def _put_back(
        self, callback: keras.callbacks.Callback, begun: Mapping[str, Any], state: Mapping[str, Any], roll_back: bool
    ) -> None:
        present, copies = vars(callback), Copies()
        # What has changed since the state was captured, but had not until then, is as it was when training began.
        for name in self._changed(callback, begun)["attributes"]:
            if name in begun:
                present[name] = as_kind(copies.of(begun[name]), present[name])
            elif name not in state["attributes"]:
                del present[name]
        for name, value in state["attributes"].items():
            present[name] = as_kind(copies.of(value), present.get(name))
        for name, value in state["generators"].items():
            set_generator_state(present.get(name), value)
        of_keras.set_beside(callback, state["beside"], roll_back=roll_back)


def _own(callback: Any) -> bool:
    """Whether a callback has methods of its own for its state."""
    return all(callable(getattr(callback, name, None)) for name in ("get_state", "set_state"))


def _plain_attributes(callback: keras.callbacks.Callback, copies: Copies) -> dict[str, Any]:
    found = {}
    for name, value in vars(callback).items():
        if name in NEVER:
            continue
        try:
            found[name] = copies.of(value)
        except (NotPlain, RecursionError):
            continue
    return found


def _name(callback: keras.callbacks.Callback) -> str:
    return type(callback).__name__
