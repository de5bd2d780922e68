"""Classes of models that override what Keras lets users override."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tests.conformance.fuzz.recipes import Recipe


class Layered(keras.Model):  # type: ignore[misc]
    """A model of a chain of layers.

    Args:
        chain: The layers.
        unbuilt: A layer that is never called.
        add_loss: Whether outputs are kept small by a loss of the model's own.
        name: Its name.
    """

    def __init__(self, chain: list[Any], unbuilt: Any, add_loss: bool = False, name: str = "model") -> None:
        super().__init__(name=name)
        self.chain, self.unbuilt, self.adds_loss = chain, unbuilt, add_loss

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        given = keras.ops.cast(inputs, self.compute_dtype)
        for layer in self.chain:
            takes = isinstance(layer, (keras.layers.Dropout, keras.layers.BatchNormalization))
            given = layer(given, training=training) if takes else layer(given)
        if self.adds_loss:
            self.add_loss(0.01 * keras.ops.mean(keras.ops.square(given)))
        return given


def own_class(recipe: Recipe) -> Any:
    """Returns the class of a model, with the methods that the recipe overrides."""
    parts = [PARTS[name] for name in recipe.overrides if name in PARTS]
    kind = type("Own", (*parts, Layered), {})

    def made(chain: list[Any], unbuilt: Any, name: str) -> Any:
        return kind(chain, unbuilt, "add_loss" in recipe.extras, name)

    return made


class OwnTrainStep:
    """Trains by itself, and logs a value of its own."""

    def train_step(self: Any, data: Any) -> Any:
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            given = self(x, training=True)
            loss = self.compute_loss(x, y, given, weight)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"own": loss, **self.compute_metrics(x, y, given, weight)}


class OwnTestStep:
    """Logs a value of its own, of the last batch."""

    def test_step(self: Any, data: Any) -> Any:
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        given = self(x, training=False)
        return {"error": self.compute_loss(x, y, given, weight), "largest": keras.ops.max(given)}


class OwnPredictStep:
    """Gives two values."""

    def predict_step(self: Any, data: Any) -> Any:
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        given = self(x, training=False)
        return {"given": given, "twice": 2 * given}


class OwnComputeLoss:
    """Adds to the loss."""

    def compute_loss(
        self: Any, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        loss = super().compute_loss(x, y, y_pred, sample_weight, training=training)  # type: ignore[misc]
        return loss + 0.1 * keras.ops.cast(keras.ops.mean(keras.ops.abs(y_pred)), loss.dtype)


class OwnComputeMetrics:
    """Adds a value to the metrics."""

    def compute_metrics(self: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        values = super().compute_metrics(x, y, y_pred, sample_weight)  # type: ignore[misc]
        return {**values, "spread": keras.ops.std(y_pred)}


class OwnMetrics:
    """Has a metric of its own."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.size = keras.metrics.Mean(name="size")

    def compute_metrics(self: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        self.size.update_state(keras.ops.abs(y_pred))
        return super().compute_metrics(x, y, y_pred, sample_weight)  # type: ignore[misc]


PARTS = {
    "train_step": OwnTrainStep,
    "test_step": OwnTestStep,
    "predict_step": OwnPredictStep,
    "compute_loss": OwnComputeLoss,
    "compute_metrics": OwnComputeMetrics,
    "metrics": OwnMetrics,
}
