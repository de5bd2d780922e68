"""What happens to callbacks when training fails: the one that raised is named, and the others are ended."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from pipeline.errors import ConfigError, PipelineError, one_line
from pipeline.training.roll_back import RollBack

log = logging.getLogger(__name__)


@contextmanager
def callback_failures(callbacks: Sequence[keras.callbacks.Callback]) -> Iterator[None]:
    """Calls `on_train_end` of all callbacks except the one that raised, if training inside the context fails.

    Raises:
        ConfigError: A callback raised an error; it is named. Errors of the pipeline's own callbacks pass through.
    """
    try:
        yield
    except BaseException as error:
        callback, hook = _culprit(error, callbacks)
        _end(_others(callbacks, callback, hook))
        if callback is None or not isinstance(error, Exception) or isinstance(error, PipelineError | RollBack):
            raise
        name = f"{type(callback).__module__}.{type(callback).__qualname__}"
        if name.startswith("pipeline."):
            raise
        text = f"callbacks: {name} raised in {hook}: {type(error).__name__}: {one_line(error)}"
        raise ConfigError(text) from error


def _culprit(
    error: BaseException, callbacks: Sequence[keras.callbacks.Callback]
) -> tuple[keras.callbacks.Callback | None, str]:
    """Returns the callback and the hook that raised an error; None if the error came from elsewhere."""
    traceback = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        own: Any = frame.f_locals.get("self")
        if any(own is callback for callback in callbacks):
            return own, frame.f_code.co_name
        traceback = traceback.tb_next
    return None, ""


def _others(
    callbacks: Sequence[keras.callbacks.Callback], culprit: keras.callbacks.Callback | None, hook: str
) -> list[keras.callbacks.Callback]:
    """Returns the callbacks that have begun and not ended, without the culprit."""
    others = [callback for callback in callbacks if callback is not culprit]
    place = next((n for n, callback in enumerate(callbacks) if callback is culprit), 0)
    if hook == "on_train_begin":
        return others[:place]
    return others[place:] if hook == "on_train_end" else others


def _end(callbacks: Sequence[keras.callbacks.Callback]) -> None:
    for callback in callbacks:
        try:
            callback.on_train_end(None)
        except Exception as error:  # noqa: BLE001
            log.warning("callbacks: %s in on_train_end: %s", type(callback).__qualname__, one_line(error))
