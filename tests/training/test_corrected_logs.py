"""What steps of ours measure otherwise than Keras: losses of outputs by examples, named metrics by probabilities."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import pipeline

SIZE, BATCH = 22, 4
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(SIZE, 3)).astype("float32")
SCORE = GENERATOR.normal(size=(SIZE, 1)).astype("float32")
KIND = GENERATOR.integers(0, 3, SIZE)
WEIGHTS = np.linspace(0, 2, SIZE).astype("float32")
LOSS_WEIGHTS = {"score": 2.0, "kind": 0.5}
SPARSE = "sparse_categorical_crossentropy"
ARGUMENTS: dict[str, Any] = {"batch_size": BATCH, "verbose": 0}


def two_outputs(**compiled: Any) -> keras.Model:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3,))
    score = keras.layers.Dense(1, name="score", kernel_regularizer="l2")(inputs)
    kind = keras.layers.Dense(3, activation="softmax", name="kind")(inputs)
    model = keras.Model(inputs, {"score": score, "kind": kind})
    model.compile("sgd", {"score": "mse", "kind": SPARSE}, loss_weights=LOSS_WEIGHTS, **compiled)
    return model


TARGETS = {"score": SCORE, "kind": KIND}


def penalty(model: keras.Model) -> float:
    return float(sum(model.losses))


@pytest.mark.parametrize("weights", [None, {"score": WEIGHTS, "kind": WEIGHTS[::-1].copy()}], ids=["plain", "weighted"])
def test_losses_of_outputs_add_up_to_the_whole_in_a_short_last_batch(weights: Any) -> None:
    model = two_outputs()
    data = (X, TARGETS) if weights is None else (X, TARGETS, weights)
    batches = tf.data.Dataset.from_tensor_slices(data).batch(BATCH)
    found = pipeline.evaluate(model, batches, verbose=0, return_dict=True)
    weighted = sum(weight * found[f"{name}_loss"] for name, weight in LOSS_WEIGHTS.items())
    assert weighted + penalty(model) == pytest.approx(found["loss"], rel=1e-5)
    eager = two_outputs(run_eagerly=True).evaluate(batches, verbose=0, return_dict=True)
    assert found == pytest.approx(eager, rel=1e-5)


def test_losses_of_outputs_are_those_that_keras_tells_where_it_knows_the_size_of_batches() -> None:
    arguments = {**ARGUMENTS, "x": X, "y": TARGETS, "epochs": 2, "shuffle": False, "validation_split": 0.3}
    eager = two_outputs(run_eagerly=True).fit(**arguments).history
    for compiled in ({}, {"run_eagerly": True}):
        history = pipeline.fit(two_outputs(**compiled), **arguments).history
        assert list(history) == list(eager)
        for name, values in eager.items():
            assert history[name] == pytest.approx(values, rel=1e-5), name


def test_masked_losses_of_outputs_add_up_too() -> None:
    inputs = keras.Input((5, 3))
    masked = keras.layers.Masking()(inputs)
    outputs = [keras.layers.TimeDistributed(keras.layers.Dense(1), name=name)(masked) for name in ("a", "b")]
    model = keras.Model(inputs, outputs)
    model.compile("sgd", ["mse", "mae"])
    x = GENERATOR.normal(size=(SIZE, 5, 3)).astype("float32")
    x[::2, 3:] = 0
    x[-2:, 1:] = 0
    y = [x.sum(axis=2, keepdims=True), x[:, :, :1]]
    found = pipeline.evaluate(model, x, y, **ARGUMENTS, return_dict=True)
    assert found["a_loss"] + found["b_loss"] == pytest.approx(found["loss"], rel=1e-5)


def test_losses_of_keras_itself_are_as_ever_after_a_fit_of_ours() -> None:
    arguments = {**ARGUMENTS, "x": X, "y": TARGETS, "shuffle": False}
    before, after = two_outputs(), two_outputs()
    pipeline.fit(after, **arguments)
    before.fit(**arguments)
    before.set_weights(after.get_weights())
    assert type(after._compile_loss) is type(before._compile_loss)
    assert [type(metric) for metric in after.metrics] == [type(metric) for metric in before.metrics]
    assert after.evaluate(X, TARGETS, **ARGUMENTS, return_dict=True) == pytest.approx(
        before.evaluate(X, TARGETS, **ARGUMENTS, return_dict=True), rel=1e-6
    )


def scores(units: int = 1, **compiled: Any) -> keras.Model:
    """A model of logits, many of which are between 0 and 0.5."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(units)(inputs))
    model.compile("sgd", **compiled)
    return model


POSITIVE = (X.sum(axis=1, keepdims=True) + 0.3 > 0).astype("float32")
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)


def measured(model: keras.Model, y: Any, evaluate: Callable[..., Any] = pipeline.evaluate) -> dict[str, float]:
    return evaluate(model, X, y, **ARGUMENTS, return_dict=True)


