"""Trivial baselines: the scores of predictions that are the same for every example."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.data.examples import Examples, class_ids, weights_like
from pipeline.data.spec import Shape, TargetSpec
from pipeline.data.splits import Splits
from pipeline.data.streams import Data
from pipeline.data.target import LABELS, NUMBERS, UNKNOWN
from pipeline.evaluation.constants import MOST, Constants, constants_of
from pipeline.evaluation.measures import Truth, counted, measures
from pipeline.training.objectives.losses import built_losses, loss_name
from pipeline.training.objectives.target_forms import OutputForm
from pipeline.training.signature import Signature

log = logging.getLogger(__name__)

Baseline = dict[str, dict[str, float | str]]
"""The scores of each trivial predictor by its name: `majority_class`, `class_frequencies`, `mean`, `median`."""


def add_baselines(metrics: dict[str, dict[str, Any]], splits: Splits, signature: Signature, loss: Any) -> list[str]:
    """Adds the scores of trivial predictions to the metrics, and logs one line per output.

    Args:
        metrics: The contents of `metrics.json`, by split. `baseline` is added to each.
        splits: The data of the run, with sample weights.
        signature: The model's signature.
        loss: The config's `loss`.

    Returns:
        One line for each baseline that is missing, saying why.
    """
    found, notes = baselines(splits, list(metrics), signature, built_losses(loss, signature, splits.train.spec))
    _add(metrics, found, signature)
    return notes


def add_baselines_of_training(
    metrics: dict[str, dict[str, Any]],
    data: Data,
    constants: Mapping[str, Constants],
    signature: Signature,
    loss: Any,
) -> list[str]:
    """Adds baselines for data other than the run's own splits, using the constants saved by training.

    Args:
        metrics: The contents of `metrics.json`, which has the data under a single name.
        data: The data, with sample weights.
        constants: The result of `training_constants`, by output.
        signature: The model's signature.
        loss: The config's `loss`.

    Returns:
        One line for each baseline that is missing, saying why.
    """
    (name,) = metrics
    losses = built_losses(loss, signature, data.spec)
    if not isinstance(data, Examples):
        return ["there is no baseline for the data: it is streamed, not in memory"]
    found: dict[str, Baseline] = {}
    notes = []
    for output, kind in _kinds(data, signature, losses).items():
        known = constants.get(output)
        if kind is not None and known is not None:
            truth, classes = truth_of(data, output, kind), _names(data.spec.targets[output], kind)
            if known.fits(truth, len(classes)):
                found[output] = baseline(known, truth, classes)
                continue
        notes.append(f"there is no baseline for output '{output}': the training saved no constants for it")
    _add(metrics, {name: found} if found else {}, signature)
    return notes


def training_constants(train: Data, signature: Signature, loss: Any) -> dict[str, Constants]:
    """Returns, by output, what trivial predictors learn from a weighted training split, if it is in memory."""
    if not isinstance(train, Examples):
        return {}
    kinds = _kinds(train, signature, built_losses(loss, signature, train.spec))
    truths = {output: truth_of(train, output, kind) for output, kind in kinds.items() if kind is not None}
    found = {
        output: constants_of(truth)
        for output, truth in truths.items()
        if truth.kind == "classes" or truth.values.shape[1] <= MOST
    }
    return {output: constants for output, constants in found.items() if constants is not None}


def baselines(
    splits: Splits, names: Sequence[str], signature: Signature, losses: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Baseline]], list[str]]:
    """Returns the baselines by split and output, and one line for each that is missing.

    The constants come from the training split: its majority class and class frequencies, its mean and median. Examples
    of weight 0 do not count. If a split has other sample weights, there are also baselines with the prefix `weighted_`,
    for which both the training split and this split are weighted.

    Args:
        splits: The data of the run, with sample weights.
        names: The splits that are evaluated.
        signature: The model's signature.
        losses: The loss of each output by name, which shows whether it has classes, labels or numbers.
    """
    notes, found = [], {name: dict[str, Baseline]() for name in names}
    if not isinstance(splits.train, Examples):
        return {}, ["there is no baseline to compare with: the training split is streamed, not in memory"]
    held = {name: data for name, data in splits.present() if name in names}
    for name, data in held.items():
        if not isinstance(data, Examples):
            notes.append(f"there is no baseline for the {name} split: it is streamed, not in memory")
    for output, kind in _kinds(splits.train, signature, losses).items():
        if kind is None:
            notes.append(f"there is no baseline for output '{output}': its target has neither classes nor numbers")
            continue
        constants = constants_of(truth_of(splits.train, output, kind))
        for name, data in held.items():
            if isinstance(data, Examples):
                classes = _names(splits.train.spec.targets[output], kind)
                found[name][output] = baseline(constants, truth_of(data, output, kind), classes)
    return {name: by_output for name, by_output in found.items() if by_output}, notes


def baseline(constants: Constants | None, truth: Truth, classes: tuple[str, ...] = ()) -> Baseline:
    """Returns the scores of the training split's constants on a split; empty if no example counts.

    Args:
        constants: Those of the training split; None if none of its examples counts.
        truth: The target in the split.
        classes: Names of the classes.
    """
    if constants is None or not len(truth.values):
        return {}
    found = _measured(constants.plain, truth, classes, None)
    if truth.weights is not None:
        weighted = _measured(constants.weighted, truth, classes, truth.weights)
        found |= {f"weighted_{name}": values for name, values in weighted.items()}
    return found


def _kinds(data: Examples, signature: Signature, losses: Mapping[str, Any]) -> dict[str, str | None]:
    """Returns the result of `kind_of` for each output that has a loss; None if it has no target."""
    targets = data.spec.targets
    found = {
        output: kind_of(targets[output], loss, signature.outputs[output]) if output in targets else None
        for output, loss in losses.items()
    }
    of_shares = {
        name
        for name, kind in found.items()
        if kind == "classes" and targets[name].kind == NUMBERS and not np.isin(data.targets[name], (0, 1)).all()
    }
    return found | dict.fromkeys(of_shares, "numbers")


def _add(metrics: dict[str, dict[str, Any]], found: Mapping[str, Mapping[str, Baseline]], signature: Signature) -> None:
    for name, by_name in found.items():
        metrics[name]["baseline"] = dict(by_name)
    for name in list(found)[-1:]:
        lines = {output: line for output, baseline in found[name].items() if (line := _in_a_line(baseline))}
        for output, line in lines.items():
            of = f"{output} " if len(signature.outputs) > 1 else ""
            log.info("baseline   %s%s on the %s", of, line, name if name == "data" else f"{name} split")


def kind_of(target: TargetSpec, loss: Any, output: Shape) -> str | None:
    """Returns whether a target has `classes`, `labels` or `numbers`; None for any other kind.

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
    """Returns the true values of an output. If it has positions, each one counts as an example.

    Args:
        examples: A split.
        output: Its name.
        kind: The result of `kind_of`.
    """
    spec, values, weights = examples.spec.targets[output], examples.targets[output], examples.weights.get(output)
    if kind == "classes" and spec.exclusive:
        with np.errstate(invalid="ignore"):
            # Missing values have weight 0.
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
    constants: Mapping[str, list[float]], truth: Truth, classes: tuple[str, ...], weights: np.ndarray | None
) -> Baseline:
    if truth.kind == "numbers":
        mean, median = np.array(constants["mean"]), np.array(constants["median"])
        found: Baseline = {"mean": {**measures(truth, _same(mean, truth), weights)}}
        of_median = measures(truth, _same(median, truth), weights)
        return found | {"median": {"mean_absolute_error": of_median["mean_absolute_error"]}}
    frequencies = np.array(constants["frequencies"])
    if truth.kind == "classes":
        most = max(len(classes), int(truth.values.max()) + 1)
        frequencies = np.pad(frequencies, (0, max(0, most - len(frequencies))))
    values = measures(truth, _same(frequencies, truth), weights)
    log_loss = values.pop("log_loss")
    majority: dict[str, float | str] = {**values}
    if truth.kind == "classes":
        index = int(frequencies.argmax())
        majority = {"class": classes[index] if index < len(classes) else str(index), **majority}
    return {"majority_class": majority, "class_frequencies": {"log_loss": log_loss}}


def _same(constant: np.ndarray, truth: Truth) -> np.ndarray:
    return np.broadcast_to(constant, (len(truth.values), *constant.shape))
