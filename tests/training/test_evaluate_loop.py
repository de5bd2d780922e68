"""What evaluation and prediction return, of models and steps of whatever kind, is what Keras returns."""

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import pipeline

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(10, 3)).astype("float32")
Y = GENERATOR.normal(size=(10, 1)).astype("float32")
ARGUMENTS: dict[str, Any] = {"batch_size": 4, "verbose": 0}
Logs = dict[str, Any]


class Plain(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.last = keras.layers.Dense(1)
        self.quality = keras.metrics.Mean(name="quality")
        self.sums = [keras.metrics.Sum(name="b_sum"), keras.metrics.Mean(name="a_mean")]

    def call(self, x: Any) -> Any:
        return self.last(x)


class OwnTestStep(Plain):
    def test_step(self, data: Any) -> Logs:
        predicted = self(data[0], training=False)
        self.quality.update_state(predicted)
        return {"quality": self.quality.result(), "error": keras.ops.mean(abs(data[1] - predicted))}


class OwnMetricsInStep(Plain):
    def test_step(self, data: Any) -> Logs:
        for metric in (self.quality, *self.sums):
            metric.update_state(self(data[0], training=False))
        return {metric.name: metric.result() for metric in self.metrics}


class OwnComputeMetrics(Plain):
    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Logs:
        logs = super().compute_metrics(x, y, y_pred, sample_weight)
        self.quality.update_state(y_pred)
        return {**logs, "quality": self.quality.result(), "highest": keras.ops.max(y_pred)}


class OwnComputeLoss(Plain):
    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        loss = keras.ops.mean((y - y_pred) ** 2)
        self.quality.update_state(loss)
        return loss


class OwnMetrics(Plain):
    @property
    def metrics(self) -> list[Any]:
        return [self.quality]

    def test_step(self, data: Any) -> Logs:
        self.quality.update_state(self(data[0]))
        return {"quality": self.quality.result()}


class OwnResult(Plain):
    def get_metrics_result(self) -> Logs:
        found = super().get_metrics_result()
        return {**found, "twice": 2 * found["loss"]}


class Several(keras.metrics.Metric):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="several")
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.total.assign_add(1.0)

    def result(self) -> Any:
        return {"zz": self.total * 2, "aa": self.total * 1}


