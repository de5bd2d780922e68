"""The states of callbacks: what a training that is resumed puts back of each."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from pipeline.errors import ConfigError, one_line
from pipeline.security.plain_types import mistake
from pipeline.training import keras_callback_states as of_keras
from pipeline.training.plain_copies import (
    Copies,
    NotPlain,
    as_kind,
    generator_state,
    same,
    set_generator_state,
)

log = logging.getLogger(__name__)
NEVER = frozenset({"_model", "params", "config_values", "config_key"})
"""Attributes of every callback that are none of its state."""
SHORTEST = 3
"""Characters of a text below which it may be part of any other."""


class CallbackStates:
    """The states of the callbacks of a training.

    What is put back of a callback is said by code, as a snapshot may be damaged, or a stranger's:

    - A callback may have two methods, `get_state()` that returns a dict of plain values (None, bool, int, float, str,
      arrays, and lists, tuples, sets and dicts of them) and `set_state(state)`. What is in the dict is checked against
      its class attribute `state_types`, if it has one: type hints by key, as all of the pipeline's own have.
    - Of Keras' callbacks the state is the attributes that `keras_callback_states` lists, and of the pipeline's own
      without such methods those in `state_types`.
    - Of any other one, which its user vouches for, it is those of its attributes that are plain, or generators of
      random numbers, and have changed since training began. What the config has set stays as it is, and so does what
      Keras' own code of its base classes uses.

    A callback whose attribute `survives_roll_back` is True keeps its state when training goes back to a snapshot
    within the same process. One whose attribute `may_be_missing` is True may be in one of two processes only.

    Args:
        callbacks: The callbacks, in order. What their config said is in their attribute `config_values`, if they are
            made by config.
    """

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        self._callbacks = list(callbacks)
        self._begun: list[dict[str, Any]] = [{} for _ in callbacks]
        self._told: set[tuple[int, str]] = set()
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
            {"class": _name(one), **_mark(one), **(self._own_state(one) if _own(one) else self._changed(one, begun))}
            for one, begun in zip(self._callbacks, self._begun, strict=True)
        ]

    def restore(self, states: Sequence[Mapping[str, Any]]) -> None:
        """Puts the callbacks back to the states that `captured` returned, here or in another process.

        Args:
            states: The states.

        Raises:
            ConfigError: They are states of other callbacks.
        """
        here = [one for one in self._callbacks if not _may_be_missing(one)]
        found = [_name(one) for one in here]
        right = [str(state["class"]) for state in states if not state.get("may_be_missing")]
        if found != right:
            raise ConfigError(
                f"callbacks: {', '.join(found) or 'none'} cannot go on where {', '.join(right) or 'none'} stopped; "
                "the same ones in the same order are right"
            )
        roll_back, self._running = self._running, True
        kept = [
            (one, begun, state)
            for one, begun, state in self._matched(states)
            if not (roll_back and getattr(one, "survives_roll_back", False))
        ]
        for one, begun, state in kept:
            _check(one, begun, state)
        for one, begun, state in kept:
            try:
                self._put_back(one, begun, state, roll_back)
            # What is of the right types may still make no sense to a callback or a generator of random numbers.
            except (LookupError, TypeError, ValueError, OverflowError) as error:
                raise _refusal(one, one_line(error)) from error

    def _matched(self, states: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, dict[str, Any], Mapping[str, Any]]]:
        """Gives each callback that has a state, with how it was when training began and that state."""
        always = iter([state for state in states if not state.get("may_be_missing")])
        others = {str(state["class"]): state for state in states if state.get("may_be_missing")}
        for one, begun in zip(self._callbacks, self._begun, strict=True):
            state = others.get(_name(one)) if _may_be_missing(one) else next(always)
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
            f"callbacks: get_state of {_name(callback)} gave {given!r:.100}; a dict of plain values is right"
        )

    def _changed(self, callback: keras.callbacks.Callback, begun: Mapping[str, Any]) -> dict[str, Any]:
        """Returns what a callback without methods of its own for it has as its state."""
        shared = of_keras.shared(callback)
        attributes: dict[str, Any] = {}
        generators: dict[str, Any] = {}
        for name, value in vars(callback).items():
            if name in shared:
                if value is not None:
                    attributes[name] = list(value)
                continue
            generator = generator_state(value)
            if generator is not None:
                if _none_of_its_state(callback, begun, name) is None:
                    generators[name] = generator
                continue
            try:
                copy = self._copies.of(value)
            except (NotPlain, RecursionError):
                continue
            if name not in begun or not same(copy, begun[name]):
                reason = _none_of_its_state(callback, begun, name)
                if reason is None:
                    attributes[name] = copy
                elif reason:
                    self._tell_once(callback, name, reason)
        return {"attributes": attributes, "generators": generators, "beside": of_keras.beside(callback)}

    def _tell_once(self, callback: keras.callbacks.Callback, name: str, reason: str) -> None:
        if (id(callback), name) not in self._told:
            self._told.add((id(callback), name))
            log.warning(
                "callbacks: '%s' of %s changes in training, and is not kept for resume, as %s; "
                "methods get_state and set_state keep it",
                name,
                _name(callback),
                reason,
            )

    def _put_back(self, callback: Any, begun: Mapping[str, Any], state: Mapping[str, Any], roll_back: bool) -> None:
        if _own(callback):
            callback.set_state(Copies().of(state["state"]))
            return
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


def _check(callback: Any, begun: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Refuses a state that has more than what the callback's own code lets be put back, or something else.

    Raises:
        ConfigError: It does.
    """
    if _own(callback):
        types = getattr(callback, "state_types", None)
        wrong = mistake(state, {"class": str, "may_be_missing": bool, "state": dict[Any, Any]})
        wrong = wrong or (types and mistake(state["state"], types))
    else:
        kinds: dict[str, Any] = {"class": str, "attributes": dict[str, Any], "generators": dict[str, Any]}
        wrong = mistake(state, {**kinds, "beside": dict[str, Any]})
        wrong = wrong or next((f"'{name}' is missing" for name in (*kinds, "beside") if name not in state), None)
        wrong = wrong or _mistake_of_attributes(callback, begun, state)
    if wrong:
        raise _refusal(callback, wrong)


