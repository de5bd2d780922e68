"""The page of known differences is the table's, and what no other test pins of them is so with Keras and with ours."""

import ast
import math
import random
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import pipeline
from tests.conformance.differences import DIFFERENCES, page
from tests.conformance.fuzz.excuses import EXCUSES, METRICS_OF_LOGITS

REPOSITORY = Path(__file__).resolve().parents[2]
X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
Y = (X.sum(axis=1, keepdims=True) > 0).astype("float32")
CLASSES = np.arange(12) % 3
Fit = Callable[..., Any]
THEIRS, OURS = keras.Model.fit, pipeline.fit
Batch = tuple[Any, Any]


def test_the_page_is_that_of_the_table() -> None:
    path = REPOSITORY / ".docs" / "differences.md"
    hint = f"python -m tests.conformance.differences > {path.relative_to(REPOSITORY)}"
    assert path.read_text() == page(), f"to write it anew: {hint}"
    assert all(len(line) <= 80 for line in page().splitlines())


def test_every_difference_is_pinned_by_tests_that_there_are() -> None:
    for row in DIFFERENCES:
        assert row.tests, row.name
        for test in row.tests:
            path, _, function = test.partition("::")
            tree = ast.parse((REPOSITORY / path).read_text())
            assert function in [part.name for part in tree.body if isinstance(part, ast.FunctionDef)], test


def test_what_the_fuzz_excuses_is_in_the_table() -> None:
    names = [row.name for row in DIFFERENCES]
    assert len(set(names)) == len(names)
    assert {*(excuse.row for excuse in EXCUSES), METRICS_OF_LOGITS} <= set(names)


def test_why_tests_of_keras_differ_is_in_the_table() -> None:
    tree = ast.parse((REPOSITORY / "tests/conformance/keras_tests.py").read_text())
    values = [part.value for part in tree.body if isinstance(part, ast.AnnAssign) and part.value is not None]
    (reasons,) = (ast.literal_eval(value) for value in values if isinstance(value, ast.Dict))
    assert reasons
    assert set(reasons.values()) <= {row.name for row in DIFFERENCES}


def linear(**compiled: Any) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", **compiled)
    return model


def trained(fit: Fit, model: keras.Model, **arguments: Any) -> Any:
    return fit(model, **{"x": X, "y": Y, "batch_size": 4, "shuffle": False, "verbose": 0, **arguments})


def generated() -> Iterator[Batch]:
    yield from ((X[i : i + 4], Y[i : i + 4]) for i in range(0, 12, 4))


def of_unknown_length() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(4).filter(lambda x, y: True)


IN_BATCHES: dict[str, Any] = {"y": None, "batch_size": None}


