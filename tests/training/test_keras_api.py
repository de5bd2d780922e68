"""`pipeline.fit`, `evaluate` and `predict` mean what the methods of `keras.Model` mean, for every form of data."""

import contextlib
import itertools
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import pipeline
from pipeline.training.validation_split import split_off

SIZE, BATCH, EPOCHS = 22, 4, 3
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(SIZE, 6)).astype("float32")
Y = GENERATOR.integers(0, 3, SIZE)
WEIGHTS = np.linspace(0, 2, SIZE).astype("float32")
LOSS = "sparse_categorical_crossentropy"


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    def __len__(self) -> int:
        return math.ceil(SIZE / BATCH)

    def __getitem__(self, index: int) -> Any:
        rows = slice(index * BATCH, (index + 1) * BATCH)
        return X[rows], Y[rows]


def generated(passes: int) -> Iterator[Any]:
    for _ in range(passes):
        yield from (Batches()[i] for i in range(len(Batches())))


def dataset() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(BATCH)


def dense(dropout: float = 0.3) -> keras.Model:
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(5, activation="relu", kernel_regularizer="l2"),
            layers.Dropout(dropout),
            layers.BatchNormalization(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("rmsprop", LOSS, metrics=["accuracy"], weighted_metrics=["accuracy"])
    return model


FORMS: dict[str, Callable[[], dict[str, Any]]] = {
    "arrays": lambda: {"x": X, "y": Y, "batch_size": BATCH},
    "arrays of doubles": lambda: {"x": X.astype("float64"), "y": Y.astype("float64"), "batch_size": BATCH},
    "arrays by default": lambda: {"x": X, "y": Y},
    "tensors": lambda: {"x": tf.constant(X), "y": tf.constant(Y), "batch_size": BATCH},
    "frame": lambda: {"x": pd.DataFrame(X), "y": pd.Series(Y), "batch_size": BATCH},
    "dataset": lambda: {"x": dataset()},
    "dataset of one shape": lambda: {"x": dataset().take(5).repeat(2)},
    "dataset of unknown length": lambda: {"x": dataset().filter(lambda x, y: True)},
    "endless dataset": lambda: {"x": dataset().repeat(), "steps_per_epoch": 4},
    "generator": lambda: {"x": generated(EPOCHS), "steps_per_epoch": 6},
    "generator that ends": lambda: {"x": generated(2), "steps_per_epoch": 8},
    "PyDataset": lambda: {"x": Batches()},
    "PyDataset with workers": lambda: {"x": Batches(workers=2), "steps_per_epoch": 6},
    "sample weights": lambda: {"x": X, "y": Y, "batch_size": BATCH, "sample_weight": WEIGHTS},
    "class weights": lambda: {"x": X, "y": Y, "batch_size": BATCH, "class_weight": {0: 2.0, 2: 0.5}},
    "class weights for a dataset": lambda: {"x": dataset(), "class_weight": {0: 2.0, 1: 1.0, 2: 0.5}},
    "steps of an epoch": lambda: {"x": X, "y": Y, "batch_size": BATCH, "steps_per_epoch": 4},
    "validation split": lambda: {"x": X, "y": Y, "batch_size": BATCH, "validation_split": 0.3},
    "validation data": lambda: {"x": X, "y": Y, "batch_size": BATCH, "validation_data": (X[:7], Y[:7], WEIGHTS[:7])},
    "validation on a part": lambda: {
        "x": X, "y": Y, "batch_size": BATCH, "validation_data": (X, Y), "validation_steps": 2,
        "validation_batch_size": 3, "validation_freq": [1, 3],
    },
    "later first epoch": lambda: {"x": X, "y": Y, "batch_size": BATCH, "initial_epoch": 1},
}  # fmt: skip


def results(fit: Callable[..., Any], arguments: dict[str, Any], model: keras.Model) -> Any:
    history = fit(model, epochs=EPOCHS, shuffle=False, verbose=0, **arguments)
    return history.history, history.epoch, [np.array(weight) for weight in model.get_weights()]


def assert_same(ours: Any, theirs: Any) -> None:
    assert ours[1] == theirs[1]
    assert set(ours[0]) == set(theirs[0])
    for name, values in theirs[0].items():
        np.testing.assert_allclose(ours[0][name], values, rtol=1e-5, atol=1e-6, err_msg=name)
    for one, other in zip(ours[2], theirs[2], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.exhaustive
@pytest.mark.filterwarnings("ignore:Your input ran out of data", "ignore:`shuffle=True` was passed")
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_data_trains_as_with_keras(form: str) -> None:
    # Where the data ends unforeseen, Keras starts a step more, which takes a number from the generator of the dropout.
    dropout = 0.0 if form in ("dataset of unknown length", "generator that ends") else 0.3
    theirs = results(keras.Model.fit, FORMS[form](), dense(dropout))
    assert_same(results(pipeline.fit, FORMS[form](), dense(dropout)), theirs)


def two_outputs(form: str = "dict") -> keras.Model:
    keras.utils.set_random_seed(0)
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    x = keras.layers.Concatenate()([a, b])
    score = keras.layers.Dense(1, name="score")(x)
    kind = keras.layers.Dense(3, activation="softmax", name="kind")(x)
    by_name = form == "dict"
    model = keras.Model(
        {"a": a, "b": b} if by_name else [a, b], {"score": score, "kind": kind} if by_name else [score, kind]
    )
    model.compile("sgd", {"score": "mse", "kind": LOSS} if by_name else ["mse", LOSS])
    return model


def several(form: str) -> Any:
    inputs, targets = [X[:, :3], X[:, 3:]], [X[:, :1], Y]
    if form == "list":
        return inputs, targets
    return dict(zip("ab", inputs, strict=True)), dict(zip(("score", "kind"), targets, strict=True))


@pytest.mark.parametrize("form", ["dict", "list"])
def test_several_inputs_and_outputs_train_as_with_keras(form: str) -> None:
    x, y = several(form)
    # Batches of one size, whose mean over examples is also the mean over batches that Keras gives of an output's loss.
    even = keras.tree.map_structure(lambda array: array[:20], (x, y))
    arguments = {"x": even[0], "y": even[1], "batch_size": BATCH, "validation_split": 0.2}
    theirs = results(keras.Model.fit, arguments, two_outputs(form))
    assert_same(results(pipeline.fit, arguments, two_outputs(form)), theirs)


def test_ragged_batches_train_as_with_keras() -> None:
    def data() -> Any:
        ragged = tf.RaggedTensor.from_row_lengths(X.reshape(-1), [3, 9] * (SIZE // 2))
        return tf.data.Dataset.from_tensor_slices((ragged, Y)).batch(BATCH)

    def model() -> keras.Model:
        keras.utils.set_random_seed(0)

        class Mean(keras.Model):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.last = keras.layers.Dense(3, activation="softmax")

            def call(self, x: Any) -> Any:
                return self.last(tf.reduce_mean(x, axis=1)[:, tf.newaxis])

        made = Mean()
        made.compile("sgd", LOSS)
        return made

    assert_same(results(pipeline.fit, {"x": data()}, model()), results(keras.Model.fit, {"x": data()}, model()))


def test_sequences_of_varying_length_are_predicted_as_by_keras() -> None:
    def data() -> Any:
        parts = [tf.data.Dataset.from_tensors(np.ones((2, length, 1), "float32")) for length in (3, 3, 5, 2)]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.concatenate(part)
        return whole

    inputs = keras.Input((None, 1))
    for outputs in (keras.layers.GlobalMaxPooling1D()(keras.layers.Dense(2)(inputs)), keras.layers.Dense(2)(inputs)):
        model = keras.Model(inputs, outputs)
        ours, theirs = pipeline.predict(model, data(), verbose=0), model.predict(data(), verbose=0)
        assert type(ours) is type(theirs)
        flat = [value.flat_values if isinstance(value, tf.RaggedTensor) else value for value in (ours, theirs)]
        np.testing.assert_allclose(*flat)


@pytest.mark.exhaustive
@pytest.mark.parametrize("form", ["arrays", "arrays by default", "dataset", "PyDataset", "tensors", "frame"])
def test_evaluation_and_prediction_are_those_of_keras(form: str) -> None:
    model = dense()
    arguments = FORMS[form]()
    theirs = model.evaluate(**arguments, verbose=0, return_dict=True)
    ours = pipeline.evaluate(model, **arguments, verbose=0, return_dict=True)
    assert ours == pytest.approx(theirs, rel=1e-5)
    in_order = model.evaluate(**arguments, verbose=0)
    assert pipeline.evaluate(model, **arguments, verbose=0) == pytest.approx(in_order, rel=1e-5)
    arguments.pop("y", None)
    np.testing.assert_allclose(
        pipeline.predict(model, **arguments, verbose=0), model.predict(**arguments, verbose=0), rtol=1e-5, atol=1e-7
    )


def test_prediction_keeps_the_structure_of_the_outputs() -> None:
    for form in ("dict", "list"):
        model = two_outputs(form)
        x, _ = several(form)
        ours, theirs = pipeline.predict(model, x, batch_size=5, verbose=0), model.predict(x, batch_size=5, verbose=0)
        assert type(ours) is type(theirs)
        for one, other in zip(keras.tree.flatten(ours), keras.tree.flatten(theirs), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize("shuffle", [True, "batch"])
def test_shuffle_is_a_new_permutation_each_epoch(shuffle: Any) -> None:
    seen: list[list[float]] = []

    class Note(keras.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            tf.py_function(lambda x: seen.append(x.numpy().ravel().tolist()), [data[0]], [])
            return super().train_step(data)

    x = np.arange(20, dtype="float32")[:, np.newaxis]
    inputs = keras.Input((1,))
    keras.utils.set_random_seed(0)
    model = Note(inputs, keras.layers.Dense(1)(inputs))
    model.compile("sgd", "mse")
    pipeline.fit(model, x, x, batch_size=5, epochs=2, shuffle=shuffle, verbose=0)
    first, second = list(itertools.chain(*seen[:4])), list(itertools.chain(*seen[4:]))
    assert sorted(first) == sorted(second) == x.ravel().tolist()
    assert first != second
    in_place = [sorted(batch) == list(range(5 * i, 5 * i + 5)) for i, batch in enumerate(seen[:4])]
    assert all(in_place) if shuffle == "batch" else not any(in_place)


def test_class_weights_of_several_outputs_are_those_computed_by_hand() -> None:
    by_class = {"kind": {0: 3.0, 1: 1.0, 2: 0.5}}
    by_hand = np.array([3.0, 1.0, 0.5], "float32")[Y]
    ones = np.ones(SIZE, "float32")
    for form in ("list", "dict"):
        x, y = several(form)
        weights: Any = {"score": ones, "kind": by_hand} if form == "dict" else [ones, by_hand]
        expected = results(keras.Model.fit, {"x": x, "y": y, "sample_weight": weights}, two_outputs(form))
        assert_same(results(pipeline.fit, {"x": x, "y": y, "class_weight": by_class}, two_outputs(form)), expected)
    x, y = several("dict")
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
    assert_same(results(pipeline.fit, {"x": batches, "class_weight": by_class}, two_outputs()), expected)
    twice = {"x": x, "y": y, "class_weight": by_class, "sample_weight": {"score": ones, "kind": WEIGHTS}}
    times = {"x": x, "y": y, "sample_weight": {"score": ones, "kind": by_hand * WEIGHTS}}
    assert_same(results(pipeline.fit, twice, two_outputs()), results(keras.Model.fit, times, two_outputs()))
    with pytest.raises(ValueError, match="'knd'"):
        pipeline.fit(two_outputs(), x, y, class_weight={"knd": {0: 1.0}}, verbose=0)


WEIGHED_TARGETS: dict[str, tuple[np.ndarray, np.ndarray, str]] = {
    "class ids": (X, Y, LOSS),
    "one-hot rows": (X, np.eye(3, dtype="float32")[Y], "categorical_crossentropy"),
    "truth values": (X, Y > 1, LOSS),
    "an id at each position": (X.reshape(SIZE, 2, 3), np.stack([Y, Y[::-1]], 1), LOSS),
    "an id at each position, in a column": (X.reshape(SIZE, 2, 3), np.stack([Y, Y[::-1]], 1)[..., None], LOSS),
    "a row at each position": (
        X.reshape(SIZE, 2, 3), np.eye(3)[np.stack([Y, Y[::-1]], 1)], "categorical_crossentropy",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", WEIGHED_TARGETS)
def test_classes_beyond_the_largest_that_has_a_weight_weigh_one(kind: str) -> None:
    x, y, loss = WEIGHED_TARGETS[kind]
    ids = y.argmax(-1) if kind in ("one-hot rows", "a row at each position") else y.reshape(x.shape[:-1])
    keras.utils.set_random_seed(0)
    trained = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Dense(3, activation="softmax")])
    trained.compile(keras.optimizers.SGD(0.0), loss)
    by_hand = np.array([3.0, 0.5, 1.0], "float32")[ids.astype(int)]
    expected = trained.fit(x, y, sample_weight=by_hand, batch_size=11, verbose=0).history["loss"]

    class Rows(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return x[11 * index : 11 * index + 11], y[11 * index : 11 * index + 11]

    slices = tf.data.Dataset.from_tensor_slices((x, y)).batch(11)
    frames = [(x, pd.DataFrame(y))] if y.ndim == 2 else []
    for data in ((x, y), *frames, (slices,), ((Rows()[i] for i in range(2)),), (Rows(),)):
        size = 11 if len(data) == 2 else None
        weights = {0: 3.0, 1: 0.5}
        history = pipeline.fit(trained, *data, batch_size=size, shuffle=False, class_weight=weights, verbose=0)
        assert history.history["loss"] == pytest.approx(expected, rel=1e-5)


def test_a_model_of_a_fixed_batch_size_sees_no_other_batches_than_those_of_the_data() -> None:
    seen: list[int] = []

    class Seen(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            tf.py_function(lambda given: seen.append(len(given)), [x], [])
            return x

    inputs = keras.Input(batch_shape=(4, 6))
    model = keras.Model(inputs, keras.layers.Dense(1)(Seen()(inputs)))
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=["mae"])
    known = dataset().take(5)
    expected = model.evaluate(known, verbose=0, return_dict=True)
    # On batches of unknown number, Keras' own measures those metrics on an empty one too.
    for data in (lambda: known.filter(lambda x, y: True), lambda: (Batches()[i] for i in range(5))):
        seen.clear()
        assert pipeline.evaluate(model, data(), verbose=0, return_dict=True) == pytest.approx(expected)
        assert pipeline.fit(model, data(), verbose=0).history["mae"] == pytest.approx([expected["mae"]])
        assert pipeline.predict(model, data(), verbose=0).shape == (20, 1)
        assert seen == [4] * 15


def test_validation_split_of_batches_takes_the_last_ones() -> None:
    for data in (dataset(), Batches()):
        ours = results(pipeline.fit, {"x": data, "validation_split": 0.34}, dense())
        explicit = {"x": dataset().take(3), "validation_data": dataset().skip(3)}
        assert_same(ours, results(keras.Model.fit, explicit, dense()))
    with pytest.raises(ValueError, match="known length"):
        pipeline.fit(dense(), dataset().repeat(), validation_split=0.1, verbose=0)


@pytest.mark.parametrize("order", ["as it is", "the same", "cached", "anew"])
def test_a_validation_split_of_a_dataset_that_is_shuffled_anew_warns(order: str) -> None:
    data = tf.data.Dataset.from_tensor_slices((X, Y))
    if order != "as it is":
        data = data.shuffle(SIZE, reshuffle_each_iteration=order != "the same")
    data = (data.cache() if order == "cached" else data).batch(BATCH).prefetch(1)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        split_off(data, None, None, 0.34)
    assert ["validation_split: " in str(warning.message) for warning in warned] == [True] * (order == "anew")


def test_validation_within_an_epoch_leaves_the_training_as_it_was() -> None:
    arguments = {"batch_size": BATCH, "epochs": 2, "verbose": 0, "shuffle": False, "validation_data": (X, Y)}
    plain, watched = dense(), dense()
    expected = pipeline.fit(plain, X, Y, **arguments).history
    history = pipeline.fit(watched, X, Y, **arguments, validation_interval=4)
    assert history.history == expected
    assert [(v["epoch"], v["step"]) for v in history.validations] == [(0, 4), (1, 2), (1, 6)]
    assert len({v["val_loss"] for v in history.validations}) == 3
    assert history.validations[-1]["val_loss"] == pytest.approx(expected["val_loss"][-1])
    for one, other in zip(plain.get_weights(), watched.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_too_short_for_its_validation_interval_is_told_in_a_line() -> None:
    arguments = {"batch_size": BATCH, "verbose": 0, "validation_data": (X, Y)}
    steps = -(-len(X) // BATCH)
    told = f"^validation_interval: {steps + 1} steps are more than the {steps} of the"
    with pytest.warns(UserWarning, match=told) as warned:
        assert pipeline.fit(dense(), X, Y, **arguments, validation_interval=steps + 1).validations == []
    # At the line that called it.
    assert {one.filename for one in warned} == {__file__}
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="validation_interval")
        assert len(pipeline.fit(dense(), X, Y, **arguments, validation_interval=steps).validations) == 1


def test_mixed_precision_scales_the_loss_as_with_keras() -> None:
    def model() -> keras.Model:
        keras.utils.set_random_seed(0)
        made = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5), keras.layers.Dense(3, activation="softmax")])
        made.compile("adam", LOSS, metrics=["accuracy"])
        return made

    keras.config.set_dtype_policy("mixed_float16")
    try:
        arguments = FORMS["validation split"]()
        ours, theirs = model(), model()
        assert isinstance(ours.optimizer, keras.optimizers.LossScaleOptimizer)
        assert_same(results(pipeline.fit, arguments, ours), results(keras.Model.fit, arguments, theirs))
        scales = [float(one.optimizer.dynamic_scale) for one in (ours, theirs)]
        assert scales[0] == scales[1]
    finally:
        keras.config.set_dtype_policy("float32")


def test_losses_that_layers_add_count_as_with_keras() -> None:
    class Added(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            self.add_loss(0.1 * keras.ops.mean(x**2))
            return x

    def model() -> keras.Model:
        keras.utils.set_random_seed(0)
        made = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation="softmax"), Added()])
        made.compile("sgd", LOSS)
        return made

    arguments = FORMS["validation split"]()
    assert_same(results(pipeline.fit, arguments, model()), results(keras.Model.fit, arguments, model()))


def test_training_goes_on_in_a_second_call_without_tracing_anew() -> None:
    traced = []

    class Noted(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            traced.append(1)
            return x

    def model() -> keras.Model:
        keras.utils.set_random_seed(0)
        made = keras.Sequential([keras.Input((6,)), Noted(), keras.layers.Dense(3, activation="softmax")])
        made.compile("sgd", LOSS)
        traced.clear()
        return made

    arguments = {"x": X, "y": Y, "batch_size": BATCH, "epochs": 1, "shuffle": False, "verbose": 0}
    twice, once = model(), model()
    for _ in range(2):
        pipeline.fit(twice, **arguments)
    assert len(traced) == 1
    once.fit(**{**arguments, "epochs": 2})
    for one, other in zip(twice.get_weights(), once.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    twice.compile("adam", LOSS)
    traced.clear()
    pipeline.fit(twice, **arguments)
    assert traced


def test_choice_of_compilation_is_told_and_can_be_forced() -> None:
    assert pipeline.fit(dense(), X, Y, verbose=0).compilation.jit is False
    forced = pipeline.fit(dense(), X, Y, verbose=0, jit_compile=True)
    assert forced.compilation.jit is True
    assert forced.compilation.reason == "jit_compile=True is set"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X, "y": Y[:-1]}, "cardinality"),
        ({"x": dataset(), "y": Y}, "should not be passed"),
        ({"x": X, "y": Y, "sample_weight": WEIGHTS, "class_weight": {0: 1.0}}, "at the same time"),
    ],
)
def test_what_keras_refuses_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dense().fit(**arguments, verbose=0)
    with pytest.raises(ValueError, match=message):
        pipeline.fit(dense(), **arguments, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X[:4], "y": [0, 1, 2, 0]}, "y: {}, got the list [0, 1, 2, 0]"),
        ({"x": X[:3], "y": [[0], [1], [2]]}, "y: {}, got the list [[0], [1], [2]]"),
        ({"x": X[:2], "y": list(Y[:2])}, f"y: {{}}, got the list {list(Y[:2])}"),
        ({"x": X[:2], "y": {"a": Y[:2], "b": (0.5, 1.5)}}, "y['b']: {}, got the tuple (0.5, 1.5)"),
        ({"x": [X[:2], [1.0, 2.0]], "y": Y[:2]}, "x[1]: {}, got the list [1.0, 2.0]"),
        ({"x": X[:2], "y": Y[:2], "sample_weight": [1, 2]}, "sample_weight: {}, got the list [1, 2]"),
        ({"x": X[:2], "y": [0, 1], "validation_split": 0.5}, "y: {}, got the list [0, 1]"),
        ({"x": X, "y": Y, "validation_data": (X[:2], [0, 1])}, "validation_data: y: {}, got the list [0, 1]"),
        ({"x": "text"}, "x: {}, got the str 'text'"),
    ],
)
def test_plain_lists_which_keras_refuses_are_told_in_a_line(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        dense().fit(**arguments, verbose=0)
    with pytest.raises(ValueError, match=r"^[^\n]*$") as raised:
        pipeline.fit(dense(), **arguments, verbose=0)
    assert str(raised.value) == message.format("expected an array or a tensor, such as numpy.array(…)")


def test_loop_of_the_users_own_is_run() -> None:
    class OwnLoop(keras.Model):  # type: ignore[misc]
        def make_train_function(self, force: bool = False) -> Any:
            def run(iterator: Any) -> dict[str, Any]:
                next(iterator)
                return {"mine": 7.0}

            self.train_function = run
            return run

    inputs = keras.Input((6,))
    model = OwnLoop(inputs, keras.layers.Dense(1)(inputs))
    model.compile("sgd", "mse")
    assert pipeline.fit(model, X, X[:, :1], verbose=0).history["mine"] == [7.0]


def test_model_that_is_not_compiled_is_refused() -> None:
    for function in (pipeline.fit, pipeline.evaluate):
        with pytest.raises(ValueError, match="compile"):
            function(keras.Sequential([keras.layers.Dense(1)]), X, Y)


def test_progress_bar_ends_with_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.fit(dense(), X, Y, batch_size=BATCH, verbose=1)
    assert "6/6" in capsys.readouterr().out


@pytest.mark.exhaustive
@pytest.mark.parametrize("inside", [False, True])
def test_a_model_made_under_a_strategy_of_one_device_is_trained_by_kerass_own_loop(inside: bool) -> None:
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])

    def results(functions: Any) -> Any:
        keras.utils.set_random_seed(1)
        with strategy.scope():
            made = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation="softmax")])
            made.compile("adam", LOSS)
        with strategy.scope() if inside else contextlib.nullcontext():
            history = functions.fit(made, X, Y, batch_size=BATCH, verbose=0, shuffle=False, validation_split=0.5)
            measured = functions.evaluate(made, X, Y, verbose=0, return_dict=True)
            return history.history, measured, functions.predict(made, X, verbose=0).tolist()

    assert results(pipeline) == results(keras.Model)


