"""Checks that a snapshot restores only what a callback's code declares as its state; snapshots may be untrusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras

from pipeline.errors import ConfigError
from pipeline.security.plain_types import mistake
from pipeline.training.snapshots import keras_callback_states as of_keras
from pipeline.training.snapshots.plain_copies import Copies, NotPlain, generator_state

NEVER = frozenset({"_model", "params", "config_values", "config_key"})
"""Attributes of every callback that are not part of its state."""
SHORTEST = 3
"""Texts shorter than this may be part of any other text."""


def check_state(callback: Any, begun: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Refuses a state that contains anything but what the callback's own code allows to be restored.

    Raises:
        ConfigError: The state does.
    """
    if has_own_state(callback):
        types = getattr(callback, "state_types", None)
        wrong = mistake(state, {"class": str, "may_be_missing": bool, "state": dict[Any, Any]})
        wrong = wrong or (types and mistake(state["state"], types))
    else:
        kinds: dict[str, Any] = {"class": str, "attributes": dict[str, Any], "generators": dict[str, Any]}
        wrong = mistake(state, {**kinds, "beside": dict[str, Any]})
        wrong = wrong or next((f"'{name}' is missing" for name in (*kinds, "beside") if name not in state), None)
        wrong = wrong or _mistake_of_attributes(callback, begun, state)
    if wrong:
        raise refusal(callback, wrong)


def _mistake_of_attributes(callback: Any, begun: Mapping[str, Any], state: Mapping[str, Any]) -> str | None:
    attributes, types = state["attributes"], _types(callback)
    for name in (*attributes, *state["generators"]):
        reason = none_of_its_state(callback, begun, name)
        if reason is not None or not _is_plain(vars(callback).get(name)):
            return f"{name}: is not part of its state{reason and f', because {reason}'}"
    known = {name: value for name, value in attributes.items() if name in types}
    return (
        mistake(known, types)
        or of_keras.misfit(callback, known)
        or mistake(state["beside"], of_keras.types_beside(callback))
    )


def none_of_its_state(callback: Any, begun: Mapping[str, Any], name: str) -> str | None:
    """Returns why an attribute is not part of a callback's state, or '' without a reason; None if it is part of it.

    Args:
        callback: A callback without its own methods for its state.
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
        return "its first value comes from the config"
    return None


def _types(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Returns the attributes that code declares as the state of a callback, with their types."""
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


def refusal(callback: keras.callbacks.Callback, reason: str) -> ConfigError:
    """Returns the error for a state that a callback may not have."""
    return ConfigError(
        f"resume: the state of {name_of(callback)} in the snapshot is not valid: {reason}; "
        "use the folder of your own training, or start a new run without resume"
    )


def has_own_state(callback: Any) -> bool:
    """Whether a callback has its own methods for its state."""
    return all(callable(getattr(callback, name, None)) for name in ("get_state", "set_state"))


def name_of(callback: keras.callbacks.Callback) -> str:
    """Returns the name by which a state identifies its callback."""
    return type(callback).__name__
