"""A training draws the batches that it was asked for and no others, from the data where the last one stopped."""

import os
import random
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import pipeline

Fit = Callable[..., Any]
FITS = pytest.mark.parametrize("fit", [keras.Model.fit, pipeline.fit])


def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    linear = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    linear.compile("sgd", "mse", metrics=["mae"])
    return linear


def batch(number: int) -> Any:
    return np.full((3, 2), number % 7, "float32"), np.full((3, 1), number % 5, "float32")


class Source:
    """Counts the batches that were drawn from it."""

    def __init__(self, length: int) -> None:
        self.drawn = 0
        self.length = length

    def __iter__(self) -> Iterator[Any]:
        for number in range(self.length):
            self.drawn += 1
            yield batch(number)

    def generator(self) -> Any:
        return (given for given in self)

    def dataset(self) -> tf.data.Dataset:
        spec = (tf.TensorSpec((None, 2), "float32"), tf.TensorSpec((None, 1), "float32"))
        return tf.data.Dataset.from_generator(lambda: iter(self), output_signature=spec)


def assert_same(ours: Any, theirs: Any) -> None:
    assert ours.history.keys() == theirs.history.keys()
    for name, values in theirs.history.items():
        np.testing.assert_allclose(ours.history[name], values, rtol=1e-5, err_msg=name)


def test_calls_on_one_generator_go_on_where_the_last_one_stopped() -> None:
    source = Source(60)
    generator = source.generator()
    ours = model()
    for call in range(1, 4):
        pipeline.fit(ours, generator, steps_per_epoch=5, epochs=2, verbose=0)
        assert source.drawn == 10 * call
    pipeline.evaluate(ours, generator, steps=10, verbose=0)
    assert source.drawn == 40
    pipeline.predict(ours, ((x,) for x, _ in generator), steps=1, verbose=0)
    assert source.drawn == 41
    assert len(list(generator)) == 19
    theirs = model()
    for call in range(3):
        numbers = range(10 * call, 10 * call + 10)
        theirs.fit((batch(number) for number in numbers), steps_per_epoch=5, epochs=2, verbose=0)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_datasets_with_side_effects_are_not_drawn_from_beyond_the_steps() -> None:
    ours, theirs = Source(60), Source(60)
    arguments: dict[str, Any] = {"steps_per_epoch": 5, "epochs": 3, "verbose": 0}
    ours_history = pipeline.fit(model(), ours.dataset(), **arguments)
    assert_same(ours_history, model().fit(theirs.dataset(), **arguments))
    # TensorFlow prefetches a batch or more for Keras.
    assert ours.drawn == 15 <= theirs.drawn
    pipeline.evaluate(model(), ours.dataset(), steps=4, verbose=0)
    assert ours.drawn == 19


def test_generator_without_steps_is_taken_whole() -> None:
    source = Source(200)
    history = pipeline.fit(model(), source.generator(), verbose=0)
    assert_same(history, model().fit(Source(200).generator(), verbose=0))
    assert source.drawn == 200


def test_error_within_a_generator_is_raised_as_itself() -> None:
    def broken() -> Iterator[Any]:
        yield from (batch(number) for number in range(5))
        raise LookupError("no row 5")

    with pytest.raises(LookupError, match="no row 5"):
        pipeline.fit(model(), broken(), steps_per_epoch=10, verbose=0)


@pytest.mark.parametrize("form", ["generator", "dataset"])
def test_more_steps_than_data_warns_and_goes_on_as_keras_does(form: str) -> None:
    found = []
    for fit in (pipeline.fit, keras.Model.fit):
        with pytest.warns(UserWarning, match="ran out of data"):
            found.append(fit(model(), getattr(Source(7), form)(), steps_per_epoch=5, epochs=3, verbose=0))
    if form == "dataset":
        assert_same(*found)
    else:
        # Keras shows the two batches that it looked at before again.
        assert found[0].epoch == found[1].epoch == [0, 1, 2]


