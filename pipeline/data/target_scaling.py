"""The scaling of numeric targets: mean and deviation of the training split, undone inside the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.config.loss_kinds import AUTO, LossKind
from pipeline.data.examples import Examples, labelled
from pipeline.data.spec import DataSpec
from pipeline.data.splits import Splits
from pipeline.data.streams import Data
from pipeline.data.target import LINK, LOG, MOST_NUMBERS, NUMBERS, STANDARD, TargetScaling, TargetSpec
from pipeline.errors import ConfigError, DataError, did_you_mean, nearest

NONE = "none"
METHODS = (AUTO, STANDARD, LOG, NONE)
SCALABLE = (AUTO, "mean_squared_error", "mean_absolute_error", "huber", "log_cosh")
"""Losses that depend only on differences, which keep their meaning for scaled numbers."""


def check_method(key: str, method: Any) -> None:
    """Raises a `ConfigError` with the nearest name if the scaling is unknown."""
    if method not in METHODS:
        raise ConfigError(
            f"{key}: expected {', '.join(METHODS[:-1])} or {NONE}, got '{method}'{did_you_mean(str(method), METHODS)}"
        )


def method_by_target(given: Any, names: list[str]) -> dict[str, str]:
    """Returns the scaling of each target from the config's `target_scaling`.

    Raises:
        ConfigError: A scaling or a target is unknown.
    """
    if not isinstance(given, Mapping):
        check_method("target_scaling", given)
        return dict.fromkeys(names, given)
    for name, method in given.items():
        if name not in names:
            raise ConfigError(f"target_scaling.{name}: no target '{name}'{nearest(str(name), names)}")
        check_method(f"target_scaling.{name}", method)
    return {name: given.get(name, AUTO) for name in names}


def with_scaling(splits: Splits, given: Any, losses: Mapping[str, LossKind]) -> Splits:
    """Returns the splits with the scaling of numeric targets computed from the training split.

    Args:
        splits: The splits with settled targets.
        given: The config's `target_scaling`.
        losses: The loss of each target; `auto` scales where the loss is one of `SCALABLE`.

    Raises:
        ConfigError: A configured scaling is not possible.
        DataError: A number has no logarithm.
    """
    before = splits.train.spec.targets
    scalings: dict[str, TargetScaling] = {}
    for name, method in method_by_target(given, list(before)).items():
        loss = losses.get(name)
        chosen = method
        if method == AUTO and loss is not None and loss.name == "poisson" and _is_scalable(before[name], splits.train):
            scaling = _of_counts(splits.train, name)
            scalings |= {name: scaling} if scaling is not None else {}
            continue
        if method == AUTO:
            fits = _is_scalable(before[name], splits.train) and loss is not None and loss.name in SCALABLE
            chosen = STANDARD if fits else NONE
        if chosen != NONE:
            scalings[name] = _scaling(_key(name, given), name, chosen, before[name], loss, splits)
    if not scalings:
        return splits
    return Splits(**{part: _with(data, scalings) for part, data in splits.present()})


def _key(name: str, given: Any) -> str:
    return f"target_scaling.{name}" if isinstance(given, Mapping) else "target_scaling"


def _with(data: Data, scalings: Mapping[str, TargetScaling]) -> Data:
    targets = {n: replace(t, scaling=scalings.get(n)) for n, t in data.spec.targets.items()}
    return replace(data, spec=DataSpec(data.spec.inputs, targets))


def _is_scalable(target: TargetSpec, data: Data) -> bool:
    linear = target.kind == NUMBERS and target.activation == "linear"
    return linear and None not in target.shape and isinstance(data, Examples)


def _scaling(
    key: str, name: str, method: str, target: TargetSpec, loss: LossKind | None, splits: Splits
) -> TargetScaling:
    data = splits.train
    if not isinstance(data, Examples):
        raise ConfigError(f"{key}: '{method}' needs the training split in memory, but it is a stream; use {NONE}")
    if not _is_scalable(target, data):
        raise ConfigError(
            f"{key}: '{method}' is for numbers, but the kind of target '{name}' is {target.kind}; use {NONE}"
        )
    if method == LOG and loss is not None and loss.name not in SCALABLE:
        raise ConfigError(f"{key}: '{LOG}' cannot be combined with loss={loss.name}; use loss=mean_squared_error")
    shift = _shift(key, name, splits) if method == LOG else 0.0
    values = _values(data, name).astype("float64")
    values = np.log(values + shift) if method == LOG else values
    each = len(target.shape) == 1 and values.size and values.shape[-1] <= MOST_NUMBERS
    axis = 0 if each else None
    mean, deviation = np.atleast_1d(values.mean(axis=axis)), np.atleast_1d(values.std(axis=axis))
    # Rounding errors of equal values are no deviation.
    same = deviation <= 1e-12 * np.abs(mean)
    return TargetScaling(method, tuple(mean.tolist()), tuple(np.where(same, 1.0, deviation).tolist()), shift)


def _of_counts(data: Data, name: str) -> TargetScaling | None:
    """Returns the link of an output to counts; None if there are negative numbers, or only zeros."""
    assert isinstance(data, Examples)
    values = _values(data, name).astype("float64")
    if (values < 0).any() or not values.any():
        return None
    return TargetScaling(LINK, (float(np.log(values.mean())),), (1.0,))


def check_logarithms(data: Examples) -> None:
    """Refuses numbers without a logarithm in other data if a model was trained on logarithms.

    Raises:
        DataError: There is such a number.
    """
    for name, target in data.spec.targets.items():
        if target.scaling is None or target.scaling.method != LOG:
            continue
        wrong = np.flatnonzero((_values(data, name) + target.scaling.shift <= 0).reshape(-1))
        if len(wrong):
            least = float(_values(data, name).min())
            raise DataError(
                f"target '{name}': expected numbers {'of 0 or more' if target.scaling.shift else 'above 0'}, as the "
                "model "
                f"was trained with target_scaling={LOG}, got {least:g}"
            )


def _values(data: Examples, name: str) -> np.ndarray:
    there = labelled(data, name)
    values = data.targets[name] if there is None else data.targets[name][there]
    return values if len(values) else np.zeros((1, *values.shape[1:]))


def _shift(key: str, name: str, splits: Splits) -> float:
    """Returns 1 if any split has zeros, else 0."""
    zeros = False
    for part, data in splits.present():
        if isinstance(data, Examples):
            values = _values(data, name)
            if (values < 0).any():
                raise DataError(
                    f"{key}: '{LOG}' is for numbers of 0 or more, but target '{name}' of the {part} split has "
                    f"{values.min():g}; use {STANDARD}"
                )
            zeros = zeros or bool((values == 0).any())
    return 1.0 if zeros else 0.0