def of_probabilities(model: keras.Model, y: Any, metrics: dict[str, keras.metrics.Metric]) -> dict[str, float]:
    logits = model.predict(X, verbose=0)
    probabilities = keras.ops.sigmoid(logits) if logits.shape[1] == 1 else keras.ops.softmax(logits)
    for metric in metrics.values():
        metric.update_state(y, probabilities)
    return {name: float(metric.result()) for name, metric in metrics.items()}


@pytest.mark.parametrize("loss", [BINARY, keras.losses.BinaryFocalCrossentropy(from_logits=True)])
def test_metrics_by_name_of_binary_logits_are_those_of_probabilities(loss: Any) -> None:
    names = ["accuracy", "binary_accuracy", "auc", "precision", "recall", "bce", "true_positives"]
    model = scores(loss=loss, metrics=names)
    of = keras.metrics
    expected = of_probabilities(
        model,
        POSITIVE,
        {
            "accuracy": of.BinaryAccuracy(),
            "binary_accuracy": of.BinaryAccuracy(),
            "auc": of.AUC(),
            "precision": of.Precision(),
            "recall": of.Recall(),
            "bce": of.BinaryCrossentropy(),
            "true_positives": of.TruePositives(),
        },
    )
    found = measured(model, POSITIVE)
    assert {name: found[name] for name in names} == pytest.approx(expected, rel=1e-5)
    assert found["accuracy"] != pytest.approx(measured(model, POSITIVE, keras.Model.evaluate)["accuracy"])


def test_metrics_by_name_of_logits_of_classes_are_those_of_probabilities() -> None:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = scores(3, loss=loss, metrics=["accuracy", "sparse_categorical_crossentropy"])
    of = keras.metrics
    metrics = {"accuracy": of.SparseCategoricalAccuracy(), SPARSE: of.SparseCategoricalCrossentropy()}
    found = measured(model, KIND)
    assert {name: found[name] for name in metrics} == pytest.approx(of_probabilities(model, KIND, metrics), rel=1e-5)
    assert found[SPARSE] == pytest.approx(found["loss"], rel=1e-5)


def test_metrics_of_the_users_own_are_left_as_they_are() -> None:
    def compiled() -> dict[str, Any]:
        of = keras.metrics
        given = [of.BinaryAccuracy(), of.AUC(name="area"), of.binary_crossentropy, "mse", "hinge"]
        return {"loss": BINARY, "metrics": given, "weighted_metrics": [of.BinaryAccuracy(threshold=0.0, name="own")]}

    theirs = measured(scores(**compiled()), POSITIVE, keras.Model.evaluate)
    assert measured(scores(**compiled()), POSITIVE) == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize("loss", ["mse", keras.losses.BinaryCrossentropy(), lambda y, p: (y - p) ** 2])
def test_metrics_by_name_of_other_outputs_are_those_of_keras(loss: Any) -> None:
    compiled = {"loss": loss, "metrics": ["accuracy", "auc"], "weighted_metrics": ["binary_accuracy"]}
    theirs = measured(scores(**compiled), POSITIVE, keras.Model.evaluate)
    assert measured(scores(**compiled), POSITIVE) == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize("form", ["dict", "list"])
def test_only_outputs_of_logits_are_converted(form: str) -> None:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3,))
    dense = keras.layers.Dense
    outputs = {"z": dense(1, name="z")(inputs), "a": dense(1, activation="sigmoid", name="a")(inputs)}
    by_name = form == "dict"
    model = keras.Model(inputs, outputs if by_name else list(outputs.values()))
    losses = {"z": BINARY, "a": "binary_crossentropy"}
    model.compile("sgd", losses if by_name else list(losses.values()), metrics={"z": ["accuracy"], "a": ["accuracy"]})
    y: Any = {"z": POSITIVE, "a": POSITIVE} if by_name else [POSITIVE, POSITIVE]
    found = measured(model, y)
    predicted = keras.tree.flatten(model.predict(X, verbose=0)) if not by_name else model.predict(X, verbose=0)
    logits, probabilities = (predicted["z"], predicted["a"]) if by_name else predicted
    assert found["z_accuracy"] == pytest.approx(np.mean((logits > 0) == POSITIVE))
    assert found["a_accuracy"] == pytest.approx(np.mean((probabilities > 0.5) == POSITIVE))


def test_the_model_is_left_as_it_was_for_keras(tmp_path: Any) -> None:
    compiled = {"loss": BINARY, "metrics": ["accuracy", "auc"], "weighted_metrics": ["accuracy"]}
    before, after = scores(**compiled), scores(**compiled)
    pipeline.fit(after, X, POSITIVE, **ARGUMENTS, validation_split=0.2)
    before.set_weights(after.get_weights())
    theirs = measured(before, POSITIVE, keras.Model.evaluate)
    assert measured(after, POSITIVE, keras.Model.evaluate) == theirs
    config = after.get_compile_config()
    assert {k: v for k, v in config.items() if k != "optimizer"} == {
        k: v for k, v in before.get_compile_config().items() if k != "optimizer"
    }
    after.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert measured(loaded, POSITIVE, keras.Model.evaluate) == pytest.approx(theirs, rel=1e-6)
    assert measured(loaded, POSITIVE) == pytest.approx(measured(after, POSITIVE), rel=1e-6)
