"""The metrics of an output: built by name or by `_target_`, with defaults that follow from target and output."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from pipeline.config import components
from pipeline.config.loss_kinds import AUTO, spelled_out
from pipeline.data.target import LABELS, NUMBERS, TargetSpec
from pipeline.errors import ConfigError, with_article
from pipeline.training.objectives.formed import OF_SCORES, OF_THRESHOLDS, FormedMetric, formed_metric, parts_of
from pipeline.training.objectives.losses import COUNTING, check_metric_name, is_of_keras, metric_class, objective_name
from pipeline.training.objectives.partials import as_metric
from pipeline.training.objectives.target_forms import OutputForm, of_labels, plain_ids

OF_CORRELATION = ("PearsonCorrelation", "ConcordanceCorrelation", "CosineSimilarity")
"""Keras' default, the last axis, says nothing about an output with one unit."""


@dataclass(frozen=True)
class Metrics:
    """The metrics of one output.

    Attributes:
        used: The metrics that the model is compiled with.
        saved: The metrics that are saved with the model: those for which plain Keras gives the same values.
    """

    used: list[Any]
    saved: list[Any]


def together(some: Metrics | None, others: Metrics) -> Metrics:
    """Returns all metrics, where those of the first win over those of the second with the same name."""
    if some is None:
        return others
    names = [[objective_name(metric) for metric in metrics] for metrics in (some.used, some.saved)]
    used = [metric for metric in others.used if objective_name(metric) not in names[0]]
    return Metrics([*some.used, *used], [*some.saved, *(m for m in others.saved if objective_name(m) not in names[1])])


def build_metrics(key: str, value: Any, form: OutputForm | None) -> Metrics:
    """Returns the metrics of one output, from a name, a `_target_` or a list of them.

    Args:
        key: The config key, for messages.
        value: The config value.
        form: The form of target and output; None for an output without a target, or for a model with its own code for
            metrics, whose metrics stay as they are.

    Raises:
        ConfigError: Keras has no metric of that name, or `_target_` refused its arguments.
    """
    used, saved = [], []
    suited = ["accuracy"] if form is None else auto_metrics(form.target)
    places = [(f"{key}[{i}]", item) for i, item in enumerate(value)] if isinstance(value, list) else [(key, value)]
    for place, item in ((place, one) for place, given in places for one in (suited if given == AUTO else [given])):
        metric, given = _built(place, item, form)
        if form is None or not _is_of_keras(metric):
            used.append(metric)
            saved.append(metric)
            continue
        formed = formed_metric(metric, given, form)
        names = _value_names(metric, form)
        used += parts_of(formed, names) if names else [formed]
        if not isinstance(formed, FormedMetric) and not names:
            saved.append(metric)
    return Metrics(used, saved)


def _built(place: str, item: Any, form: OutputForm | None) -> tuple[Any, frozenset[str]]:
    if isinstance(item, Mapping):
        metric = as_metric(place, components.build(place, item))
        if not callable(metric):
            raise ConfigError(
                f"{place}: expected a keras.metrics.Metric or a function from {item['_target_']}, got "
                f"{with_article(metric)}"
            )
        given = frozenset(item) - components.NOT_ARGUMENTS
        if isinstance(metric, keras.metrics.Metric) and _is_of_keras(metric):
            if "name" not in given and type(metric) is not keras.metrics.MeanMetricWrapper:
                # Keras would number metrics across all outputs, and across everything else in the process.
                metric.name = spelled_out(type(metric).__name__)
            if form is not None:
                _set_defaults(metric, given, form)
        return metric, given
    check_metric_name(place, item)
    if form is None:
        return item, frozenset()
    if metric_class(str(item)) in COUNTING and not (form.of_classes or of_labels(form)):
        raise ConfigError(f"{place}: {item} needs classes, but the target has none; set data.classes=N if it has")
    return _by_name(str(item), form), frozenset()


