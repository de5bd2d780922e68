"""Gives probabilities to metrics that Keras builds from names, if the model gives logits.

For an output with one unit, Keras makes `metrics=["accuracy"]` a `BinaryAccuracy` with the threshold 0.5, even if the
output gives logits: for those, 0.5 means the probability 0.62. Metrics that the user built are left as they are.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras.src.trainers.compile_utils import CompileLoss, CompileMetrics

from pipeline.config.loss_kinds import FAMILIES
from pipeline.training.objectives.formed import OF_SCORES, OF_THRESHOLDS
from pipeline.training.objectives.losses import is_of_keras, loss_name
from pipeline.training.objectives.target_forms import mask_of, with_mask

Activation = Callable[[Any], Any]
ACTIVATIONS: dict[str, Activation] = {
    "binary": keras.ops.sigmoid,
    "categorical": keras.ops.softmax,
    "sparse": keras.ops.softmax,
}
"""The function that turns logits into probabilities, by the family of the loss."""
OF_PROBABILITIES = {
    *OF_THRESHOLDS,
    *OF_SCORES,
    "BinaryAccuracy",
    "BinaryIoU",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "KLDivergence",
}
"""Metrics whose values differ for logits. Those that look for the highest number are not among them."""
FUNCTIONS_OF_PROBABILITIES = {
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "sparse_categorical_crossentropy",
    "kl_divergence",
}


@contextmanager
def probabilities_given(model: keras.Model) -> Iterator[None]:
    """Inside the context, metrics that Keras built from names get probabilities instead of logits.

    Afterwards the model is as before, so that its own methods behave as in Keras.
    """
    metrics = getattr(model, "_compile_metrics", None)
    if type(metrics) is not CompileMetrics:
        yield
        return
    vars(metrics)["_losses"] = model._compile_loss
    metrics.__class__ = _OfProbabilities
    try:
        yield
    finally:
        metrics.__class__ = CompileMetrics
        del vars(metrics)["_losses"]


class _OfProbabilities(CompileMetrics):  # type: ignore[misc]
    _losses: Any

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if not self.built:
            self.build(y_true, y_pred)
        with self._converting(y_pred):
            super().update_state(y_true, y_pred, sample_weight)

    @contextmanager
    def _converting(self, y_pred: Any) -> Iterator[None]:
        activations = _activations(self._losses, y_pred)
        by_user = {id(part) for part in keras.tree.flatten([self._user_metrics, self._user_weighted_metrics])}
        by_user -= {id(None)}
        outputs = self._flatten_y(y_pred)
        converting = []
        for of_output, output in zip([*self._flat_metrics, *self._flat_weighted_metrics], outputs * 2, strict=False):
            activation = activations.get(id(output))
            if of_output is None or activation is None:
                continue
            for metric in of_output.metrics:
                if id(metric) not in by_user and id(getattr(metric, "_fn", None)) not in by_user and _converts(metric):
                    vars(metric)["update_state"] = functools.partial(_updated, metric.update_state, activation)
                    converting.append(metric)
        try:
            yield
        finally:
            for metric in converting:
                del vars(metric)["update_state"]


def _updated(
    update: Callable[..., None], activation: Activation, y_true: Any, y_pred: Any, sample_weight: Any = None
) -> None:
    probabilities = activation(keras.ops.cast(y_pred, "float32"))
    update(y_true, with_mask(probabilities, mask_of(y_pred)), sample_weight=sample_weight)


def _converts(metric: Any) -> bool:
    if type(metric) is keras.metrics.MeanMetricWrapper:
        return is_of_keras(metric._fn) and getattr(metric._fn, "__name__", "") in FUNCTIONS_OF_PROBABILITIES
    return is_of_keras(type(metric)) and type(metric).__name__ in OF_PROBABILITIES


def _activations(losses: Any, y_pred: Any) -> dict[int, Activation]:
    """Returns the functions that turn logits into probabilities, by the identity of the output."""
    if not isinstance(losses, CompileLoss) or not losses.built:
        return {}
    flat = keras.tree.flatten(y_pred)
    of_losses = [_activation(found.loss) for found in losses._flat_losses]
    if len(flat) == 1:
        return {id(flat[0]): made for made in of_losses[:1] if made is not None}
    if not any(of_losses):
        return {}
    try:
        keras.tree.assert_same_structure(losses._y_pred_build_structure, y_pred)
    except ValueError:
        y_pred = keras.tree.pack_sequence_as(losses._y_pred_build_structure, flat)
    found = {}
    for (path, *_), activation in zip(losses._flat_losses, of_losses, strict=True):
        output = functools.reduce(lambda part, key: part[key], path, y_pred)
        if activation is not None:
            found[id(output)] = activation
    return found


def _activation(loss: Any) -> Activation | None:
    """Returns the function that turns the logits of a Keras loss into probabilities; None for any other loss."""
    function: Any = getattr(loss, "fn", loss)
    arguments = dict(getattr(loss, "_fn_kwargs", {}))
    if isinstance(function, functools.partial):
        arguments = function.keywords
        function = function.func
    if not arguments.get("from_logits", getattr(loss, "from_logits", False)) or not is_of_keras(function):
        return None
    return ACTIVATIONS.get(FAMILIES.get(loss_name(function), ""))
