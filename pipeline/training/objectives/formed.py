"""Keras' losses and metrics, given targets and outputs in the form that they expect."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import keras

from pipeline.training.objectives.target_forms import (
    Convert,
    OutputForm,
    aligned,
    mask_of,
    of_labels,
    plain_ids,
    with_mask,
)

OF_IDS = {"SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy"}
OF_ONE_HOT = {
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "TopKCategoricalAccuracy",
    "CategoricalHinge",
    "OneHotIoU",
    "OneHotMeanIoU",
}
OF_PREDICTED = {"Accuracy", "IoU", "MeanIoU"}
OF_SCORES = {"F1Score", "FBetaScore"}
OF_THRESHOLDS = {
    "AUC",
    "Precision",
    "Recall",
    "PrecisionAtRecall",
    "RecallAtPrecision",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
    "TruePositives",
    "TrueNegatives",
    "FalsePositives",
    "FalseNegatives",
}
AS_THEY_COME = {*OF_THRESHOLDS, "BinaryAccuracy", "BinaryIoU", "MeanSquaredError", "MeanAbsoluteError"}
"""Metrics that take class ids of shape (batch,) with an output of shape (batch, 1)."""
OF_MARGIN = {"Hinge", "SquaredHinge", "CategoricalHinge"}
OF_TWO_AXES = {"R2Score", *OF_SCORES}
OF_NUMBERS = {
    "MeanSquaredError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "RootMeanSquaredError",
    "LogCoshError",
    "Poisson",
}
"""Metrics in which every number counts by itself."""
ELEMENTWISE = re.compile(r"mean_|root_|huber|log_cosh|poisson")
"""Losses in which every number counts by itself."""


class FormedMetric(keras.metrics.Metric):  # type: ignore[misc]
    """A metric whose targets and outputs are converted first.

    Args:
        inner: The metric.
        convert: The conversion.
    """

    def __init__(self, inner: keras.metrics.Metric, convert: Convert) -> None:
        super().__init__(name=inner.name, dtype=inner.dtype)
        self.inner = inner
        self._convert = convert
        self._direction = getattr(inner, "_direction", None)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """See `keras.metrics.Metric`."""
        truth, predicted, weights = self._convert(y_true, y_pred, sample_weight)
        self.inner.update_state(truth, predicted, sample_weight=weights)

    def result(self) -> Any:
        """See `keras.metrics.Metric`."""
        return self.inner.result()

    def reset_state(self) -> None:
        """See `keras.metrics.Metric`."""
        self.inner.reset_state()

    def get_config(self) -> dict[str, Any]:
        """Returns the config of the inner metric."""
        return dict(self.inner.get_config())


class MetricPart(keras.metrics.Metric):  # type: ignore[misc]
    """One of the values of a metric that has several, such as one per class or threshold.

    Args:
        whole: The metric.
        index: The index of the value.
        name: Its name.
        updates: Whether this part passes batches on to the metric. Exactly one part does.
    """

    def __init__(self, whole: keras.metrics.Metric, index: int, name: str, *, updates: bool) -> None:
        super().__init__(name=name, dtype=whole.dtype)
        # Only one part tracks the metric, or its variables would be listed twice.
        self._whole: Any = whole if updates else (lambda: whole)
        self._index = index
        self.updates = updates
        self._direction = getattr(whole, "_direction", None)

    @property
    def whole(self) -> keras.metrics.Metric:
        """The metric with several values."""
        return self._whole if self.updates else self._whole()

    @property
    def inner(self) -> keras.metrics.Metric:
        """The inner metric, without the conversion."""
        return getattr(self.whole, "inner", self.whole)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """See `keras.metrics.Metric`."""
        if self.updates:
            self._whole.update_state(y_true, y_pred, sample_weight=sample_weight)

    def result(self) -> Any:
        """See `keras.metrics.Metric`."""
        return keras.ops.reshape(self.whole.result(), (-1,))[self._index]

    def reset_state(self) -> None:
        """See `keras.metrics.Metric`."""
        if self.updates:
            self._whole.reset_state()


class FormedLoss(keras.losses.Loss):  # type: ignore[misc]
    """A loss whose targets and outputs are converted first.

    Args:
        inner: The loss.
        convert: The conversion.
    """

    def __init__(self, inner: keras.losses.Loss, convert: Convert) -> None:
        super().__init__(name=inner.name, reduction=inner.reduction)
        self.inner = inner
        self._convert = convert

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """See `keras.losses.Loss`."""
        truth, predicted, weights = self._convert(y_true, y_pred, sample_weight)
        return self.inner(truth, predicted, sample_weight=weights)


def formed_loss(loss: Any, family: str | None, name: str, form: OutputForm) -> Any:
    """Returns a loss that accepts the target as it is: the loss itself, or one that converts.

    Args:
        loss: A Keras loss.
        family: Its family, see `pipeline.config.loss_kinds.FAMILIES`.
        name: Its name in snake case.
        form: The form of target and output.
    """
    convert = _convert_for_loss(family, name, form)
    if convert is None:
        return loss
    return FormedLoss(as_keras_loss(loss, name), _keeping_mask(convert, form))


def as_keras_loss(loss: Any, name: str) -> keras.losses.Loss:
    """Returns a loss, which may be a function, as a Keras object."""
    if isinstance(loss, keras.losses.Loss):
        return loss
    from keras.src.losses.losses import LossFunctionWrapper

    return LossFunctionWrapper(loss, name=name)


def formed_metric(metric: keras.metrics.Metric, given: frozenset[str], form: OutputForm) -> keras.metrics.Metric:
    """Returns a metric that accepts target and output as they are: the metric itself, or one that converts.

    Args:
        metric: A Keras metric.
        given: The arguments that the config sets.
        form: The form of target and output.
    """
    kind = type(metric).__name__
    from_output = form.activation and kind not in OF_MARGIN and not getattr(metric, "from_logits", False)
    if not from_output or {"threshold", "thresholds", "from_logits"} & given:
        convert = _convert_for_metric(metric, kind, given, form)
        return metric if convert is None else FormedMetric(metric, convert)
    convert = _convert_for_metric(metric, kind, given, replace(form, activation=""))
    then = convert or (lambda truth, predicted, weights: (truth, predicted, weights))
    return FormedMetric(metric, lambda t, p, w: then(t, form.probabilities(p), w))


def parts_of(metric: keras.metrics.Metric, names: list[str]) -> list[keras.metrics.Metric]:
    """Returns a metric of several values as one metric per value."""
    return [MetricPart(metric, i, name, updates=i == 0) for i, name in enumerate(names)]


def _convert_for_metric(
    metric: keras.metrics.Metric, kind: str, given: frozenset[str], form: OutputForm
) -> Convert | None:
    flat = not form.target.per_position
    if of_labels(form):
        if kind in OF_PREDICTED:
            return form.as_predicted_labels
        if kind in OF_SCORES and form.target.missing:
            return form.as_counted_labels
        return None if flat and not form.target.missing else form.as_labels
    if not form.of_classes and form.target.missing and form.target.shape not in ((), (1,)):
        return _by_number if kind in OF_NUMBERS else None
    if not form.of_classes:
        scalar = form.column and form.target.shape == ()
        return form.as_values if scalar and kind in OF_TWO_AXES else None
    if kind in OF_IDS:
        return None if flat and plain_ids(form) and not form.column else form.as_ids
    if kind in OF_PREDICTED:
        return form.as_ids if "sparse_y_pred" in given and not metric.sparse_y_pred else form.as_predicted
    by_column = {"class_id", "top_k"} & given or {"multi_label", "num_labels"} & given
    if kind not in OF_ONE_HOT and form.positive is not None and not by_column:
        fits = flat and plain_ids(form) and form.column and form.positive == 1
        return None if fits and kind in AS_THEY_COME else form.as_positive
    return None if flat and form.target.one_hot and not form.column else form.as_one_hot


def _convert_for_loss(family: str | None, name: str, form: OutputForm) -> Convert | None:
    flat = not form.target.per_position
    if of_labels(form):
        return None if (flat and not form.target.missing) or family != "binary" else form.as_labels
    if not form.of_classes:
        several = form.target.shape not in ((), (1,)) and family == "regression" and ELEMENTWISE.match(name)
        return _by_number if several else None
    if family == "sparse":
        return None if flat and plain_ids(form) and not form.column else form.as_ids
    if family == "categorical":
        return None if flat and form.target.one_hot and not form.column else form.as_one_hot
    if family in ("binary", "margin", "regression"):
        if form.column:
            return None if flat and plain_ids(form) else form.as_second
        return None if flat and form.target.one_hot else form.as_one_hot
    return None


def _by_number(truth: Any, predicted: Any, weights: Any) -> tuple[Any, Any, Any]:
    """Numbers in any shape; one number per row if they have their own weights."""
    if weights is None:
        return truth, predicted, weights
    weights = keras.ops.convert_to_tensor(weights)
    rank = len(predicted.shape)
    if len(weights.shape) == 1:
        # Keras would mistake the examples for the last axis.
        return truth, predicted, aligned(weights, rank - 1)
    rows = keras.ops.broadcast_to(aligned(weights, rank), keras.ops.shape(predicted))
    flat = (keras.ops.reshape(value, (-1, 1)) for value in (truth, predicted))
    return (*flat, keras.ops.reshape(rows, (-1,)))


def _keeping_mask(convert: Convert, form: OutputForm) -> Convert:
    """Returns a conversion that keeps the output's mask, which Keras' losses divide by, instead of adding a weight."""

    def converted(truth: Any, predicted: Any, weights: Any) -> tuple[Any, Any, Any]:
        mask = mask_of(predicted)
        if mask is None:
            return convert(truth, predicted, weights)
        # Even adding zero would lose the mask.
        truth, output, weights = convert(truth, predicted + 0, weights)
        shape = keras.ops.shape(predicted)[: len(form.target.positions) + 1]
        rows = keras.ops.broadcast_to(aligned(keras.ops.cast(mask, "float32"), len(shape)), shape)
        return truth, with_mask(output, keras.ops.cast(keras.ops.reshape(rows, (-1,)), "bool")), weights

    return converted
