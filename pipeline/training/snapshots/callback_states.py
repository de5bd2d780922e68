"""The states of callbacks: what a resumed training restores in each."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from pipeline.errors import ConfigError, one_line
from pipeline.training.snapshots import keras_callback_states as of_keras
from pipeline.training.snapshots.callback_state_checks import (
    check_state,
    has_own_state,
    name_of,
    none_of_its_state,
    refusal,
)
from pipeline.training.snapshots.plain_copies import (
    Copies,
    NotPlain,
    as_kind,
    generator_state,
    same,
    set_generator_state,
)

log = logging.getLogger(__name__)


class CallbackStates:
    """The states of the callbacks of a training.

    Code decides what is restored in a callback, because a snapshot may be damaged or untrusted:

    - A callback may have two methods: `get_state()` returns a dict of plain values (None, bool, int, float, str,
      arrays, and lists, tuples, sets and dicts of them), and `set_state(state)` restores it. If the callback has a
      class attribute `state_types`, with type hints by key, the dict is checked against it. All of the pipeline's own
      have one.
    - For Keras' callbacks, the state is the attributes listed in `keras_callback_states`. For the pipeline's own
      callbacks without these methods, it is those in `state_types`.
    - For any other callback, which its user vouches for, it is the attributes that are plain values or random number
      generators and have changed since training began. Attributes that the config sets, or that Keras' own code of the
      base classes uses, are left alone.

    A callback whose attribute `survives_roll_back` is True keeps its state when training goes back to a snapshot
    within the same process. A callback whose attribute `may_be_missing` is True may exist in only one of two processes.

    Args:
        callbacks: The callbacks, in order. If the config built them, their attribute `config_values` holds its values.
    """

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        self._callbacks = list(callbacks)
        self._begun: list[dict[str, Any]] = [{} for _ in callbacks]
        self._told: set[tuple[int, str]] = set()
        self._copies = Copies()
        self._running = False

    def begin(self) -> None:
        """Records the state of the callbacks when training begins, right after their `on_train_begin`."""
        copies, self._running = Copies(), False
        self._begun = [{} if has_own_state(one) else _plain_attributes(one, copies) for one in self._callbacks]

    def captured(self) -> list[dict[str, Any]]:
        """Returns the state of each callback, in order, as plain values that later steps do not change.

        An array that has not changed since the last call is the same object as before.

        Raises:
            ConfigError: A callback's own `get_state` returned something else.
        """
        self._running = True
        self._copies.start()
        return [
            {
                "class": name_of(one),
                **_mark(one),
                **(self._own_state(one) if has_own_state(one) else self._changed(one, begun)),
            }
            for one, begun in zip(self._callbacks, self._begun, strict=True)
        ]

    def restore(self, states: Sequence[Mapping[str, Any]]) -> None:
        """Restores the states that `captured` returned, here or in another process.

        Args:
            states: The states.

        Raises:
            ConfigError: The states belong to other callbacks.
        """
        here = [one for one in self._callbacks if not _may_be_missing(one)]
        found = [name_of(one) for one in here]
        right = [str(state["class"]) for state in states if not state.get("may_be_missing")]
        if found != right:
            raise ConfigError(
                f"callbacks: {', '.join(found) or 'none'} cannot continue where {', '.join(right) or 'none'} stopped; "
                "use the same ones in the same order"
            )
        roll_back, self._running = self._running, True
        kept = [
            (one, begun, state)
            for one, begun, state in self._matched(states)
            if not (roll_back and getattr(one, "survives_roll_back", False))
        ]
        for one, begun, state in kept:
            check_state(one, begun, state)
        for one, begun, state in kept:
            try:
                self._put_back(one, begun, state, roll_back)
            # Values of the correct types may still make no sense to a callback or random number generator.
            except (LookupError, TypeError, ValueError, OverflowError) as error:
                raise refusal(one, one_line(error)) from error

    def _matched(self, states: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, dict[str, Any], Mapping[str, Any]]]:
        """Yields each callback that has a state, with its attributes when training began and that state."""
        always = iter([state for state in states if not state.get("may_be_missing")])
        others = {str(state["class"]): state for state in states if state.get("may_be_missing")}
        for one, begun in zip(self._callbacks, self._begun, strict=True):
            state = others.get(name_of(one)) if _may_be_missing(one) else next(always)
            if state is not None:
                yield one, begun, state

    def _own_state(self, callback: Any) -> dict[str, Any]:
        given = callback.get_state()
        try:
            if isinstance(given, dict):
                return {"state": self._copies.of(given)}
        except NotPlain:
            pass
        raise ConfigError(
            f"callbacks: expected a dict of plain values from get_state of {name_of(callback)}, got {given!r:.100}"
        )

    def _changed(self, callback: keras.callbacks.Callback, begun: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the state of a callback without its own methods for it."""
        shared = of_keras.shared(callback)
        attributes: dict[str, Any] = {}
        generators: dict[str, Any] = {}
        for name, value in vars(callback).items():
            if name in shared:
                if value is not None:
                    attributes[name] = list(value)
                continue
            reason = none_of_its_state(callback, begun, name)
            # What is left out is copied only to warn, once, that it changes.
            if reason == "" or (reason is not None and (id(callback), name) in self._told):
                continue
            generator = generator_state(value)
            if generator is not None:
                if reason is None:
                    generators[name] = generator
                continue
            try:
                copy = self._copies.of(value)
            except (NotPlain, RecursionError):
                continue
            if name not in begun or not same(copy, begun[name]):
                if reason is None:
                    attributes[name] = copy
                else:
                    self._tell(callback, name, reason)
        return {"attributes": attributes, "generators": generators, "beside": of_keras.beside(callback)}

    def _tell(self, callback: keras.callbacks.Callback, name: str, reason: str) -> None:
        self._told.add((id(callback), name))
        log.warning(
            "callbacks: '%s' of %s changes in training but is not kept for resume, because %s; "
            "add methods get_state and set_state to keep it",
            name,
            name_of(callback),
            reason,
        )

    def _put_back(self, callback: Any, begun: Mapping[str, Any], state: Mapping[str, Any], roll_back: bool) -> None:
        if has_own_state(callback):
            callback.set_state(Copies().of(state["state"]))
            return
        present, copies = vars(callback), Copies()
        # An attribute that had not changed when the state was captured goes back to its value at the beginning.
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


def _mark(callback: Any) -> dict[str, bool]:
    return {"may_be_missing": True} if _may_be_missing(callback) else {}


def _may_be_missing(callback: Any) -> bool:
    return bool(getattr(callback, "may_be_missing", False))


def _plain_attributes(callback: keras.callbacks.Callback, copies: Copies) -> dict[str, Any]:
    found = {}
    for name, value in vars(callback).items():
        if none_of_its_state(callback, {}, name) == "":
            continue
        try:
            found[name] = copies.of(value)
        except (NotPlain, RecursionError):
            continue
    return found
