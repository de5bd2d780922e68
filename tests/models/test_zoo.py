"""Models of the zoo take the data as it is and have an output for each target."""

import keras
import numpy as np
import pytest

from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec, spec_of
from pipeline.data.streams import BatchStream
from pipeline.errors import ConfigError
from pipeline.models import build_model
from pipeline.models.cnn import cnn
from pipeline.models.image_timeseries import image_timeseries
from pipeline.models.mlp import mlp

TEN = {"digit": TargetSpec((), "int64", tuple("0123456789"))}
IMAGE = DataSpec({"image": InputSpec((28, 28), "uint8", 1 / 255)}, TEN)
UNKNOWN = {"y": TargetSpec((), "int64")}
VECTOR = DataSpec({"x": InputSpec((4,), "float32")}, TEN)
TWO = DataSpec(
    {"image": InputSpec((32, 32, 3), "float32"), "timeseries": InputSpec((None, 10), "float32")},
    {"score": TargetSpec((1,), "float32"), "class": TargetSpec((), "int64", tuple("01234"))},
)


def test_mlp_of_the_guide_has_55050_parameters() -> None:
    model = mlp(IMAGE, units=64, depth=2, activation="relu", dropout=0.0)
    assert model.count_params() == 784 * 64 + 64 + 64 * 64 + 64 + 64 * 10 + 10
    assert model.output.shape == (None, 10)


def test_pixels_are_scaled_inside_the_model() -> None:
    model = mlp(IMAGE, units=4, depth=0, activation="relu", dropout=0.0)
    scaled = keras.Model(model.input, model.get_layer("image_scaled").output)
    assert float(scaled(np.full((1, 28, 28), 255, "uint8"))[0, 0, 0]) == pytest.approx(1)


def test_mlp_joins_several_inputs() -> None:
    spec = DataSpec({"a": InputSpec((3,), "float32"), "b": InputSpec((2, 2), "float32")}, TEN)
    model = mlp(spec, units=4, depth=1, activation="relu", dropout=0.5)
    assert model({"a": np.zeros((2, 3)), "b": np.zeros((2, 2, 2))}).shape == (2, 10)


def test_cnn_takes_images_with_and_without_channels() -> None:
    for shape in ((28, 28), (28, 28, 3)):
        spec = DataSpec({"image": InputSpec(shape, "uint8", 1 / 255)}, TEN)
        model = cnn(spec, filters=4, depth=2, units=8, dropout=0.1)
        assert model(np.zeros((2, *shape), "uint8")).shape == (2, 10)


def test_two_inputs_give_a_score_and_a_class() -> None:
    model = image_timeseries(TWO, filters=3, kernel=3)
    found = model({"image": np.zeros((2, 32, 32, 3)), "timeseries": np.ones((2, 7, 10))})
    assert {name: value.shape for name, value in found.items()} == {"score": (2, 1), "class": (2, 5)}


def test_padding_of_a_time_series_changes_nothing() -> None:
    model = image_timeseries(TWO, filters=3, kernel=3)
    image = np.random.default_rng(0).normal(size=(1, 32, 32, 3)).astype("float32")
    series = np.random.default_rng(1).normal(size=(1, 7, 10)).astype("float32")
    padded = np.concatenate([series, np.zeros((1, 5, 10), "float32")], axis=1)
    short, long = (model({"image": image, "timeseries": s}) for s in (series, padded))
    np.testing.assert_allclose(short["score"], long["score"], rtol=1e-6)
    np.testing.assert_allclose(short["class"], long["class"], rtol=1e-6)


def test_series_of_padding_only_gives_numbers() -> None:
    model = image_timeseries(TWO, filters=3, kernel=3)
    found = model({"image": np.zeros((1, 32, 32, 3)), "timeseries": np.zeros((1, 4, 10))})
    assert abs(float(found["score"][0, 0])) < 1e3


def test_saved_model_is_loaded_by_keras_alone(tmp_path: object) -> None:
    model = image_timeseries(TWO, filters=3, kernel=3)
    model.save(f"{tmp_path}/model.keras")
    loaded = keras.saving.load_model(f"{tmp_path}/model.keras", safe_mode=True)
    inputs = {"image": np.ones((1, 32, 32, 3)), "timeseries": np.ones((1, 4, 10))}
    np.testing.assert_array_equal(loaded(inputs)["class"], model(inputs)["class"])


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: mlp(TWO, 4, 1, "relu", 0.0), "expected a fixed length of input 'timeseries'"),
        (lambda: mlp(IMAGE, 0, 1, "relu", 0.0), "at least 1 unit"),
        (lambda: cnn(TWO, 4, 1, 4, 0.0), "expected data with one input, got image, timeseries"),
        (lambda: cnn(VECTOR, 4, 1, 4, 0.0), "of shape (height, width, channels), got (4,)"),
        (lambda: cnn(IMAGE, 4, 5, 4, 0.0), "5 poolings by 2 are too many for images of 28 x 28"),
        (lambda: image_timeseries(VECTOR, 4, 3), "an image or a time series"),
        (lambda: mlp(DataSpec({"x": InputSpec((), "string")}, TEN), 4, 1, "relu", 0.0), "use model=tabular"),
        (lambda: mlp(DataSpec(IMAGE.inputs, UNKNOWN), 4, 1, "relu", 0.0), "data.classes: missing"),
    ],
)
def test_data_that_a_model_does_not_take_is_told(build: object, expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        build()  # type: ignore[operator]
    assert expected in str(error.value)


def test_model_is_built_from_its_config_and_the_spec() -> None:
    inputs, targets = {"x": np.zeros((4, 3))}, {"y": np.array([0, 1, 2, 0])}
    examples = Examples(spec_of(inputs, targets), inputs, targets)
    node = {"_target_": "pipeline.models.mlp.mlp", "units": 4, "depth": 1, "activation": "relu", "dropout": 0.0}
    assert build_model(node, examples).output.shape == (None, 3)
    with pytest.raises(ConfigError, match=r"to return a keras.Model, got a Huber"):
        build_model({"_target_": "keras.losses.Huber"}, examples)
    with pytest.raises(ConfigError, match=r"model: .*refused its arguments"):
        build_model({**node, "activation": "rleu"}, examples)
    stream = BatchStream(examples.spec, lambda _: [examples])
    with pytest.raises(ConfigError, match="adapts to examples in memory"):
        build_model({"_target_": "pipeline.models.tabular.tabular"}, stream)


@pytest.mark.parametrize("name", ["mlp.mlp", "cnn.cnn"])
@pytest.mark.parametrize("depth", [-1, 2**62])
def test_number_of_layers_that_nobody_would_wait_for_is_told(name: str, depth: int) -> None:
    inputs, targets = {"x": np.zeros((4, 8, 8))}, {"y": np.array([0, 1, 2, 0])}
    node = {"_target_": f"pipeline.models.{name}", "units": 4, "depth": depth, "dropout": 0.0}
    node |= {"activation": "relu"} if name == "mlp.mlp" else {"filters": 2}
    with pytest.raises(ConfigError, match="expected at least 1 unit and 0 to 1000 layers"):
        build_model(node, Examples(spec_of(inputs, targets), inputs, targets))
