"""Pins that a process keeps nothing of the models that it built, trained and forgot, and all of those that it uses."""

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops
from tensorflow.python.framework.func_graph import FuncGraph

import pipeline
from pipeline.training import leftovers

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


class Batches(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return X[4 * index :][:4], Y[4 * index :][:4]


def _mlp(**compiled: Any) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"], **compiled)
    return model


def _dataset() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(4)


USES: dict[str, Callable[[keras.Model], Any]] = {
    "arrays": lambda model: pipeline.fit(model, X, Y, batch_size=4, verbose=0),
    "validation": lambda model: pipeline.fit(model, X, Y, epochs=2, validation_data=(X, Y), verbose=0),
    "dataset": lambda model: pipeline.fit(model, _dataset(), verbose=0),
    "generator": lambda model: pipeline.fit(model, (Batches()[i] for i in range(3)), steps_per_epoch=3, verbose=0),
    "pydataset": lambda model: pipeline.fit(model, Batches(), verbose=0),
    "xla": lambda model: pipeline.fit(model, X, Y, batch_size=4, jit_compile=True, verbose=0),
    "evaluate": lambda model: pipeline.evaluate(model, X, Y, verbose=0),
    "predict": lambda model: pipeline.predict(model, X, verbose=0),
}


def _graphs() -> list[FuncGraph]:
    gc.collect()
    return [found for found in gc.get_objects() if isinstance(found, FuncGraph)]


@pytest.mark.exhaustive
@pytest.mark.parametrize("use", USES)
def test_model_and_graphs_are_gone_after_it_is_forgotten(use: str) -> None:
    USES[use](_mlp())
    graphs, gradients = len(_graphs()), set(ops.gradient_registry.list())
    functions = set(context.context().list_function_names())
    model = _mlp()
    USES[use](model)
    gone = weakref.ref(model)
    del model
    assert len(_graphs()) == graphs
    assert gone() is None
    assert set(ops.gradient_registry.list()) == gradients
    assert len(set(context.context().list_function_names())) <= len(functions)


@keras.saving.register_keras_serializable("test_memory")
class OwnGradient(keras.layers.Layer):
    """Doubles its inputs, and triples the gradient, in a function of its own, which outlives what is traced of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

        @tf.custom_gradient
        def doubled(x: Any) -> Any:
            return 2 * x, lambda upstream: 3 * upstream

        self._doubled = tf.function(doubled, autograph=False)

    def call(self, x: Any) -> Any:
        return self._doubled(x)


def _own_gradient() -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), OwnGradient(), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def _ours(model: keras.Model) -> Any:
    return pipeline.fit(model, X, Y, batch_size=4, shuffle=False, verbose=0)


def _theirs(model: keras.Model) -> Any:
    return model.fit(X, Y, batch_size=4, shuffle=False, verbose=0)


def _forget_others() -> None:
    """Forgets a model that was trained, and drops all that is left of it and of those before."""
    _ours(_mlp())
    gc.collect()
    leftovers._Steps.gone = leftovers.MANY
    pipeline.predict(_mlp(), X, verbose=0)
    assert leftovers._Steps.gone < leftovers.MANY


def _assert_same_weights(found: keras.Model, expected: keras.Model) -> None:
    for mine, theirs in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.exhaustive
@pytest.mark.parametrize("build", [_mlp, _own_gradient])
@pytest.mark.parametrize("again", [_ours, _theirs])
def test_what_is_alive_trains_on_as_by_keras(build: Callable[[], keras.Model], again: Callable[..., Any]) -> None:
    expected, model = build(), build()
    _theirs(expected)
    _theirs(expected)
    _ours(model)
    _forget_others()
    again(model)
    _assert_same_weights(model, expected)


def test_models_in_turns_and_in_threads_train_as_by_keras() -> None:
    expected, first, second = _mlp(), _mlp(), _mlp()
    for _ in range(2):
        _theirs(expected)
        _ours(first)
        thread = threading.Thread(target=_ours, args=(second,))
        thread.start()
        _forget_others()
        thread.join()
    _assert_same_weights(first, expected)
    _assert_same_weights(second, expected)


def _slope(of: Callable[[Any], Any]) -> np.ndarray:
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = of(x)
    gradient: np.ndarray = tape.gradient(value, x).numpy()
    return gradient


def test_gradients_of_a_shared_layer_outlive_the_training_in_which_it_was_traced() -> None:
    model = _own_gradient()
    _ours(model)
    layer = model.layers[1]
    gone = weakref.ref(model)
    del model
    _forget_others()
    assert gone() is None
    np.testing.assert_allclose(_slope(layer), 3.0)
    np.testing.assert_allclose(_slope(tf.function(layer, autograph=False)), 3.0)
    head = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
    head.compile("adam", "mse")
    assert np.isfinite(_ours(head).history["loss"][0])


def test_exported_model_has_its_gradients_after_the_model_is_forgotten(tmp_path: Path) -> None:
    model = _own_gradient()
    _ours(model)
    expected = _slope(model)
    tf.saved_model.save(model, str(tmp_path))
    del model
    _forget_others()
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_allclose(_slope(loaded.signatures["serving_default"]), expected, rtol=1e-6)


class Noise(keras.layers.Layer):
    """Adds noise by an operation of TensorFlow whose kernel remembers what it drew."""

    def call(self, x: Any, training: bool = False) -> Any:
        return x + tf.random.normal(tf.shape(x), seed=7) if training else x


def test_random_numbers_of_what_is_alive_do_not_start_anew() -> None:
    def drawn(between: Callable[[], None]) -> list[float]:
        model = keras.Sequential([keras.Input((3,)), Noise(), keras.layers.Dense(1, kernel_initializer="ones")])
        model.compile(keras.optimizers.SGD(0.0), "mse")
        losses = []
        for _ in range(2):
            losses += _ours(model).history["loss"]
            between()
        return losses

    def forget() -> None:
        gc.collect()
        leftovers._Steps.gone = leftovers.MANY
        # To set a seed would start them anew.
        pipeline.predict(keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]), X, verbose=0)
        assert leftovers._Steps.gone >= leftovers.MANY

    assert len(set(drawn(forget))) == 2


SLOPE = """
import sys, keras, numpy as np, psutil, pipeline
x = np.zeros((64, 8), "float32")
used = []
for _ in range(int(sys.argv[1])):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    pipeline.fit(model, x, x[:, :1], verbose=0)
    used.append(psutil.Process().memory_info().rss / 2**20)
later = used[len(used) // 3 :]
print(np.polyfit(range(len(later)), later, 1)[0])
"""


@pytest.mark.slow
@pytest.mark.exhaustive
def test_memory_grows_by_a_small_part_of_what_keras_own_fit_keeps() -> None:
    # Keras' own fit keeps more than 4 MB of each such model.
    done = subprocess.run([sys.executable, "-c", SLOPE, "60"], capture_output=True, text=True, check=True)
    assert float(done.stdout.split()[-1]) < 0.5
