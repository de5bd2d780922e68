"""Optimizers with their schedules, from Keras by name or by `_target_`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

import keras

from pipeline.config import components
from pipeline.errors import ConfigError, nearest, one_line, with_article


def build_optimizer(node: Mapping[str, Any], schedule: Mapping[str, Any] | None) -> keras.optimizers.Optimizer:
    """Builds the optimizer of the config.

    Args:
        node: `name` (any Keras optimizer, in any case) or `_target_`, and its arguments.
        schedule: The config node of a learning rate schedule, which replaces the learning rate; None keeps it.

    Raises:
        ConfigError: The optimizer or the schedule refused its arguments.
    """
    arguments = dict(node)
    if schedule is not None:
        arguments["learning_rate"] = _checked(components.build("schedule", schedule))
    if "_target_" in arguments:
        optimizer = components.build("optimizer", arguments)
        if not isinstance(optimizer, keras.optimizers.Optimizer):
            raise ConfigError(
                f"optimizer: expected a Keras optimizer from {node['_target_']}, got {with_article(optimizer)}"
            )
        return optimizer
    kind = optimizer_class(str(arguments.pop("name", "")))
    _check_types(kind, arguments)
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"optimizer: {kind.__name__} refused its arguments: {one_line(error)}") from error


def _checked(schedule: Any) -> Any:
    """Returns a schedule after checking that it gives numbers: one that does not would fail only within the first step.

    Raises:
        ConfigError: It does not.
    """
    if not type(schedule).__module__.startswith("keras."):
        return schedule
    try:
        rates = [float(schedule(keras.ops.convert_to_tensor(step, "int64"))) for step in (0, 1)]
    except Exception as error:
        raise ConfigError(f"schedule: expected numbers as learning rates, got none: {one_line(error)}") from error
    if not all(map(math.isfinite, rates)):
        raise ConfigError(f"schedule: expected finite learning rates, got {rates[0]}")
    return schedule


def _check_types(kind: type[keras.optimizers.Optimizer], arguments: Mapping[str, Any]) -> None:
    """Refuses arguments that are not numbers, which Keras does not check and would fail on at the first step."""
    parameters = inspect.signature(kind.__init__).parameters
    of_all = inspect.signature(keras.optimizers.Optimizer.__init__).parameters
    for name, value in arguments.items():
        default = parameters[name].default if name in parameters else None
        takes_others = isinstance(default, str) or (default is None and name not in of_all)
        if (isinstance(value, str) and not isinstance(default, str)) or (
            isinstance(value, (list, dict)) and not takes_others
        ):
            expected = "true or false" if isinstance(default, bool) else "a number"
            raise ConfigError(f"optimizer.{name}: expected {expected} for {kind.__name__}, got {value!r}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"optimizer.{name}: expected a finite number, got {value}")


def optimizer_class(name: str) -> type[keras.optimizers.Optimizer]:
    """Returns Keras' optimizer of that name, ignoring case.

    Raises:
        ConfigError: There is no such optimizer.
    """
    kinds = {
        key.lower(): kind
        for key, kind in vars(keras.optimizers).items()
        if isinstance(kind, type) and issubclass(kind, keras.optimizers.Optimizer) and key != "Optimizer"
    }
    if name.lower() not in kinds:
        raise ConfigError(f"optimizer.name: Keras has no optimizer '{name}'{nearest(name, kinds)}")
    return kinds[name.lower()]
