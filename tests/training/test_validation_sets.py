"""`validation_data` means what it means in Keras; several validation sets are given by name in `validation_sets`."""

import re
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import pipeline

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(22, 3)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("float32")


def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])
    made.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return made


def batches() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(4)


def autoencoder() -> keras.Model:
    """Two inputs by name, and a loss of its own, for which there are no targets."""
    keras.utils.set_random_seed(0)
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")

    class Error(keras.layers.Layer):  # type: ignore[misc]
        def call(self, both: Any) -> Any:
            self.add_loss(keras.ops.mean((both[0] - both[1]) ** 2))
            return both[0]

    decoded = keras.layers.Dense(3)(keras.layers.Dense(2)(keras.layers.Concatenate()([a, b])))
    made = keras.Model({"a": a, "b": b}, Error()([decoded, a]))
    made.compile("sgd")
    return made


def test_validation_data_of_inputs_by_name_without_targets_is_one_set() -> None:
    arguments = {
        "x": {"a": X, "b": 2 * X}, "validation_data": {"a": -X, "b": X}, "epochs": 2, "shuffle": False, "verbose": 0,
    }  # fmt: skip
    theirs = autoencoder().fit(**arguments).history
    ours = pipeline.fit(autoencoder(), **arguments).history
    assert list(ours) == list(theirs) == ["loss", "val_loss"]
    for name, values in theirs.items():
        assert ours[name] == pytest.approx(values, rel=1e-5)


def test_sets_by_name_are_measured_as_each_alone() -> None:
    sets = {"first": (X[:8], Y[:8]), "rest": batches().skip(2)}
    arguments = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
    history = pipeline.fit(model(), X, Y, **arguments, validation_sets=sets, validation_data=(X[:5], Y[:5])).history
    for prefix, data in {"val_": (X[:5], Y[:5]), "val_first_": sets["first"], "val_rest_": sets["rest"]}.items():
        alone = model().fit(X, Y, **arguments, validation_data=data).history
        for name in ("loss", "accuracy"):
            assert history[prefix + name] == pytest.approx(alone[f"val_{name}"], rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"validation_data": {"a": (X, Y), "b": (X, Y)}},
            "validation_data: expected one set, got a dict of a, b; use val",
        ),
        (
            {"validation_data": {"a": batches()}},
            "validation_data: expected one set, got a dict of a; use validation_sets",
        ),
        ({"validation_data": X}, "validation_data: expected targets as in (x, y)"),
        ({"validation_data": (X,)}, "validation_data: expected targets as in (x, y)"),
        ({"validation_data": batches().map(lambda x, y: x)}, "validation_data: expected targets as in (x, y)"),
        ({"validation_data": (X, Y, Y, Y)}, "validation_data: expected (x, y) or (x, y, sample_weight), got 4 parts"),
        ({"validation_sets": {"a": (X, Y), "b": X}}, "validation_sets['b']: expected targets as in (x, y)"),
        ({"validation_sets": {"a": (X, Y[:-1])}}, "validation_sets['a']: Data cardinality is ambiguous"),
        ({"validation_sets": {"a": {"b": (X, Y)}}}, "validation_sets['a']: expected one set, got a dict of b"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_set_is_refused_by_its_name(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        pipeline.fit(model(), X, Y, verbose=0, **arguments)


@pytest.mark.parametrize("sets", [(X, Y), {0: (X, Y)}, {"": (X, Y)}, batches()])
def test_sets_without_names_are_refused(sets: Any) -> None:
    with pytest.raises(TypeError, match="validation_sets: expected"):
        pipeline.fit(model(), X, Y, verbose=0, validation_sets=sets)


def test_set_named_as_an_output_is_refused_beside_validation_data() -> None:
    inputs = keras.Input((3,))
    of = keras.Model(inputs, [keras.layers.Dense(1, name=name)(inputs) for name in ("a", "b")])
    of.compile("sgd", ["mse", "mse"])
    both = X, [Y, Y]
    with pytest.raises(ValueError, match="the set 'a' has the name of an output"):
        pipeline.fit(of, *both, verbose=0, validation_data=both, validation_sets={"a": both})


@pytest.mark.parametrize(("metric", "comparison"), [("loss", keras.ops.less), ("accuracy", keras.ops.greater)])
def test_callbacks_know_the_direction_of_metrics_of_sets(metric: str, comparison: Any) -> None:
    stopping = keras.callbacks.EarlyStopping(monitor=f"val_c_{metric}", patience=0, start_from_epoch=0)
    sets = {"c": (X, Y), "d": (X[:3], Y[:3])}
    pipeline.fit(model(), X, Y, epochs=2, verbose=0, validation_sets=sets, callbacks=[stopping])
    assert stopping.monitor_op is comparison
    assert stopping.best is not None
    assert (stopping.mode, stopping.monitor) == ("auto", f"val_c_{metric}")


def test_callback_whose_metric_of_a_set_does_not_tell_is_refused_as_by_keras() -> None:
    class Odd(keras.metrics.Mean):  # type: ignore[misc]
        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            super().update_state(y_pred, sample_weight)

    of = model()
    of.compile("sgd", "mse", metrics=[Odd(name="odd")])
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="val_c_odd")
    with pytest.raises(ValueError, match="monitor=val_c_odd"):
        pipeline.fit(of, X, Y, verbose=0, validation_sets={"c": (X, Y)}, callbacks=[plateau])


def test_sets_and_intervals_are_refused_for_a_model_with_a_loop_of_its_own() -> None:
    class OwnLoop(keras.Model):  # type: ignore[misc]
        def make_train_function(self, force: bool = False) -> Any:
            return super().make_train_function(force)

    inputs = keras.Input((3,))
    of = OwnLoop(inputs, keras.layers.Dense(1)(inputs))
    of.compile("sgd", "mse")
    with pytest.raises(ValueError, match="validation_sets and validation_interval: expected"):
        pipeline.fit(of, X, Y, verbose=0, validation_sets={"a": (X, Y)})