def _by_name(name: str, form: OutputForm) -> keras.metrics.Metric:
    kind = _plain(name, form) or metric_class(name)
    if kind is None:
        metric = keras.metrics.get(name)
        metric = metric if isinstance(metric, keras.metrics.Metric) else keras.metrics.MeanMetricWrapper(metric)
    else:
        metric = getattr(keras.metrics, kind)(**(_counting(kind, form) if kind in COUNTING else {}))
    metric.name = name
    _set_defaults(metric, frozenset(), form)
    return metric


def _counting(kind: str, form: OutputForm) -> dict[str, Any]:
    """Returns the arguments of a metric that needs the number of classes."""
    classes = 2 if of_labels(form) else form.classes
    if kind not in ("IoU", "OneHotIoU"):
        return {"num_classes": classes}
    return {"num_classes": classes, "target_class_ids": range(classes) if form.positive is None else [form.positive]}


def _plain(name: str, form: OutputForm) -> str | None:
    """Returns the class for `accuracy` or `crossentropy`, which depends on target and output."""
    known = {"accuracy": "Accuracy", "acc": "Accuracy", "crossentropy": "Crossentropy", "ce": "Crossentropy"}
    if name not in known:
        return None
    if of_labels(form) or (form.of_classes and form.column):
        return f"Binary{known[name]}"
    if form.of_classes:
        return f"SparseCategorical{known[name]}" if plain_ids(form) else f"Categorical{known[name]}"
    if form.column:
        return f"Binary{known[name]}"
    same = len(form.output) == len(form.target.shape)
    return f"Categorical{known[name]}" if same else f"SparseCategorical{known[name]}"


def _set_defaults(metric: keras.metrics.Metric, given: frozenset[str], form: OutputForm) -> None:
    """Sets F-scores to count what is more likely than not and to give one number, and correlations to use examples."""
    kind = type(metric).__name__
    if kind in OF_CORRELATION and "axis" not in given and (form.column or form.positive is not None):
        metric._fn_kwargs["axis"] = metric.axis = 0
    if kind not in OF_SCORES or "threshold" in given:
        return
    if of_labels(form) or (form.of_classes and form.positive is not None):
        metric.threshold = 0.5
    if "average" not in given and (of_labels(form) or form.positive is None):
        metric.average = "macro"


def auto_metrics(target: TargetSpec) -> list[str]:
    """Returns the names of the metrics that suit a target."""
    if target.kind != NUMBERS:
        return ["binary_accuracy" if target.kind == LABELS else "accuracy"]
    # Keras has R2 only for rows of numbers.
    few = len(target.shape) < 2 and None not in target.shape and target.activation == "linear"
    return ["mean_absolute_error", "r2_score"] if few else ["mean_absolute_error"]


def _value_names(metric: keras.metrics.Metric, form: OutputForm) -> list[str]:
    """Returns a name for each value of a metric with several values; empty for a metric with one."""
    kind = type(metric).__name__
    if kind in OF_THRESHOLDS - {"AUC"} and hasattr(metric, "init_thresholds"):
        thresholds = metric.init_thresholds
        several = isinstance(thresholds, (list, tuple)) and len(thresholds) > 1
        return [f"{metric.name}_{value:g}" for value in thresholds] if several else []
    if kind in OF_SCORES and metric.average is None:
        if form.of_classes and form.positive is not None:
            return [metric.name]
        classes = form.target.classes
        count = len(classes) if of_labels(form) and classes else form.classes
        labels = classes if classes is not None and len(classes) == count else [str(index) for index in range(count)]
        return [f"{metric.name}_{_word(label)}" for label in labels]
    return []


def _word(label: str) -> str:
    return re.sub(r"\W+", "_", label).strip("_") or "_"


def _is_of_keras(metric: Any) -> bool:
    measured = metric._fn if type(metric) is keras.metrics.MeanMetricWrapper else type(metric)
    return isinstance(metric, keras.metrics.Metric) and is_of_keras(measured)
