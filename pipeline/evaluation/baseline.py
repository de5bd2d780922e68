"""Trivial baselines: how well predictions do that are the same for every example."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.data.examples import Examples, class_ids, weights_like
from pipeline.data.spec import Shape, TargetSpec
from pipeline.data.splits import Splits
from pipeline.data.target import LABELS, UNKNOWN
from pipeline.evaluation.measures import Truth, counted, measures
from pipeline.training.objectives import built_losses, loss_name
from pipeline.training.signature import Signature
from pipeline.training.target_forms import OutputForm

log = logging.getLogger(__name__)

Baseline = dict[str, dict[str, float | str]]
"""What each trivial predictor measures, by its name: `majority_class`, `class_frequencies`, `mean`, `median`."""


def add_baselines(metrics: dict[str, dict[str, Any]], splits: Splits, signature: Signature, loss: Any) -> list[str]:
    """Puts what trivial predictions measure beside what the model does, and says it in a line for the only output.

    Args:
        metrics: What `metrics.json` will hold, by split, to which `baseline` is added.
        splits: The data of the run, weighed.
        signature: The model's signature.
        loss: The config's `loss`.

    Returns:
        A line for each baseline that there is not.
    """
    found, notes = baselines(splits, list(metrics), signature, built_losses(loss, signature, splits.train.spec))
    for name, by_name in found.items():
        metrics[name]["baseline"] = by_name
    for name in list(found)[-1:] if len(signature.outputs) == 1 else ():
        line = _in_a_line(next(iter(found[name].values())))
        if line:
            log.info("baseline   %s on the %s split", line, name)
    return notes


def baselines(
    splits: Splits, names: Sequence[str], signature: Signature, losses: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Baseline]], list[str]]:
    """Returns the baselines of splits by split and output, and a line for each that there is not.

    The constants are those of the training split: its majority class and class frequencies, its mean and median.
    Examples of weight 0 do not count. Where a split has other sample weights, there are baselines with `weighted_` in
    front too, for which training and split are both weighted.

    Args:
        splits: The data of the run, weighed.
        names: The splits that are evaluated.
        signature: The model's signature.
        losses: Loss of each output by name, which tells classes from labels and from numbers.
    """
    notes, found = [], {name: dict[str, Baseline]() for name in names}
    if not isinstance(splits.train, Examples):
        return {}, ["there is no baseline to compare with, as the training split is drawn and not in memory"]
    held = {name: data for name, data in splits.present() if name in names}
    for name, data in held.items():
        if not isinstance(data, Examples):
            notes.append(f"there is no baseline for the {name} split, which is drawn and not in memory")
    for output in losses:
        spec = splits.train.spec.targets.get(output)
        kind = None if spec is None else kind_of(spec, losses[output], signature.outputs[output])
        if spec is None or kind is None:
            notes.append(f"there is no baseline for output '{output}': its target is of neither classes nor numbers")
            continue
        train = truth_of(splits.train, output, kind)
        for name, data in held.items():
            if isinstance(data, Examples):
                truth = truth_of(data, output, kind)
                found[name][output] = baseline(train, truth, _names(spec, kind))
    return {name: by_output for name, by_output in found.items() if by_output}, notes


def baseline(train: Truth, truth: Truth, classes: tuple[str, ...] = ()) -> Baseline:
    """Returns what constants of the training split measure on a split; empty where no example counts.

    Args:
        train: The target in the training split.
        truth: The target in the split.
        classes: Names of the classes.
    """
    if not len(train.values) or not len(truth.values):
        return {}
    found = _measured(train, truth, classes, None, None)
    if truth.weights is not None:
        weighted = _measured(train, truth, classes, train.weights, truth.weights)
        found |= {f"weighted_{name}": values for name, values in weighted.items()}
    return found


def kind_of(target: TargetSpec, loss: Any, output: Shape) -> str | None:
    """Returns whether a target is of `classes`, `labels` or `numbers`; None for another one.

    Args:
        target: The target.
        loss: Its loss.
        output: Shape of one example of the model's output.
    """
    name = loss_name(loss) if loss is not None else ""
    if target.dtype == "string" or None in target.shape:
        return None
    form = OutputForm(target, output)
    if target.kind == LABELS:
        return "labels"
    if target.exclusive:
        return "classes" if form.of_classes else None
    if target.kind == UNKNOWN or name.startswith("binary_") or "categorical" in name:
        return "classes" if target.example_size() == 1 else "labels" if name.startswith("binary_") else None
    return "numbers"


def truth_of(examples: Examples, output: str, kind: str) -> Truth:
    """Returns the true values of an output, each position of one that has many as an example of its own.

    Args:
        examples: A split.
        output: Its name.
        kind: What `kind_of` gave.
    """
    spec, values, weights = examples.spec.targets[output], examples.targets[output], examples.weights.get(output)
    if kind == "classes" and spec.exclusive:
        with np.errstate(invalid="ignore"):
            # What is missing has weight 0.
            values = class_ids(examples, output)
        weights = None if weights is None else weights_like(weights, values).ravel()
        values = values.ravel()
    elif kind == "classes":
        values = values.reshape(len(values)).astype("int64")
    else:
        size = values.shape[-1] if kind == "labels" and values.ndim > 1 else values.size // max(1, len(values))
        rows = values.reshape(-1, size)
        if weights is not None and len(rows) > len(values):
            weights = weights_like(weights, values[..., 0]).ravel()
        elif weights is not None and weights.ndim > 1:
            weights = weights.reshape(len(weights), -1).mean(axis=1)
        values = rows
    return counted(kind, values, weights)[0]


def _in_a_line(found: Baseline) -> str:
    if "majority_class" in found:
        return f"accuracy {found['majority_class']['accuracy']:.4f} (majority class)"
    if "median" in found:
        return f"mean_absolute_error {found['median']['mean_absolute_error']:.4g} (training median)"
    return ""


def _names(spec: TargetSpec, kind: str) -> tuple[str, ...]:
    return (spec.classes or ("0", "1")) if kind == "classes" else ()


def _measured(
    train: Truth,
    truth: Truth,
    classes: tuple[str, ...],
    train_weights: np.ndarray | None,
    weights: np.ndarray | None,
) -> Baseline:
    if truth.kind == "numbers":
        mean = np.average(train.values.astype("float64"), axis=0, weights=train_weights)
        median = _median(train.values.astype("float64"), train_weights)
        found: Baseline = {"mean": {**measures(truth, _same(mean, truth), weights)}}
        of_median = measures(truth, _same(median, truth), weights)
        return found | {"median": {"mean_absolute_error": of_median["mean_absolute_error"]}}
    if truth.kind == "labels":
        frequencies = np.average(train.values > 0.5, axis=0, weights=train_weights)
    else:
        most = max(len(classes), int(train.values.max()) + 1, int(truth.values.max()) + 1)
        counts = np.bincount(train.values, train_weights, minlength=most)
        frequencies = counts / counts.sum()
    values = measures(truth, _same(frequencies, truth), weights)
    log_loss = values.pop("log_loss")
    majority: dict[str, float | str] = {**values}
    if truth.kind == "classes":
        index = int(frequencies.argmax())
        majority = {"class": classes[index] if index < len(classes) else str(index), **majority}
    return {"majority_class": majority, "class_frequencies": {"log_loss": log_loss}}


def _same(constant: np.ndarray, truth: Truth) -> np.ndarray:
    return np.broadcast_to(constant, (len(truth.values), *constant.shape))


def _median(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Returns the median of each column: with weights, the value below which half of the weight is."""
    if weights is None:
        return np.asarray(np.median(values, axis=0))
    order = values.argsort(axis=0, kind="stable")
    reached = weights[order].cumsum(axis=0) >= weights.sum() / 2
    return np.take_along_axis(values, np.take_along_axis(order, reached.argmax(axis=0)[None], axis=0), axis=0)[0]
