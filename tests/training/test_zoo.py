"""Seed for seed and unshuffled, every model of the zoo is trained to Keras' weights by every loader that suits it."""

from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config import components
from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.loaders.numpy import NumpyLoader
from pipeline.data.loaders.tf_data import TfDataLoader
from pipeline.data.sources.digits import Digits
from pipeline.data.sources.image_timeseries import image_timeseries
from pipeline.data.spec import InputSpec, spec_of
from pipeline.data.tuples import Names, examples_of
from pipeline.models import build_model
from pipeline.training import compile_model, fit

SIZE, BATCH = 70, 16
LOADERS: dict[str, Any] = {
    "numpy": NumpyLoader(BATCH, shuffle=False),
    "tf_data": TfDataLoader(BATCH, 0, None),
    "generator": GeneratorLoader(BATCH, False, "generator", "known"),
    "generator of unknown length": GeneratorLoader(BATCH, False, "generator", "unknown"),
    "PyDataset": GeneratorLoader(BATCH, False, "py_dataset", "known"),
}
CROSSENTROPY = "sparse_categorical_crossentropy"


def digits() -> Examples:
    whole = Digits().load().train
    assert isinstance(whole, Examples)
    return whole.rows(slice(0, SIZE))


def table() -> Examples:
    generator = np.random.default_rng(0)
    inputs = {
        "age": np.where(np.arange(SIZE) % 9, generator.uniform(20, 70, SIZE), np.nan).astype("float32"),
        "city": generator.choice(["Oslo", "Rome"], SIZE).astype(object),
    }
    targets = {"churn": generator.integers(0, 2, SIZE)}
    spec = spec_of(inputs, targets)
    given = {name: InputSpec(s.shape, s.dtype, missing=True) for name, s in spec.inputs.items()}
    return Examples(type(spec)(given, spec.targets), inputs, targets)


def images_and_series() -> Examples:
    parts = image_timeseries(SIZE, 0, "dicts", 5, 12)
    return examples_of(parts, Names(["image", "timeseries"], ["score", "class"]), classes={"score": 0, "class": 5})


ZOO: dict[str, Any] = {
    "mlp": (
        digits,
        {"_target_": "pipeline.models.mlp.mlp", "units": 8, "depth": 2, "activation": "relu", "dropout": 0.3},
    ),
    "cnn": (digits, {"_target_": "pipeline.models.cnn.cnn", "filters": 4, "depth": 1, "units": 8, "dropout": 0.2}),
    "tabular": (table, {"_target_": "pipeline.models.tabular.tabular", "units": 8, "depth": 1, "dropout": 0.0}),
    "image_timeseries": (
        images_and_series,
        {"_target_": "pipeline.models.image_timeseries.image_timeseries", "filters": 4, "kernel": 3},
    ),
}  # fmt: skip


def compiled(model: str, examples: Examples) -> Any:
    node = ZOO[model][1]
    keras.utils.set_random_seed(0)
    made = build_model(node, examples)
    several = len(examples.spec.targets) > 1
    loss: Any = {"score": "mse", "class": CROSSENTROPY} if several else CROSSENTROPY
    config = PipelineConfig(optimizer={"name": "adam"}, loss=loss, metrics=None if several else ["accuracy"])
    return compile_model(made, config, examples.spec)


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """What Keras makes of each model, by its own loop over the same batches."""
    found = {}
    for name, (data, _) in ZOO.items():
        examples = data()
        named = compiled(name, examples)
        model, signature = named.keras_model, named.signature
        logs: dict[str, float] = {}
        batches = LOADERS["numpy"].batches(examples, seed=0, training=True)

        def drawn(batches: Any = batches, signature: Any = signature) -> Any:
            for batch in batches.epoch(0):
                yield signature.pack_inputs(batch.inputs), signature.pack_outputs(batch.targets)

        # A batch a call, as sizes vary from batch to batch.
        model.reset_metrics()
        for index, (x, y) in enumerate(drawn()):
            if index == 0:
                model.make_train_function()
            logs = model.train_function(iter([(x, y)]))
        found[name] = [np.array(w) for w in model.get_weights()], float(model.get_metrics_result()["loss"]), logs
    return found


@pytest.mark.exhaustive
@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("name", ZOO)
def test_weights_and_loss_are_those_of_keras(name: str, loader: str, expected: dict[str, Any]) -> None:
    if (name, loader) in (("image_timeseries", "pandas"),):
        pytest.skip("columns have no varying length")
    examples = ZOO[name][0]()
    named = compiled(name, examples)
    batches = LOADERS[loader].batches(examples, seed=0, training=True)
    history = fit(named, batches, None, TrainerConfig(epochs=1)).history
    weights, loss, _ = expected[name]
    assert history["loss"][0] == pytest.approx(loss, rel=1e-5)
    for one, other in zip(named.keras_model.get_weights(), weights, strict=True):
        if np.asarray(other).dtype.kind == "f":
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_every_model_of_the_zoo_is_here() -> None:
    from pipeline.config.conf_folder import conf_folder

    assert {path.stem for path in (conf_folder() / "model").glob("*.yaml")} == set(ZOO)
    assert all(components.find(node["_target_"]) for _, node in ZOO.values())