class Calls(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.begun: list[int] = []
        self.ended: list[int] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.begun.append(batch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.ended.append(batch)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_an_epoch_without_a_batch_logs_nothing() -> None:
    def losses(fit: Fit) -> Any:
        history = trained(fit, linear(), x=generated(), **IN_BATCHES, steps_per_epoch=3, epochs=2)
        assert history.epoch == [0, 1]
        return history.history["loss"]

    theirs, ours = losses(THEIRS), losses(OURS)
    assert theirs[1:] == [0.0]
    assert ours == pytest.approx(theirs[:1])


def test_a_step_may_log_nothing() -> None:
    class Silent(keras.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            super().train_step(data)
            return {}

        test_step = train_step

    def silent() -> keras.Model:
        inputs = keras.Input((3,))
        model = Silent(inputs, keras.layers.Dense(1)(inputs))
        model.compile("sgd", "mse")
        return model

    with pytest.raises(ValueError, match="Toutput_types"):
        trained(THEIRS, silent())
    history = trained(OURS, silent())
    assert (history.epoch, history.history) == ([0], {})
    assert pipeline.evaluate(silent(), X, Y, verbose=0, return_dict=True) == {}


@pytest.mark.parametrize("arguments", [{"epochs": True}, {"steps_per_epoch": True}, {"initial_epoch": False}], ids=str)
def test_booleans_of_numpy_count_as_those_of_python(arguments: dict[str, bool]) -> None:
    of_numpy = {name: np.bool_(value) for name, value in arguments.items()}
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        trained(THEIRS, linear(), **of_numpy)
    assert trained(OURS, linear(), **of_numpy).history == trained(OURS, linear(), **arguments).history


def test_class_weights_mean_the_same_for_all_data() -> None:
    weights = {"class_weight": {0: 2.0, 1: 0.5}}

    def losses(fit: Fit, data: Any, **arguments: Any) -> Any:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return trained(fit, model, x=data, **{**IN_BATCHES, **weights, **arguments}).history["loss"]

    def batches() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices((X, CLASSES)).batch(4)

    expected = losses(THEIRS, X, y=CLASSES, batch_size=4)
    with pytest.raises(tf.errors.InvalidArgumentError):
        losses(THEIRS, batches())
    with pytest.raises(ValueError, match="not supported for Python generator"):
        losses(THEIRS, (batch for batch in batches()))
    for data in (batches(), (batch for batch in batches())):
        assert losses(OURS, data) == pytest.approx(expected, rel=1e-5)
    assert losses(OURS, X, y=CLASSES, batch_size=4) == pytest.approx(expected, rel=1e-5)


def test_dropout_is_the_same_whether_the_length_of_the_data_is_known_or_not() -> None:
    def losses(fit: Fit, data: tf.data.Dataset) -> Any:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Your input ran out of data")
            return trained(fit, model, x=data, **IN_BATCHES, epochs=2).history["loss"]

    known, unknown = tf.data.Dataset.from_tensor_slices((X, Y)).batch(4), of_unknown_length()
    expected = losses(THEIRS, known)
    assert losses(THEIRS, unknown)[1] != pytest.approx(expected[1], rel=1e-3)
    assert losses(OURS, known) == pytest.approx(expected, rel=1e-5)
    assert losses(OURS, unknown) == pytest.approx(expected, rel=1e-5)


def test_the_end_of_data_is_warned_of_only_if_more_steps_were_asked_for() -> None:
    with pytest.warns(UserWarning, match="ran out of data"):
        trained(THEIRS, linear(), x=of_unknown_length(), **IN_BATCHES)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Your input ran out of data")
        trained(OURS, linear(), x=of_unknown_length(), **IN_BATCHES)
        trained(OURS, linear(), x=generated(), **IN_BATCHES)
    with pytest.warns(UserWarning, match="ran out of data"):
        trained(OURS, linear(), x=of_unknown_length(), **IN_BATCHES, steps_per_epoch=4)


def test_any_batch_of_a_generator_may_have_another_shape() -> None:
    def lengths() -> Iterator[Batch]:
        yield from ((np.ones((2, length, 1)), np.ones((2, 1))) for length in (3, 3, 5))

    def model() -> keras.Model:
        inputs = keras.Input((None, 1))
        made = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.GlobalMaxPooling1D()(inputs)))
        made.compile("sgd", "mse")
        return made

    with pytest.raises(tf.errors.InvalidArgumentError, match="element of shape"):
        trained(THEIRS, model(), x=lengths(), **IN_BATCHES)
    assert math.isfinite(trained(OURS, model(), x=lengths(), **IN_BATCHES).history["loss"][0])


def test_batches_may_have_lists_of_inputs() -> None:
    def model() -> keras.Model:
        keras.utils.set_random_seed(0)
        inputs = [keras.Input((3,)), keras.Input((3,))]
        made = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(inputs)))
        made.compile("sgd", "mse")
        return made

    def batches(kind: type) -> Iterator[Batch]:
        yield from ((kind((x, x)), y) for x, y in generated())

    with pytest.raises(TypeError, match="output_signature"):
        trained(THEIRS, model(), x=batches(list), **IN_BATCHES)
    expected = trained(THEIRS, model(), x=batches(tuple), **IN_BATCHES).history["loss"]
    assert trained(OURS, model(), x=batches(list), **IN_BATCHES).history["loss"] == pytest.approx(expected, rel=1e-5)


