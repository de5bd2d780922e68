"""What the configured loss expects of targets and outputs, known from its name before TensorFlow is imported."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

AUTO = "auto"
"""Chooses the loss, or the metrics, that fit the target."""
ALIASES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "bfce": "binary_focal_crossentropy",
    "kld": "kl_divergence",
    "logcosh": "log_cosh",
    "log_cosh_error": "log_cosh",
}
FAMILIES = {
    "sparse_categorical_crossentropy": "sparse",
    "categorical_crossentropy": "categorical",
    "categorical_focal_crossentropy": "categorical",
    "categorical_generalized_cross_entropy": "sparse",
    "categorical_hinge": "categorical",
    "kl_divergence": "categorical",
    "binary_crossentropy": "binary",
    "binary_focal_crossentropy": "binary",
    "hinge": "margin",
    "squared_hinge": "margin",
    "mean_squared_error": "regression",
    "mean_absolute_error": "regression",
    "mean_absolute_percentage_error": "regression",
    "mean_squared_logarithmic_error": "regression",
    "root_mean_squared_error": "regression",
    "huber": "regression",
    "log_cosh": "regression",
    "poisson": "regression",
}
"""What the Keras losses are for: class ids, one-hot rows, 0/1 values, -1/1 values with a margin, or numbers."""


@dataclass(frozen=True)
class LossKind:
    """A loss as the config names it.

    Attributes:
        name: Its full name in snake case; `auto` for the one that fits the target.
        from_logits: Whether it expects outputs before sigmoid or softmax.
    """

    name: str = AUTO
    from_logits: bool = False

    @property
    def family(self) -> str | None:
        """What it is for, see `FAMILIES`; None for `auto` and for unknown losses."""
        return FAMILIES.get(self.name)


def loss_kind(value: Any) -> LossKind:
    """Returns the kind of the loss that the config gives one output, by name or by `_target_`."""
    if isinstance(value, Mapping):
        return LossKind(spelled_out(str(value.get("_target_", "")).rpartition(".")[2]), bool(value.get("from_logits")))
    return LossKind(spelled_out(str(value)))


def loss_kinds(loss: Any, targets: Sequence[str]) -> dict[str, LossKind]:
    """Returns the loss of each target, as far as the config alone determines it.

    Args:
        loss: The config's `loss`: one loss for all, a list by position, or a mapping by output name.
        targets: The names of the targets in order.
    """
    if isinstance(loss, Mapping) and "_target_" not in loss:
        return {name: loss_kind(loss[name]) for name in targets if loss.get(name) is not None}
    if isinstance(loss, Sequence) and not isinstance(loss, str):
        return {n: loss_kind(value) for n, value in zip(targets, loss, strict=False) if value is not None}
    return {} if loss is None else {name: loss_kind(loss) for name in targets}


def spelled_out(name: str) -> str:
    """Returns the name of a loss, in any form, in Keras' snake case."""
    known = name.lower()
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return ALIASES.get(known, snake)