def test_global_generators_are_left_as_they_were() -> None:
    def states() -> tuple[Any, ...]:
        ours = tf.random.get_global_generator().state.numpy().tolist()
        return random.getstate(), np.random.get_state()[1].tolist(), ours  # type: ignore[index]

    trained = model()
    x, y = np.ones((12, 2), "float32"), np.ones((12, 1), "float32")
    tf.random.set_seed(0)
    expected = float(tf.random.uniform(()))
    for data in ((x, y), (Source(3).dataset(),), (Source(3).generator(),)):
        tf.random.set_seed(0)
        before = states()
        pipeline.fit(trained, *data, epochs=2, steps_per_epoch=1, validation_data=(x, y), verbose=0)
        pipeline.evaluate(trained, x, y, verbose=0)
        pipeline.predict(trained, x, verbose=0)
        assert states() == before
        assert float(tf.random.uniform(())) == expected


@pytest.mark.exhaustive
@pytest.mark.parametrize("reshuffle", [True, False])
@pytest.mark.parametrize("steps", [None, 4, 13])
@pytest.mark.parametrize("validated", [True, False])
def test_shuffled_datasets_have_the_order_that_keras_gives_them(
    reshuffle: bool, steps: int | None, validated: bool
) -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(50, 2)).astype("float32"), generator.normal(size=(50, 1)).astype("float32")
    found = []
    for fit in (pipeline.fit, keras.Model.fit):
        # The global seed has a part in the order.
        keras.utils.set_random_seed(0)
        rows = tf.data.Dataset.from_tensor_slices((x, y))
        data = rows.shuffle(1000, seed=1, reshuffle_each_iteration=reshuffle).batch(5)
        if steps is not None:
            data = data.repeat()
        held_out = rows.shuffle(20, seed=2).batch(5) if validated else None
        steps_held_out = 3 if steps and validated else None
        trained = model()
        history = fit(
            trained, data, epochs=3, steps_per_epoch=steps, verbose=0,
            validation_data=held_out, validation_steps=steps_held_out,
        )  # fmt: skip
        found.append((history.history, [weight.tolist() for weight in trained.get_weights()]))
    assert found[0] == found[1]


def test_later_calls_on_a_shuffled_dataset_have_the_order_that_keras_gives_them() -> None:
    found = []
    for methods in ((pipeline.fit, pipeline.evaluate), (keras.Model.fit, keras.Model.evaluate)):
        data = tf.data.Dataset.range(40).shuffle(40, seed=3).batch(4).map(lambda i: (tf.stack([i, i], 1) / 40, i / 40))
        trained, values = model(), []
        for _ in range(3):
            values.append(methods[0](trained, data, epochs=2, verbose=0).history)
            values.append(methods[1](trained, data.take(3), verbose=0))
        found.append(values)
    assert found[0] == found[1]


