"""Losses and metrics, from Keras by name or by `_target_`, for each output, by position or by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from pipeline import components
from pipeline.errors import ConfigError, nearest, one_line

PLAIN_METRICS = {"accuracy", "acc", "crossentropy", "ce"}
"""Names that Keras resolves by the shapes of an output, rather than to one metric."""


def by_output(key: str, value: Any, outputs: Sequence[str]) -> dict[str, Any]:
    """Returns what a config key says of each output, by name; outputs it says nothing of are left out.

    Args:
        key: The config key, for messages.
        value: Something for the only output, a list by position (null for none), or a mapping by output name.
        outputs: The model's outputs in order.

    Raises:
        ConfigError: A list of another length, an output that the model lacks, or one value for several outputs.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping) and "_target_" not in value:
        for name in value:
            if name not in outputs:
                raise ConfigError(f"{key}.{name}: the model has no output '{name}'{nearest(str(name), outputs)}")
        return {name: item for name, item in value.items() if item is not None}
    if len(outputs) == 1:
        only = value[0] if isinstance(value, list) and len(value) == 1 and key == "loss" else value
        return {outputs[0]: only}
    if not isinstance(value, list) or len(value) != len(outputs):
        found = f"{len(value)} items" if isinstance(value, list) else repr(value)
        raise ConfigError(
            f"{key}: {found} for the {len(outputs)} outputs {', '.join(outputs)}; "
            "one for each, by position or name, is right"
        )
    return {name: item for name, item in zip(outputs, value, strict=True) if item is not None}


def build_loss(key: str, value: Any) -> Any:
    """Returns a loss that Keras takes.

    Raises:
        ConfigError: Keras has no loss of that name, or the target refused its arguments.
    """
    if isinstance(value, Mapping):
        loss = components.build(key, value)
        if not callable(loss):
            raise ConfigError(
                f"{key}: {value['_target_']} gave a {type(loss).__name__}; a keras.losses.Loss or a function is right"
            )
        return loss
    check_loss_name(key, value)
    return keras.losses.get(value)


def built_losses(value: Any, outputs: Sequence[str]) -> dict[str, Any]:
    """Returns the losses of the config's `loss` by output name, see `by_output` and `build_loss`."""
    return {name: build_loss("loss", loss) for name, loss in by_output("loss", value, outputs).items()}


def build_metrics(key: str, value: Any) -> list[Any]:
    """Returns the metrics of one output, a name, a `_target_` or a list of such.

    Raises:
        ConfigError: Keras has no metric of that name, or the target refused its arguments.
    """
    metrics = []
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        place = f"{key}[{index}]" if isinstance(value, list) else key
        if isinstance(item, Mapping):
            metric = components.build(place, item)
            if not callable(metric):
                raise ConfigError(
                    f"{place}: {item['_target_']} gave a {type(metric).__name__}; a keras.metrics.Metric or a function "
                    "is right"
                )
            metrics.append(metric)
        else:
            check_metric_name(place, item)
            metrics.append(item)
    return metrics


def check_loss_name(key: str, name: Any) -> None:
    """Raises a `ConfigError` with the nearest name if Keras has no such loss."""
    _check_name(key, name, "loss", keras.losses, _names(keras.losses))


def check_metric_name(key: str, name: Any) -> None:
    """Raises a `ConfigError` with the nearest name if Keras has no such metric."""
    if not isinstance(name, str) or name not in PLAIN_METRICS:
        _check_name(key, name, "metric", keras.metrics, {*_names(keras.metrics), *PLAIN_METRICS})


def _check_name(key: str, name: Any, what: str, module: Any, valid: set[str]) -> None:
    if not isinstance(name, str):
        raise ConfigError(f"{key}: {name!r} is no {what}; a name, or a mapping with a _target_, is right")
    try:
        module.get(name)
    except (TypeError, ValueError) as error:
        if name in valid or "argument" in str(error):
            kind = f"keras.{what}{'es' if what == 'loss' else 's'}.…"
            raise ConfigError(
                f"{key}: Keras' {what} '{name}' needs arguments; {{_target_: {kind}, …}} is right: {one_line(error)}"
            ) from error
        raise ConfigError(f"{key}: Keras has no {what} '{name}'{nearest(name, valid)}") from error


def loss_name(loss: Any) -> str:
    """Returns the name of a loss in snake case, as Keras spells it."""
    name = getattr(loss, "__name__", None) or type(loss).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in str(name)).lstrip("_")


def _names(module: Any) -> set[str]:
    return {
        name for name in vars(module) if not name.startswith("_") and name not in ("get", "serialize", "deserialize")
    }
