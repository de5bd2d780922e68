"""Optimizers with their schedules, from Keras by name or by `_target_`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

import keras

from pipeline.config import components
from pipeline.errors import ConfigError, nearest, one_line


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
                f"optimizer: {node['_target_']} gave a {type(optimizer).__name__}; a Keras optimizer is right"
            )
        return optimizer
    kind = optimizer_class(str(arguments.pop("name", "")))
    _check_types(kind, arguments)
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"optimizer: {kind.__name__} refused its arguments: {one_line(error)}") from error


def _checked(schedule: Any) -> Any:
    """Returns a schedule; one of Keras' that gives no number would fail within the first step only.

    Raises:
        ConfigError: It gives none.
    """
    if not type(schedule).__module__.startswith("keras."):
        return schedule
    try:
        rates = [float(schedule(keras.ops.convert_to_tensor(step, "int64"))) for step in (0, 1)]
    except Exception as error:
        raise ConfigError(f"schedule: it gives no learning rate: {one_line(error)}; numbers are right") from error
    if not all(map(math.isfinite, rates)):
        raise ConfigError(f"schedule: it gives a learning rate of {rates[0]}; a finite one is right")
    return schedule


def _check_types(kind: type[keras.optimizers.Optimizer], arguments: Mapping[str, Any]) -> None:
    """Refuses what is no number where Keras, which does not look, would fail at the first step."""
    parameters = inspect.signature(kind.__init__).parameters
    of_all = inspect.signature(keras.optimizers.Optimizer.__init__).parameters
    for name, value in arguments.items():
        default = parameters[name].default if name in parameters else None
        takes_others = isinstance(default, str) or (default is None and name not in of_all)
        if (isinstance(value, str) and not isinstance(default, str)) or (
            isinstance(value, (list, dict)) and not takes_others
        ):
            right = "true or false" if isinstance(default, bool) else "a number"
            raise ConfigError(f"optimizer.{name}: {value!r} is no value for {kind.__name__}; {right} is right")
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"optimizer.{name}: {value} is not finite; a finite number is right")


def optimizer_class(name: str) -> type[keras.optimizers.Optimizer]:
    """Returns Keras' optimizer of that name, in any case.

    Raises:
        ConfigError: There is none.
    """
    kinds = {
        key.lower(): kind
        for key, kind in vars(keras.optimizers).items()
        if isinstance(kind, type) and issubclass(kind, keras.optimizers.Optimizer) and key != "Optimizer"
    }
    if name.lower() not in kinds:
        raise ConfigError(f"optimizer.name: Keras has no optimizer '{name}'{nearest(name, kinds)}")
    return kinds[name.lower()]