class Measuring(keras.layers.Layer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.level, self.top = keras.metrics.Mean(name="level"), keras.metrics.Mean(name="a_top")

    def call(self, x: Any) -> Any:
        self.level.update_state(keras.ops.mean(x))
        self.top.update_state(keras.ops.max(x))
        self.add_loss(1e-3 * keras.ops.mean(x))
        return x


def compiled(model: keras.Model, **given: Any) -> keras.Model:
    model.compile("sgd", "mse", **{"metrics": ["mape", "mae"], **given})
    return model


def with_layer() -> keras.Model:
    inputs = keras.Input((3,))
    return compiled(keras.Model(inputs, keras.layers.Dense(1)(Measuring()(inputs))), weighted_metrics=["mae"])


def of_two() -> keras.Model:
    inputs = keras.Input((3,))
    zeta, alpha = (keras.layers.Dense(1, name=name)(inputs) for name in ("zeta", "alpha"))
    return compiled(keras.Model(inputs, {"zeta": zeta, "alpha": alpha}), metrics={"zeta": ["mse", "mae"]})


MODELS: dict[str, Callable[[], keras.Model]] = {
    **{kind.__name__: (lambda kind=kind: compiled(kind())) for kind in Plain.__subclasses__()},
    "metric of several values": lambda: compiled(Plain(), metrics=[Several(), "mae"]),
    "metrics of one name": lambda: compiled(Plain(), metrics=["mae", "mae", "mse"], weighted_metrics=["mae"]),
    "metrics of a layer": with_layer,
    "several outputs": of_two,
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", MODELS)
def test_values_come_in_the_order_and_of_the_types_of_keras(name: str) -> None:
    def found(ours: bool) -> Any:
        keras.utils.set_random_seed(0)
        model = MODELS[name]()
        y = {"zeta": Y, "alpha": -Y} if name == "several outputs" else Y
        # In batches of one size the losses of outputs are those of Keras.
        data = X[:8], keras.tree.map_structure(lambda part: part[:8], y)
        evaluate = pipeline.evaluate if ours else keras.Model.evaluate
        fit = pipeline.fit if ours else keras.Model.fit
        history = fit(model, *data, **ARGUMENTS, epochs=2, shuffle=False, validation_data=data).history
        return history, *(evaluate(model, *data, **ARGUMENTS, return_dict=by_name) for by_name in (True, False))

    (our_history, ours, our_list), (their_history, theirs, their_list) = found(True), found(False)
    assert list(our_history) == list(their_history)
    assert list(ours) == list(theirs)
    for name_of, value in theirs.items():
        assert type(ours[name_of]) is type(value)
        assert ours[name_of] == pytest.approx(value, rel=1e-4, abs=1e-6)
    assert our_list == pytest.approx(their_list, rel=1e-4, abs=1e-6)
    for name_of, values in their_history.items():
        assert our_history[name_of] == pytest.approx(values, rel=1e-4, abs=1e-6)


class Seen(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.logs: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.logs.append([(name, np.asarray(value).tolist(), type(value)) for name, value in logs.items()])

    def on_test_end(self, logs: Any = None) -> None:
        self.on_epoch_end(0, logs)

    def on_train_end(self, logs: Any = None) -> None:
        self.on_epoch_end(0, logs)


def with_logs(logs: Any) -> keras.Model:
    class Own(Plain):
        def train_step(self, data: Any) -> Any:
            super().train_step(data)
            return logs()

        def test_step(self, data: Any) -> Any:
            super().test_step(data)
            return logs()

    return compiled(Own())


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "logs",
    [
        lambda: {"z": tf.constant(1.0), "b": tf.constant(2.0), "a": tf.constant(3)},
        lambda: {"b": {"z": tf.constant(1.0), "a": tf.constant(2.0)}, "c": 0.5, "a": {"y": {"q": tf.constant(0.0)}}},
        lambda: {"vector": tf.constant([1.0, 2.0]), "text": tf.constant("x"), "flag": tf.constant(True), "none": None},
        lambda: {1: tf.constant(1.0), 0: tf.constant(2.0)},
        list,
    ],
    ids=["order", "nested", "others than numbers", "numbers for names", "empty list"],
)
def test_logs_of_steps_of_the_users_own_reach_callbacks_as_with_keras(logs: Any) -> None:
    def found(ours: bool) -> Any:
        seen, model = Seen(), with_logs(logs)
        data = {"x": X, "y": Y, **ARGUMENTS}
        fit, evaluate = (pipeline.fit, pipeline.evaluate) if ours else (keras.Model.fit, keras.Model.evaluate)
        # Keras takes numbers for the name of a value, but `val_` before them only as a text.
        validation = {} if logs() and 1 in logs() else {"validation_data": (X, Y)}
        history = fit(model, **data, epochs=2, callbacks=[seen], **validation)
        measured = evaluate(model, **data, return_dict=True)
        types = [(name, type(value)) for name, value in measured.items()]
        return list(history.history), seen.logs, types

    assert found(True) == found(False)


def test_step_without_logs_leaves_those_of_the_metrics() -> None:
    expected = keras.utils.set_random_seed(0) or compiled(Plain())
    theirs = expected.fit(X, Y, **ARGUMENTS, shuffle=False).history
    keras.utils.set_random_seed(0)
    ours = pipeline.fit(with_logs(lambda: None), X, Y, **ARGUMENTS, shuffle=False).history
    assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
    assert all(type(value) is float for values in ours.values() for value in values)


@pytest.mark.parametrize("logs", [lambda: tf.constant(1.0), lambda: (tf.constant(1.0), tf.constant(2.0))])
def test_logs_that_are_no_dict_are_refused_by_the_name_of_the_step(logs: Any) -> None:
    for call, name in ((pipeline.fit, "train_step"), (pipeline.evaluate, "test_step")):
        with pytest.raises(TypeError, match=re.escape(f"{name}: expected a dict of logs, got")):
            call(with_logs(logs), X, Y, **ARGUMENTS)


def giving(outputs: Callable[[Any], Any], *, eager: bool = False) -> keras.Model:
    class Giving(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.last = keras.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return outputs(self.last(x))

    keras.utils.set_random_seed(0)
    model = Giving()
    model.compile(run_eagerly=eager)
    return model


OUTPUTS: dict[str, Callable[[Any], Any]] = {
    "empty list": lambda y: [],
    "empty list among others": lambda y: [y, []],
    "number": keras.ops.sum,
    "number among others": lambda y: {"y": y, "sum": keras.ops.sum(y)},
    "constant": lambda y: (y, tf.constant([1.0, 2.0])),
    "texts": tf.strings.as_string,
    "nested": lambda y: {"z": [y, {"q": y + 1}], "a": (y > 0,)},
    "without units": lambda y: y[:, 0],
    "halves": lambda y: tf.cast(y, "bfloat16"),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("eager", [False, True], ids=["graph", "eager"])
@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_of_any_kind_are_predicted_as_by_keras(name: str, eager: bool) -> None:
    for rows in (10, 8, 4):
        ours = pipeline.predict(giving(OUTPUTS[name], eager=eager), X[:rows], **ARGUMENTS)
        theirs = giving(OUTPUTS[name], eager=eager).predict(X[:rows], **ARGUMENTS)
        keras.tree.assert_same_structure(ours, theirs)
        for one, other in zip(keras.tree.flatten(ours), keras.tree.flatten(theirs), strict=True):
            assert type(one) is type(other)
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)


def test_outputs_that_are_none_stay_none() -> None:
    assert pipeline.predict(giving(lambda y: None), X, **ARGUMENTS) is None
    found = pipeline.predict(giving(lambda y: {"y": y, "none": None}), X, **ARGUMENTS)
    assert found["none"] is None
    assert found["y"].shape == (10, 2)


def test_prediction_of_no_examples_has_the_shape_of_the_outputs() -> None:
    for data in (X[:0], tf.data.Dataset.from_tensor_slices(X).batch(4).take(0)):
        found = pipeline.predict(giving(lambda y: {"y": y, "none": None, "sum": keras.ops.sum(y)}), data, verbose=0)
        assert found["y"].shape == (0, 2)
        assert found["y"].dtype == "float32"
        assert found["sum"].shape == (0,)
        assert found["none"] is None


class OfPython(keras.Model):  # type: ignore[misc]
    """A model whose outputs are computed by Python, so that a graph knows nothing of their shape."""

    def __init__(self, wide: bool) -> None:
        super().__init__()
        self.dense, self.wide = keras.layers.Dense(1), wide

    def call(self, inputs: Any) -> Any:
        if self.wide:
            return tf.zeros((tf.shape(inputs)[0], tf.cast(tf.reduce_max(inputs), "int32")))
        return tf.numpy_function(lambda values: values * 2, [self.dense(inputs)], tf.float32)


@pytest.mark.parametrize("wide", [False, True], ids=["no rank", "another width each batch"])
@pytest.mark.parametrize("rows", [24, 22])
def test_outputs_of_unknown_shape_are_predicted_as_by_keras(wide: bool, rows: int) -> None:
    x = np.arange(3 * rows, dtype="float32").reshape(rows, 3)
    model = OfPython(wide)
    theirs, ours = model.predict(x, batch_size=8, verbose=0), pipeline.predict(model, x, batch_size=8)
    assert type(ours) is type(theirs)
    assert (ours.to_list() == theirs.to_list()) if wide else np.array_equal(ours, theirs)


class ScoreOfPython(keras.metrics.Mean):  # type: ignore[misc]
    def result(self) -> Any:
        return tf.numpy_function(lambda value: value, [super().result()], tf.float32)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(keras.ops.abs(y_true - y_pred), sample_weight)


def test_a_metric_whose_result_python_computes_is_logged_as_by_keras() -> None:
    x = np.linspace(-1, 1, 24, dtype="float32")[:, np.newaxis]
    histories = []
    for fit in (keras.Model.fit, pipeline.fit):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", metrics=[ScoreOfPython("score")])
        histories.append(fit(model, x, x, batch_size=8, epochs=2, shuffle=False, verbose=0).history)
    assert histories[0]["score"] == pytest.approx(histories[1]["score"], rel=1e-6)
