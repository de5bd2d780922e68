"""Losses and metrics for each output, from Keras by name or by `_target_`, given by position or by output name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from pipeline.config import components
from pipeline.config.loss_kinds import AUTO, spelled_out
from pipeline.data.spec import DataSpec, Shape, TargetSpec
from pipeline.data.target import IDS, LABELS, ONE_HOT, UNKNOWN
from pipeline.errors import ConfigError, DataError, nearest, one_line, with_article
from pipeline.training.objectives.partials import as_loss
from pipeline.training.objectives.target_forms import OutputForm
from pipeline.training.signature import Signature

PLAIN_METRICS = {"accuracy", "acc", "crossentropy", "ce"}
"""Names whose meaning depends on target and output."""
COUNTING = ("IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU")
"""Metrics that Keras builds by name only with a number of classes, which is taken from the target here."""


def settings_by_output(key: str, value: Any, outputs: Sequence[str]) -> dict[str, Any]:
    """Returns the value of a config key for each output, by name. Outputs without a value are left out.

    Args:
        key: The config key, for messages.
        value: A single value for the only output, a list by position (null for none), or a mapping by output name.
        outputs: The model's outputs in order.

    Raises:
        ConfigError: A list has the wrong length, an output does not exist, or one value is given for several outputs.
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
            f"{key}: expected one value per output, by position or name, for the {len(outputs)} outputs "
            f"{', '.join(outputs)}, got {found}"
        )
    return {name: item for name, item in zip(outputs, value, strict=True) if item is not None}


def build_loss(key: str, value: Any) -> Any:
    """Returns a loss in a form that Keras accepts.

    Raises:
        ConfigError: Keras has no loss of that name, or `_target_` refused its arguments.
    """
    if isinstance(value, Mapping):
        loss = as_loss(key, components.build(key, value))
        if not callable(loss):
            raise ConfigError(
                f"{key}: expected a keras.losses.Loss or a function from {value['_target_']}, got {with_article(loss)}"
            )
        return loss
    check_loss_name(key, value)
    return keras.losses.get(value)


def check_loss_name(key: str, name: Any) -> None:
    """Raises a `ConfigError` with the nearest name if Keras has no such loss."""
    if name == AUTO:
        return
    _check_name(key, name, "loss", keras.losses, _names(keras.losses))


def check_metric_name(key: str, name: Any) -> None:
    """Raises a `ConfigError` with the nearest name if Keras has no such metric."""
    known = {*PLAIN_METRICS, AUTO}
    if not isinstance(name, str) or not (name in known or metric_class(name) in COUNTING):
        _check_name(key, name, "metric", keras.metrics, {*_names(keras.metrics), *PLAIN_METRICS})


def _check_name(key: str, name: Any, what: str, module: Any, valid: set[str]) -> None:
    if not isinstance(name, str):
        raise ConfigError(f"{key}: expected the name of a {what}, or a mapping with a _target_, got {name!r}")
    try:
        found = metric_class(name) if what == "metric" else None
        if found is None:
            module.get(name)
        else:
            getattr(module, found)()
    except (TypeError, ValueError) as error:
        if name in valid or "argument" in str(error):
            kind = f"keras.{what}{'es' if what == 'loss' else 's'}.…"
            raise ConfigError(
                f"{key}: Keras' {what} '{name}' needs arguments; write {{_target_: {kind}, …}}: {one_line(error)}"
            ) from error
        raise ConfigError(f"{key}: Keras has no {what} '{name}'{nearest(name, valid)}") from error


def metric_class(name: str) -> str | None:
    """Returns the class in `keras.metrics` that a name means, ignoring case and underscores."""
    classes = {n.lower(): n for n in _names(keras.metrics) if n[0].isupper()}
    return classes.get(name.replace("_", "").lower())


def loss_name(loss: Any) -> str:
    """Returns the name of a loss in snake case, in Keras' spelling."""
    name = getattr(loss, "__name__", None) or type(loss).__name__
    return spelled_out(str(name))


def objective_name(objective: Any) -> str:
    """Returns the name of a loss or a metric."""
    return objective if isinstance(objective, str) else str(getattr(objective, "name", None) or loss_name(objective))


def is_of_keras(objective: Any) -> bool:
    """Whether a loss or metric is Keras' own code."""
    module = getattr(objective, "__module__", None) or type(objective).__module__
    return str(module).partition(".")[0] == "keras"


def auto_loss(key: str, target: TargetSpec, output: Shape) -> str:
    """Returns the name of the loss that suits a target and its output.

    Raises:
        ConfigError: It is unknown whether whole numbers in a stream are classes.
    """
    if target.kind == LABELS:
        return "binary_crossentropy"
    form = OutputForm(target, output)
    if target.exclusive and form.column:
        if len(target.classes or ()) > 2:
            raise DataError(
                f"{key}: the target has {len(target.classes or ())} classes, but the output has one unit; use one unit "
                "per class, data.classes=0 for numbers, or weighting.missing=ID for an id that is not a class"
            )
        return "binary_crossentropy"
    if target.kind == UNKNOWN and form.column:
        raise ConfigError(
            f"{key}: auto cannot tell whether the target holds classes; set data.classes, or the name of a loss"
        )
    if target.kind in (IDS, UNKNOWN):
        return "sparse_categorical_crossentropy"
    return "categorical_crossentropy" if target.kind == ONE_HOT else "mean_squared_error"


def losses_of(loss: Any, signature: Signature, spec: DataSpec) -> dict[str, Any]:
    """Returns the config's losses by output name, with `auto` replaced by a suitable one, none of them built.

    Raises:
        ConfigError: See `settings_by_output` and `auto_loss`.
    """
    outputs = list(signature.outputs)
    if loss == AUTO:
        loss = {name: AUTO for name in outputs if name in spec.targets}
    given = settings_by_output("loss", loss, outputs)
    return {
        n: auto_loss(key_of("loss", n, outputs), spec.targets[n], signature.outputs[n])
        if value == AUTO and n in spec.targets
        else value
        for n, value in given.items()
    }


def built_losses(loss: Any, signature: Signature, spec: DataSpec) -> dict[str, Any]:
    """Returns the config's losses by output name, built; see `losses_of` and `build_loss`."""
    outputs = list(signature.outputs)
    return {n: build_loss(key_of("loss", n, outputs), v) for n, v in losses_of(loss, signature, spec).items()}


def key_of(key: str, output: str, outputs: Sequence[str]) -> str:
    """Returns the config key of an output's value, as messages name it."""
    return key if len(outputs) == 1 else f"{key}.{output}"


def _names(module: Any) -> set[str]:
    return {
        name for name in vars(module) if not name.startswith("_") and name not in ("get", "serialize", "deserialize")
    }
