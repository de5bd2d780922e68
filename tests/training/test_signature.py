"""Inputs and outputs by name, whatever structure the model has of them."""

from typing import Any

import keras
import numpy as np
import pytest

from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.errors import ConfigError, DataError
from pipeline.training.signature import signature_of

ONE = DataSpec({"image": InputSpec((4,), "float32")}, {"digit": TargetSpec((), "int64", tuple("012"))})


def test_one_input_and_output_take_the_names_of_the_data() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    signature = signature_of(model, ONE)
    assert (signature.inputs, signature.outputs) == ({"image": (4,)}, {"digit": (3,)})
    assert signature.pack_inputs({"image": 7}) == 7
    assert signature.outputs_by_name(5) == {"digit": 5}


def test_dicts_are_in_the_order_of_the_targets(two_outputs: keras.Model, several: Examples) -> None:
    signature = signature_of(two_outputs, several.spec)
    assert list(signature.outputs) == ["score", "kind"]
    assert signature.pack_outputs({"kind": 1, "score": 2}) == {"score": 2, "kind": 1}


def test_lists_are_by_the_names_of_layers(several: Examples) -> None:
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    outputs = [keras.layers.Dense(3, name="kind")(a), keras.layers.Dense(1, name="score")(b)]
    signature = signature_of(keras.Model([b, a], outputs), several.spec)
    assert signature.pack_inputs({"a": 1, "b": 2}) == [2, 1]
    assert signature.pack_outputs({"score": 1, "kind": 2}) == [2, 1]
    assert signature.outputs_by_name([5, 6]) == {"kind": 5, "score": 6}


class Own(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(3)

    def call(self, inputs: object) -> object:
        return self.dense(inputs)


def test_model_of_a_class_of_its_own_is_asked_what_it_gives() -> None:
    signature = signature_of(Own(), ONE)
    assert (signature.inputs, signature.outputs) == ({"image": (4,)}, {"digit": (3,)})


def read_by(key: object) -> Own:
    """Returns a model that reads its input by `inputs[key]`."""

    class Reading(Own):
        def call(self, inputs: Any) -> object:
            return self.dense(inputs[key])

    return Reading()


@pytest.mark.parametrize(("key", "form"), [("image", "dict"), (0, "list")])
def test_model_gets_its_input_in_the_form_that_its_code_reads(key: object, form: str) -> None:
    model = read_by(key)
    assert signature_of(model, ONE).input_form == form
    assert len(model.weights) == 2
    # The form that was refused has left nothing that would be saved.
    assert model.get_build_config() == {"input_shape": {"image": (None, 4)} if form == "dict" else [(None, 4)]}


def test_model_that_does_not_take_the_inputs_is_told() -> None:
    two = DataSpec({"a": InputSpec((4,), "float32"), "b": InputSpec((2,), "float32")}, ONE.targets)
    with pytest.raises(DataError, match=r"cannot take the inputs of the data \(a \(4,\), b \(2,\)\)"):
        signature_of(Own(), two)


def test_names_that_one_has_and_the_other_lacks_are_told(two_outputs: keras.Model, several: Examples) -> None:
    spec = several.spec
    fewer = DataSpec({"a": spec.inputs["a"]}, spec.targets)
    with pytest.raises(ConfigError, match="model: has an input 'b', but the data has no input of that name"):
        signature_of(two_outputs, fewer)
    more = DataSpec({**spec.inputs, "c": spec.inputs["a"]}, spec.targets)
    with pytest.raises(ConfigError, match="data: has an input 'c', but the model has no such input"):
        signature_of(two_outputs, more)
    other = DataSpec(spec.inputs, {"scores": spec.targets["score"]})
    with pytest.raises(ConfigError, match="a target 'scores', but the model has no such output; did you mean 'score'"):
        signature_of(two_outputs, other)


def test_outputs_without_a_target_come_after_the_others(two_outputs: keras.Model, several: Examples) -> None:
    spec = DataSpec(several.spec.inputs, {"kind": several.spec.targets["kind"]})
    assert list(signature_of(two_outputs, spec).outputs) == ["kind", "score"]
    assert np.array(signature_of(two_outputs, spec).outputs["score"]).tolist() == [1]
