"""Outputs are named and shaped as the targets."""

import keras

from pipeline.data.spec import DataSpec, TargetSpec
from pipeline.models.heads import head, outputs

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