def _mistake_of_attributes(callback: Any, begun: Mapping[str, Any], state: Mapping[str, Any]) -> str | None:
    attributes, types = state["attributes"], _types(callback)
    for name in (*attributes, *state["generators"]):
        reason = _none_of_its_state(callback, begun, name)
        if reason is not None or not _is_plain(vars(callback).get(name)):
            return f"{name}: is none of its state{reason and f', as {reason}'}"
    known = {name: value for name, value in attributes.items() if name in types}
    return (
        mistake(known, types)
        or of_keras.misfit(callback, known)
        or mistake(state["beside"], of_keras.types_beside(callback))
    )


def _none_of_its_state(callback: Any, begun: Mapping[str, Any], name: str) -> str | None:
    """Says why an attribute of a callback is none of its state, or nothing of why; None if it is.

    Args:
        callback: One without methods of its own for its state.
        begun: Its attributes when training began.
        name: The attribute's name.
    """
    if name in _types(callback):
        return None
    kind: Any = type(callback)
    home = kind.__module__.partition(".")[0]
    if name in NEVER or home in ("keras", "pipeline") or name in of_keras.names_in_code(kind):
        return ""
    if hasattr(kind, name) and not _is_plain(getattr(kind, name)):
        return ""
    given = getattr(callback, "config_values", {})
    if name.strip("_") in given:
        return "the config sets it"
    before = begun.get(name)
    if isinstance(before, str) and any(text in before for text in _texts(given) if len(text) >= SHORTEST):
        return "its first value is of the config"
    return None


def _types(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Returns the attributes that code says are the state of a callback, and what they hold."""
    return {**of_keras.types_of_state(callback), **getattr(callback, "state_types", {})}


def _is_plain(value: Any) -> bool:
    if generator_state(value) is not None:
        return True
    try:
        Copies().of(value)
    except (NotPlain, RecursionError):
        return False
    return True


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _refusal(callback: keras.callbacks.Callback, reason: str) -> ConfigError:
    return ConfigError(
        f"resume: the state of {_name(callback)} in the snapshot is not what it may hold: {reason}; "
        "the folder of a training of one's own, or a new run without resume, is right"
    )


def _mark(callback: Any) -> dict[str, bool]:
    return {"may_be_missing": True} if _may_be_missing(callback) else {}


def _may_be_missing(callback: Any) -> bool:
    return bool(getattr(callback, "may_be_missing", False))


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