class Told(keras.utils.PyDataset):  # type: ignore[misc]
    """Notes which items are asked for, and what it is told."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.noted: list[Any] = []

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Any:
        self.noted.append(index)
        return batch(index)

    def on_epoch_begin(self) -> None:
        self.noted.append("begin")

    def on_epoch_end(self) -> None:
        self.noted.append("end")


@pytest.mark.exhaustive
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_py_dataset_is_told_of_epochs_and_asked_for_items_as_by_keras(method: str, workers: int) -> None:
    noted = []
    for functions in (pipeline, keras.Model):
        data = Told(workers=workers)
        random.seed(0)
        getattr(functions, method)(model(), data, verbose=0, **({"epochs": 3} if method == "fit" else {}))
        noted.append(data.noted)
    ours, theirs = noted
    # Keras looks at two items first.
    assert theirs[:2] == [0, 1]
    if workers == 1:
        assert ours == theirs[2:]
    else:
        # Keras' workers may begin before the dataset is told that an epoch begins, and end in any order.
        assert [told for told in ours if isinstance(told, str)] == [told for told in theirs if isinstance(told, str)]
        begins = [place for place, told in enumerate(ours) if told == "begin"]
        assert all(sorted(ours[place + 1 : place + 7]) == list(range(6)) for place in begins)


def test_workers_make_items_of_a_py_dataset_at_once_and_in_processes_of_their_own() -> None:
    both = threading.Barrier(2)

    class Waiting(Told):
        def __getitem__(self, index: int) -> Any:
            both.wait(30)
            return batch(index)

    class Numbered(Told):
        def __getitem__(self, index: int) -> Any:
            return (np.full((2, 2), os.getpid(), "float32"),)

    pipeline.fit(model(), Waiting(workers=2), verbose=0)
    identity = keras.Sequential([keras.Input((2,)), keras.layers.Identity()])
    assert (pipeline.predict(identity, Numbered(), verbose=0) == os.getpid()).all()
    apart = pipeline.predict(identity, Numbered(workers=1, use_multiprocessing=True), verbose=0)
    assert apart.shape == (12, 2)
    assert (apart != os.getpid()).all()


def test_doubles_that_a_py_dataset_makes_stay_doubles_where_keras_computes_in_them() -> None:
    class Doubles(Told):
        def __getitem__(self, index: int) -> Any:
            return tuple(part.astype("float64") + 1e-12 for part in batch(index))

    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        found = []
        for functions in (pipeline, keras.Model):
            trained = model()
            history = functions.fit(trained, Doubles(), verbose=0, shuffle=False).history
            found.append((history["loss"], history["mae"], functions.predict(trained, Doubles(), verbose=0)))
        for ours, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-14)
        assert found[0][2].dtype == "float64"
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


def test_many_fits_on_datasets_warn_of_no_tracing(caplog: pytest.LogCaptureFixture) -> None:
    for size in range(1, 9):
        data = tf.data.Dataset.from_tensor_slices(batch(size)).repeat(300).batch(size, drop_remainder=True)
        pipeline.fit(model(), data, verbose=0)
    assert "retracing" not in caplog.text


def test_fits_on_other_shapes_warn_of_no_tracing(caplog: pytest.LogCaptureFixture) -> None:
    of_any_length = keras.Sequential([keras.Input((None, 2)), keras.layers.GlobalAveragePooling1D()])
    of_any_length.compile("sgd", "mse")
    rows = model()
    for size in range(2, 9):
        x, y = batch(size)
        x, y = np.repeat(x, size, axis=0), np.repeat(y, size, axis=0)
        pipeline.fit(rows, x, y, batch_size=5, verbose=0)
        pipeline.evaluate(rows, x, y, batch_size=size, verbose=0)
        pipeline.predict(rows, x, batch_size=4, verbose=0)
        pipeline.predict(of_any_length, np.ones((size, size, 2)), batch_size=4, verbose=0)
        pipeline.predict(of_any_length, ((np.ones((2, length, 2)),) for length in range(1, size)), verbose=0)
    assert "retracing" not in caplog.text


def test_no_data_is_what_it_is_with_keras() -> None:
    empty = Source(0)
    for fit in (pipeline.fit, keras.Model.fit):
        with pytest.raises(ValueError, match="at least one batch"):
            fit(model(), empty.generator(), verbose=0)


@pytest.mark.parametrize("form", ["arrays", "dataset", "dataset of unknown length"])
def test_no_rows_measure_nothing_and_warn_as_with_keras(form: str) -> None:
    none = np.zeros((0, 2), "float32"), np.zeros((0, 1), "float32")
    rows = tf.data.Dataset.from_tensor_slices(none).batch(3)
    unknown = rows.filter(lambda x, y: True)
    data = {"arrays": none, "dataset": (rows,), "dataset of unknown length": (unknown,)}[form]
    for functions in (pipeline, keras.Model):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            history = functions.fit(model(), *data, epochs=2, verbose=0)
            measured = functions.evaluate(model(), *data, verbose=0, return_dict=True)
        assert (history.history, measured) == ({}, {})
        assert sum("ran out of data" in str(warning.message) for warning in warned) == 3


def test_prediction_of_no_rows_does_not_warn(recwarn: pytest.WarningsRecorder) -> None:
    assert len(pipeline.predict(model(), np.zeros((0, 2), "float32"), verbose=0)) == 0
    assert not [warning for warning in recwarn if "steps_per_epoch" in str(warning.message)]
