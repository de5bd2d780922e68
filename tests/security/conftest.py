"""What strangers give away: models that run code when they are loaded, and the folder of a run."""

import os
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `lambda.keras` and the SavedModel `saved`, both of which leave a mark when they are called."""
    import keras
    import tensorflow as tf

    class Writer(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec((None, 8, 8, 1))])  # type: ignore[untyped-decorator]
        def serve(self, x: tf.Tensor) -> tf.Tensor:
            with tf.control_dependencies([tf.io.write_file("pwned", "x")]):
                return tf.reshape(tf.identity(x), (-1, 64))[:, :10]

    folder = tmp_path_factory.mktemp("stranger")
    before = Path.cwd()
    os.chdir(folder)
    try:
        mark = lambda x: (__import__("pathlib").Path("pwned").touch(), x)[1]  # noqa: E731
        inputs = keras.Input((8, 8, 1), name="image")
        marked = keras.layers.Flatten()(keras.layers.Lambda(mark, output_shape=(8, 8, 1))(inputs))
        keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="digit")(marked)).save("lambda.keras")
        tf.saved_model.save(Writer(), "saved")
        inputs = keras.Input((8, 8, 1), name="image")
        marked = keras.layers.TFSMLayer("saved", call_endpoint="serve", name="digit")(inputs)
        keras.Model(inputs, marked).save("tfsm.keras")
    finally:
        os.chdir(before)
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, for tests to copy."""
    from pipeline.cli import main

    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["pipeline", "+experiment=quickstart", "trainer.epochs=1"])
        assert main() == 0
    return next(folder.glob("outputs/*/*"))
