"""A model of a user's own class gets the one input in the form that its code reads, whatever the source and loader."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import pipeline
from pipeline.config.schema import TrainerConfig
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.loaders.numpy import NumpyLoader
from pipeline.data.loaders.tf_data import TfDataLoader
from pipeline.data.spec import spec_of
from pipeline.training.signature import named_model
from pipeline.training.stages import evaluate, fit, predict

MODULE = """
import keras
import numpy as np

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def batches():
    for start in range(0, 24, 8):
        yield {"x": X[start:start + 8]}, Y[start:start + 8]


@keras.saving.register_keras_serializable("dict_parts")
class Network(keras.Model):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.dense = keras.layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs["x"])
"""


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "dict_parts.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "dict_parts", raising=False)
    import dict_parts  # type: ignore[import-not-found]

    yield dict_parts
    sys.modules.pop("dict_parts", None)


def test_generator_of_dicts_trains_evaluates_predicts_and_resumes(parts: Any, command: Callable[..., Any]) -> None:
    source = "{_target_: dict_parts.batches, _partial_: true}"
    done = command(
        "data=batches", "loader=stream", f"data.train={source}", f"data.test={source}", "data.inputs=[x]",
        "data.targets=[y]", "model={_target_: dict_parts.Network}", "loss=mean_squared_error", "metrics=[mae]",
        "trainer.epochs=1", "report=false",
    )  # fmt: skip
    assert done.code == 0, done.errors
    loss = done.json("metrics.json")["test"]["loss"]
    again = command("task=evaluate", f"run={done.folder}", "trust=[dict_parts]")
    assert again.json("metrics.json")["test"]["loss"] == pytest.approx(loss)
    told = command("task=predict", f"run={done.folder}", "task.form=npz", "trust=[dict_parts]")
    values = np.load(told.folder / "predictions.npz")["value"]
    assert np.mean((values - parts.Y[:, 0]) ** 2) == pytest.approx(loss, rel=1e-5)
    resumed = command(f"resume={done.folder}", "trainer.epochs=2", "trust=[dict_parts]")
    assert resumed.code == 0, resumed.errors


@pytest.mark.parametrize(
    "loader",
    [
        NumpyLoader(8, False),
        TfDataLoader(8, 0, None),
        GeneratorLoader(8, False, "generator", "known"),
    ],
)
def test_every_loader_feeds_the_form_that_the_model_reads(parts: Any, loader: Any) -> None:
    inputs, targets = {"x": parts.X}, {"y": parts.Y}
    examples = Examples(spec_of(inputs, targets), inputs, targets)
    model = parts.Network()
    named = named_model(model, examples.spec)
    model.compile("sgd", "mse")
    batches = loader.batches(examples, seed=0, training=False)
    fit(named, batches, batches, TrainerConfig(epochs=1, verbose=0))
    loss = evaluate(named, batches)["loss"]
    given = predict(named, batches)["y"]
    assert np.mean((given - parts.Y) ** 2) == pytest.approx(loss, rel=1e-5)
    assert given == pytest.approx(parts.X @ np.array(model.dense.kernel) + np.array(model.dense.bias), rel=1e-5)


def test_python_call_feeds_what_a_generator_gives(parts: Any) -> None:
    losses = []
    for how in (pipeline.fit, keras.Model.fit):
        keras.utils.set_random_seed(1)
        model = parts.Network()
        model.compile("sgd", "mse")
        losses.append(how(model, parts.batches(), verbose=0).history["loss"])
    assert losses[0] == pytest.approx(losses[1])