def test_a_model_made_outside_of_a_strategy_is_refused_in_its_scope_as_by_keras() -> None:
    for functions in (keras.Model, pipeline):
        made = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation="softmax")])
        made.compile("adam", LOSS)
        with (
            tf.distribute.MirroredStrategy(["CPU:0"]).scope(),
            pytest.raises(RuntimeError, match="Mixing different"),
        ):
            functions.fit(made, X, Y, verbose=0)


@pytest.mark.filterwarnings("ignore:Your input ran out of data", "ignore:`shuffle=True` was passed")
def test_a_dataset_that_a_strategy_distributes_trains_as_with_keras() -> None:
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])

    def losses(fit: Callable[..., Any]) -> Any:
        batches = strategy.distribute_datasets_from_function(lambda _: dataset())
        return fit(dense(dropout=0.0), batches, verbose=0).history["loss"]

    assert losses(pipeline.fit) == pytest.approx(losses(keras.Model.fit), rel=1e-5)


@pytest.mark.parametrize("weights", [{"0": 1.0, "1": 2.0}, {"kind": 2.0}, {"kind": {"0": 2.0}}])
def test_class_weights_of_what_is_no_class_are_refused(weights: Any) -> None:
    with pytest.raises(ValueError, match=r"class_weight: expected class ids as keys, as in \{0: 1.0, 1: 2.0\}, got '"):
        pipeline.fit(dense(), X, Y, class_weight=weights, verbose=0)


def test_plain_class_weights_of_several_outputs_tell_how_to_give_them() -> None:
    x, y = several("dict")
    with pytest.raises(ValueError, match=r"For several, expected such weights by output, as in \{'score': \{0: 1.0"):
        pipeline.fit(two_outputs(), x, y, class_weight={0: 1.0}, verbose=0)
