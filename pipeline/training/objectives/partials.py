"""Functions with some arguments set (`_partial_: true` in the config), as Keras losses and metrics.

Keras can train with a `functools.partial`, but logs it as "partial" and cannot save it. Keras' own wrappers of
functions accept arguments too, and are saved like any loss or metric.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
from keras.src.losses.losses import LossFunctionWrapper

from pipeline.errors import ConfigError


def as_loss(key: str, loss: Any) -> Any:
    """Returns a loss that Keras can name and save. Anything but a `partial` is returned as it is.

    Raises:
        ConfigError: It is a class rather than a function.
    """
    wrapped = _wrapped(key, loss, LossFunctionWrapper)
    if wrapped is not loss and isinstance(wrapped, LossFunctionWrapper):
        # For code that asks a loss for its class.
        wrapped.__name__ = wrapped.name
        wrapped.from_logits = bool(wrapped._fn_kwargs.get("from_logits", False))
    return wrapped


def as_metric(key: str, metric: Any) -> Any:
    """Returns a metric that Keras can name and save. Anything but a `partial` is returned as it is.

    Raises:
        ConfigError: It is a class rather than a function.
    """
    return _wrapped(key, metric, keras.metrics.MeanMetricWrapper)


def _wrapped(key: str, given: Any, wrapper: Callable[..., Any]) -> Any:
    if not isinstance(given, partial):
        return given
    function, args, keywords = _parts(given)
    name = _function_name(key, function)
    if args:
        return _named(given, name)
    wrapped = wrapper(function, name=name, **keywords)
    # For code that asks whether it is Keras' or a user's.
    wrapped.__module__ = function.__module__
    return wrapped


def _parts(given: partial[Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """Returns the function and its arguments. Hydra's kind of `partial` is nested in another."""
    if not isinstance(given.func, partial):
        return given.func, given.args, given.keywords
    function, args, keywords = _parts(given.func)
    return function, (*args, *given.args), {**keywords, **given.keywords}


def _function_name(key: str, function: Any) -> str:
    name = str(getattr(function, "__name__", type(function).__name__))
    if inspect.isclass(function):
        raise ConfigError(f"{key}: _partial_ is for functions, but {name} is a class; remove _partial_")
    return name


def _named(given: partial[Any], name: str) -> partial[Any]:
    """Gives a function with positional arguments, which Keras' wrappers do not accept, at least its name."""
    given.__name__ = name  # type: ignore[attr-defined]
    return given