class Noted(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, workers: int) -> None:
        super().__init__(workers=workers)
        self.noted: list[Any] = []

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Batch:
        self.noted.append(index)
        return X[4 * index :][:4], Y[4 * index :][:4]

    def on_epoch_begin(self) -> None:
        self.noted.append("begin")


@pytest.mark.parametrize("workers", [1, 2])
def test_items_of_a_pydataset_are_fetched_once_and_after_the_epoch_began(workers: int) -> None:
    theirs, ours = Noted(workers), Noted(workers)
    trained(THEIRS, linear(), x=theirs, **IN_BATCHES, epochs=2)
    trained(OURS, linear(), x=ours, **IN_BATCHES, epochs=2)
    assert theirs.noted[:2] == [0, 1]
    assert sorted(ours.noted, key=str) == [0, 0, 1, 1, 2, 2, "begin", "begin"]
    assert ours.noted[0] == ours.noted[4] == "begin"


def test_the_order_of_arrays_is_the_same_again_after_a_seed_and_draws_no_number_of_numpy() -> None:
    model, weights = linear(), []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        model.set_weights([np.ones((3, 1)), np.zeros(1)])
        before = np.random.get_state()[2], random.getstate()
        trained(OURS, model, shuffle=True)
        assert before == (np.random.get_state()[2], random.getstate())
        weights.append(model.get_weights()[0])
    np.testing.assert_array_equal(*weights)
    trained(OURS, model, shuffle=True)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_no_batch_begins_without_data() -> None:
    theirs, ours = Calls(), Calls()
    trained(THEIRS, linear(), x=of_unknown_length(), **IN_BATCHES, epochs=2, callbacks=[theirs])
    trained(OURS, linear(), x=of_unknown_length(), **IN_BATCHES, epochs=2, callbacks=[ours])
    assert (theirs.begun, theirs.ended) == ([0, 1, 2, 3] * 2, [0, 1, 2] * 2)
    assert (ours.begun, ours.ended) == ([0, 1, 2] * 2, [0, 1, 2] * 2)


def test_the_last_call_of_several_steps_tells_the_number_of_its_last_batch() -> None:
    theirs, ours = Calls(), Calls()
    trained(THEIRS, linear(steps_per_execution=2), callbacks=[theirs])
    trained(OURS, linear(steps_per_execution=2), callbacks=[ours])
    assert theirs.begun == ours.begun == [0, 2]
    assert (theirs.ended, ours.ended) == ([1, 3], [1, 2])


def test_steps_end_where_they_were_asked_to() -> None:
    theirs, ours = linear(steps_per_execution=2), linear(steps_per_execution=2)
    trained(THEIRS, theirs, batch_size=1, steps_per_epoch=3)
    trained(OURS, ours, batch_size=1, steps_per_epoch=3)
    assert (int(theirs.optimizer.iterations), int(ours.optimizer.iterations)) == (4, 3)


def test_an_evaluate_of_the_users_own_needs_no_private_argument() -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def evaluate(
            self, x: Any = None, y: Any = None, batch_size: Any = None, verbose: Any = "auto",
            sample_weight: Any = None, steps: Any = None, callbacks: Any = None, return_dict: bool = False,
        ) -> Any:  # fmt: skip
            return {"own": 7.0}

    def own() -> keras.Model:
        inputs = keras.Input((3,))
        model = Own(inputs, keras.layers.Dense(1)(inputs))
        model.compile("sgd", "mse")
        return model

    with pytest.raises(TypeError, match="_use_cached_eval_dataset"):
        trained(THEIRS, own(), validation_data=(X, Y))
    assert trained(OURS, own(), validation_data=(X, Y)).history["val_own"] == [7.0]
