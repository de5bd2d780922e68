"""The output of a model as probabilities of classes or labels, whatever form its loss takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.config.loss_kinds import FAMILIES
from pipeline.data.spec import TargetSpec
from pipeline.data.target import LABELS, NUMBERS
from pipeline.training.objectives.losses import loss_name


def class_probabilities(value: np.ndarray, target: TargetSpec | None, loss: Any) -> np.ndarray | None:
    """Returns the probabilities of mutually exclusive classes.

    Args:
        value: The model's output: (examples, *positions, classes), or a single unit for the second of two classes.
        target: The target; None if it has none.
        loss: The loss of the output, which shows whether it gives logits; None if it has none.

    Returns:
        Shape (examples, *positions, classes), or None if the output does not represent classes.
    """
    name = "" if loss is None else loss_name(loss)
    logits = bool(getattr(loss, "from_logits", False)) or name in ("hinge", "squared_hinge")
    if target is not None and target.kind == LABELS:
        return None
    positions = target.positions if target is not None else ()
    column = value.shape[1:] in (positions, (*positions, 1))
    if column:
        if not (target is not None and target.exclusive) and not name.startswith("binary_"):
            return None
        flat = value.reshape(*value.shape[: len(positions) + 1], 1)
        second = 1 / (1 + np.exp(-flat)) if logits else flat
        return np.concatenate([1 - second, second], axis=-1)
    if value.ndim != len(positions) + 2 or not ("categorical" in name or (target is not None and target.exclusive)):
        return None
    if not logits:
        return value
    if FAMILIES.get(name) in ("binary", "margin"):
        return np.asarray(1 / (1 + np.exp(-value)))
    shifted = np.exp(value - value.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def label_probabilities(value: np.ndarray, target: TargetSpec | None, loss: Any) -> np.ndarray | None:
    """Returns the probabilities of labels that are not mutually exclusive; None if the output has no such labels.

    Args:
        value: The model's output: (examples, *positions, labels).
        target: The target; None if it has none.
        loss: The loss of the output.
    """
    if target is None or value.shape[1:] != target.shape:
        return None
    binary = loss is not None and loss_name(loss).startswith("binary_") and len(target.shape) == 1 != target.shape[0]
    if target.kind != LABELS and not (binary and target.kind == NUMBERS):
        return None
    return 1 / (1 + np.exp(-value)) if getattr(loss, "from_logits", False) else value


def class_names(target: TargetSpec | None, count: int) -> tuple[str, ...]:
    """Returns the names of the classes or labels of an output: the target's names, or numbers if it has none."""
    known = target.classes if target is not None and target.classes and len(target.classes) <= count else ()
    return (*known, *(str(index) for index in range(len(known), count)))
