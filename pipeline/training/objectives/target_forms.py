"""The forms in which losses and metrics expect a target and its output, and the conversions to them.

Keras expects its user to provide class ids for `sparse_` losses and metrics, one-hot rows for `categorical_` ones, and
0 or 1 with the probability of the positive class for AUC, precision and the like.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from pipeline.data.target import IDS, LABELS, ONE_HOT, UNKNOWN, Shape, TargetSpec

Converted = tuple[Any, Any, Any]
Convert = Callable[[Any, Any, Any], Converted]
"""Takes and returns the true values, predictions and sample weights (None for none) of a batch."""


@dataclass(frozen=True)
class OutputForm:
    """The form of a target and its output.

    Attributes:
        target: The target.
        output: The shape of one example of the output.
        activation: What turns the output into probabilities: `sigmoid`, `softmax`, or nothing.
    """

    target: TargetSpec
    output: Shape
    activation: str = ""

    @property
    def of_classes(self) -> bool:
        """Whether both hold mutually exclusive classes."""
        one_hot_output = self.target.kind == UNKNOWN and not self.column and self._has_units
        return one_hot_output or (self.target.exclusive and (self.column or self._has_units))

    @property
    def column(self) -> bool:
        """Whether the output has one unit per position: for the second of two classes, or for a number."""
        return self.output in (self.target.positions, (*self.target.positions, 1))

    @property
    def classes(self) -> int:
        """The number of classes that the output distinguishes."""
        return 2 if self.column else int(self.output[-1] or 1)

    @property
    def positive(self) -> int | None:
        """The id of the positive class; None to take each of several classes against the others."""
        return self.target.positive_class

    @property
    def _has_units(self) -> bool:
        return len(self.output) == len(self.target.positions) + 1

    def as_ids(self, truth: Any, predicted: Any, weights: Any) -> Converted:
        """Class ids of shape (rows,), and one column per class."""
        return self._ids(truth), self._columns(predicted), self._weights(predicted, weights)

    def as_one_hot(self, truth: Any, predicted: Any, weights: Any) -> Converted:
        """One-hot rows, and one column per class."""
        rows = keras.ops.one_hot(self._ids(truth), self.classes)
        return rows, self._columns(predicted), self._weights(predicted, weights)

    def as_positive(self, truth: Any, predicted: Any, weights: Any) -> Converted:
        """0 or 1 and the probability, both of shape (rows, 1), for the positive class."""
        return self._of_class(self.positive or 0, truth, predicted, weights)

    def as_second(self, truth: Any, predicted: Any, weights: Any) -> Converted:
        """The same for the second class, which an output with one unit represents."""
        return self._of_class(1, truth, predicted, weights)

    def as_predicted(self, truth: Any, predicted: Any, weights: Any) -> Converted:
        """True and predicted class ids of shape (rows,)."""
        chosen = keras.ops.argmax(self._columns(predicted), axis=-1)
        return self._ids(truth), chosen, self._weights(predicted, weights)

    def as_labels(self, truth: Any, predicted: Any, weights: Any) -> Converted:
        """Rows of 0s and 1s, and of probabilities, of shape (rows, labels); (rows, 1) if each label has a weight."""
        labels = int(self.output[-1] or 1)
        if _of_each_label(weights, predicted):
            return keras.ops.reshape(truth, (-1, 1)), keras.ops.reshape(predicted, (-1, 1)), _in_a_row(weights)
        return (
            keras.ops.reshape(truth, (-1, labels)),
            keras.ops.reshape(predicted, (-1, labels)),
            self._weights(predicted, weights),
        )

    def as_counted_labels(self, truth: Any, predicted: Any, weights: Any) -> Converted:
        """The same, but labels of weight 0 are neither true nor predicted, for scores computed label by label."""
        if not _of_each_label(weights, predicted):
            return self.as_labels(truth, predicted, weights)
        counts = keras.ops.cast(keras.ops.cast(weights, "float32") > 0, "float32")
        return self.as_labels(keras.ops.cast(truth, "float32") * counts, predicted * counts, None)

    def as_predicted_labels(self, truth: Any, predicted: Any, weights: Any) -> Converted:
        """0 or 1 for each true and predicted label, of shape (rows * labels,)."""
        labels = int(self.output[-1] or 1)
        if _of_each_label(weights, predicted):
            repeated = _in_a_row(weights)
        else:
            given = self._weights(predicted, weights)
            repeated = None if given is None else keras.ops.repeat(given, labels)
        chosen = keras.ops.cast(keras.ops.reshape(predicted, (-1,)) > 0.5, "int32")
        return keras.ops.cast(keras.ops.reshape(truth, (-1,)), "int32"), chosen, repeated

    def as_values(self, truth: Any, predicted: Any, weights: Any) -> Converted:
        """Numbers, with the true ones in the shape of the predicted ones."""
        return keras.ops.reshape(truth, keras.ops.shape(predicted)), predicted, weights

    def probabilities(self, predicted: Any) -> Any:
        """Returns the output as probabilities."""
        if not self.activation:
            return predicted
        made = getattr(keras.activations, self.activation)(keras.ops.convert_to_tensor(predicted))
        return with_mask(made, mask_of(predicted))

    def _of_class(self, index: int, truth: Any, predicted: Any, weights: Any) -> Converted:
        is_class = keras.ops.cast(keras.ops.equal(self._ids(truth), index), "float32")
        if self.column:
            second = keras.ops.reshape(predicted, (-1, 1))
            # The logit of one class is the negative of the other's.
            probability = second if index == 1 else -second if self.activation else 1 - second
        else:
            probability = self._columns(predicted)[:, index : index + 1]
        return keras.ops.expand_dims(is_class, -1), probability, self._weights(predicted, weights)

    def _ids(self, truth: Any) -> Any:
        truth = keras.ops.convert_to_tensor(truth)
        if self.target.kind == ONE_HOT:
            truth = keras.ops.argmax(truth, axis=-1)
        return keras.ops.cast(keras.ops.reshape(truth, (-1,)), "int32")

    def _columns(self, predicted: Any) -> Any:
        if not self.column:
            return keras.ops.reshape(predicted, (-1, self.classes))
        second = keras.ops.reshape(predicted, (-1, 1))
        other = keras.ops.zeros_like(second) if self.activation else 1 - second
        return keras.ops.concatenate([other, second], axis=-1)

    def _weights(self, predicted: Any, weights: Any) -> Any:
        """Returns one weight per row, including the mask of the output."""
        mask = mask_of(predicted)
        if weights is None and mask is None:
            return None
        shape = keras.ops.shape(predicted)[: len(self.target.positions) + 1]
        rows = keras.ops.ones(shape, "float32")
        for part in (weights, mask):
            if part is not None:
                rows = rows * aligned(keras.ops.cast(part, "float32"), len(shape))
        return keras.ops.reshape(rows, (-1,))


def _of_each_label(weights: Any, predicted: Any) -> bool:
    return weights is not None and len(weights.shape) == len(predicted.shape)


def _in_a_row(weights: Any) -> Any:
    return keras.ops.reshape(keras.ops.cast(weights, "float32"), (-1,))


def aligned(weights: Any, rank: int) -> Any:
    """Returns weights with as many axes as what they weight: adds trailing axes of size 1, or removes one."""
    weights = keras.ops.convert_to_tensor(weights)
    while len(weights.shape) > rank and weights.shape[-1] == 1:
        weights = keras.ops.squeeze(weights, axis=-1)
    while len(weights.shape) < rank:
        weights = keras.ops.expand_dims(weights, axis=-1)
    return weights


def mask_of(tensor: Any) -> Any:
    """Returns the mask that a layer such as `Masking` attached to an output, or None."""
    return getattr(tensor, "_keras_mask", None)


def with_mask(tensor: Any, mask: Any) -> Any:
    """Returns a tensor with a mask attached, as layers do."""
    if mask is not None:
        tensor._keras_mask = mask
    return tensor


def of_labels(form: OutputForm) -> bool:
    """Whether target and output hold labels that are not mutually exclusive."""
    return form.target.kind == LABELS and form.output == form.target.shape


def plain_ids(form: OutputForm) -> bool:
    """Whether the target is one class id per example, as most of Keras expects."""
    return form.target.kind in (IDS, UNKNOWN) and not form.target.per_position
