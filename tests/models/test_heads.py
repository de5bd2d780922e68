"""Outputs are named and shaped as the targets."""

from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.data.spec import DataSpec, TargetSpec
from pipeline.data.target import TargetScaling
from pipeline.models.heads import head, outputs, scales

FEATURES = keras.Input((8,))


def test_classes_get_probabilities() -> None:
    layer = head("kind", TargetSpec((), "int64", ("a", "b", "c")), FEATURES)
    assert layer.shape == (None, 3)
    model = keras.Model(FEATURES, layer)
    assert model.output_names == ["kind"]
    assert float(keras.ops.sum(model(keras.ops.ones((1, 8))))) - 1 < 1e-5


def test_numbers_get_the_shape_of_the_target() -> None:
    assert head("y", TargetSpec((), "float32"), FEATURES).shape == (None, 1)
    assert head("y", TargetSpec((3,), "float32"), FEATURES).shape == (None, 3)
    assert head("y", TargetSpec((2, 3), "float32"), FEATURES).shape == (None, 2, 3)


def test_one_target_is_bare_and_several_a_dict_in_their_order() -> None:
    number = TargetSpec((), "float32")
    assert outputs(DataSpec({}, {"y": number}), FEATURES).shape == (None, 1)  # type: ignore[union-attr]
    assert list(outputs(DataSpec({}, {"z": number, "a": number}), FEATURES)) == ["z", "a"]


@pytest.mark.parametrize(
    ("shape", "scaling"),
    [
        ((), TargetScaling("standard", (500.0,), (20.0,))),
        ((2,), TargetScaling("standard", (500.0, -3.0), (20.0, 0.1))),
        ((2, 3), TargetScaling("standard", (500.0,), (20.0,))),
        ((), TargetScaling("log", (3.0,), (0.5,), 1.0)),
    ],
)
def test_scaled_numbers_are_undone_in_the_output_and_in_the_saved_model(
    shape: tuple[int, ...], scaling: TargetScaling, tmp_path: Path
) -> None:
    model = keras.Model(FEATURES, head("price ($)", TargetSpec(shape, "float32", scaling=scaling), FEATURES))
    assert scales(model, "price ($)")
    for weights in model.weights:
        weights.assign(keras.ops.zeros_like(weights))
    mean = np.exp(np.array(scaling.mean)) - scaling.shift if scaling.method == "log" else np.array(scaling.mean)
    model.save(tmp_path / "model.keras")
    for loaded in (model, keras.saving.load_model(tmp_path / "model.keras", compile=False)):
        given = keras.ops.convert_to_numpy(loaded(np.ones((1, 8))))[0]
        np.testing.assert_allclose(given, np.broadcast_to(mean, shape or (1,)), rtol=1e-5)


def test_a_head_without_scaling_scales_nothing() -> None:
    model = keras.Model(FEATURES, head("y", TargetSpec((), "float32"), FEATURES))
    assert not scales(model, "y")
