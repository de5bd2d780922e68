"""Numbers and choices are taken as Keras takes them; others are refused in a line that names the argument."""

import re
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import pipeline

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
Y = (X.sum(axis=1, keepdims=True) > 0).astype("float32")
VALIDATION = {"validation_data": (X, Y)}


def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def batches() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(5)


def trained(ours: bool, arguments: dict[str, Any]) -> Any:
    of = model()
    given = {"x": X, "y": Y, "verbose": 0, "shuffle": False, **arguments}
    history = pipeline.fit(of, **given) if ours else of.fit(**given)
    return history.epoch, history.history, of.get_weights()


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "arguments",
    [
        {"epochs": np.int64(2)},
        {"epochs": tf.constant(2)},
        {"epochs": np.array(2)},
        {"epochs": True},
        {"epochs": 0},
        {"epochs": -1},
        {"epochs": 3, "initial_epoch": np.int32(1)},
        {"epochs": 3, "initial_epoch": tf.constant(1)},
        {"epochs": 2, "initial_epoch": -1},
        {"batch_size": np.int64(5)},
        {"batch_size": 0},
        {"batch_size": True},
        {"batch_size": np.True_},
        {"x": batches(), "y": None, "batch_size": "ignored"},
        {"steps_per_epoch": tf.constant(2)},
        {"steps_per_epoch": 0},
        {"x": batches(), "y": None, "steps_per_epoch": -1},
        {"steps_per_epoch": -1, "batch_size": 5},
        {**VALIDATION, "validation_steps": np.int64(2), "validation_batch_size": np.int64(3)},
        {**VALIDATION, "validation_steps": 0, "validation_batch_size": 0},
        {"validation_steps": "ignored", "validation_batch_size": "ignored", "validation_freq": "ignored"},
        {**VALIDATION, "epochs": 2, "validation_freq": [2.0]},
        {**VALIDATION, "epochs": 2, "validation_freq": []},
        {**VALIDATION, "epochs": 2, "validation_freq": -1},
        {**VALIDATION, "epochs": 2, "validation_freq": True},
        {**VALIDATION, "validation_split": 20},
        {"validation_split": None},
        {"validation_split": np.float32(0.5)},
        {"validation_split": tf.constant(0.5)},
        {"validation_split": False},
        {"verbose": np.int64(0)},
        {"verbose": np.False_},
        {"verbose": None},
        {"verbose": 3},
        {"shuffle": None},
        {"shuffle": np.False_},
        {"class_weight": {}},
        {"class_weight": pd.Series({0: 2.0, 1: 0.5})},
    ],
    ids=lambda arguments: " ".join(f"{k}={v!r:.20}" for k, v in arguments.items() if k not in ("x", "y")),
)
@pytest.mark.filterwarnings("ignore:Your input ran out of data", "ignore:`shuffle=True` was passed")
def test_what_keras_takes_trains_as_with_keras(arguments: dict[str, Any]) -> None:
    ours, theirs = trained(True, arguments), trained(False, arguments)
    assert ours[0] == theirs[0]
    assert list(ours[1]) == list(theirs[1])
    for name, values in theirs[1].items():
        assert ours[1][name] == pytest.approx(values, rel=1e-5)
    for one, other in zip(ours[2], theirs[2], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.exhaustive
@pytest.mark.parametrize("several", [(2,), {2}, range(2, 3), np.array([2])])
def test_epochs_to_validate_after_may_be_of_any_collection(several: Any) -> None:
    theirs = model().fit(X, Y, epochs=3, verbose=0, validation_freq=[2], **VALIDATION)
    ours = pipeline.fit(model(), X, Y, epochs=3, verbose=0, validation_freq=several, **VALIDATION)
    assert len(ours.history["val_loss"]) == len(theirs.history["val_loss"]) == 1
    each_second = pipeline.fit(model(), X, Y, epochs=3, verbose=0, validation_freq=np.int64(2), **VALIDATION)
    assert len(each_second.history["val_loss"]) == 1


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"epochs": 2.0}, TypeError, "epochs: expected a whole number, got 2.0"),
    ({"epochs": "3"}, TypeError, "epochs: expected a whole number, got '3'"),
    ({"epochs": None}, TypeError, "epochs: expected a whole number, got None"),
    ({"initial_epoch": "0"}, TypeError, "initial_epoch: expected a whole number, got '0'"),
    ({"batch_size": 2.0}, TypeError, "batch_size: expected a whole number, got 2.0"),
    ({"batch_size": -1}, ValueError, "batch_size: expected a whole number of 1 or more, got -1"),
    ({"steps_per_epoch": 2.5}, TypeError, "steps_per_epoch: expected a whole number, got 2.5"),
    ({"steps_per_epoch": -1}, ValueError, "steps_per_epoch: expected a whole number of 1 or more, got -1"),
    ({**VALIDATION, "validation_steps": "2"}, TypeError, "validation_steps: expected a whole number, got '2'"),
    ({**VALIDATION, "validation_batch_size": [2]}, TypeError, "validation_batch_size: expected a whole number, got"),
    ({**VALIDATION, "validation_freq": 0}, ValueError, "validation_freq: expected a whole number of 1 or more, got 0"),
    ({**VALIDATION, "validation_freq": 1.5}, ValueError, "validation_freq: expected a whole number, or a list"),
    ({**VALIDATION, "validation_freq": None}, ValueError, "validation_freq: expected a whole number, or a list"),
    ({**VALIDATION, "validation_freq": ["1"]}, ValueError, "got ['1']"),
    ({"validation_split": 20}, ValueError, "validation_split: expected a share from 0 to below 1, got 20"),
    ({"validation_split": -0.2}, ValueError, "validation_split: expected a share from 0 to below 1, got -0.2"),
    ({"validation_split": "0.5"}, TypeError, "validation_split: expected a share from 0 to below 1, got '0.5'"),
    ({"validation_split": float("nan")}, ValueError, "validation_split: expected a share from 0 to below 1, got nan"),
    ({"verbose": "yes"}, ValueError, "verbose: expected \"auto\", 0, 1 or 2, got 'yes'"),
    ({"shuffle": "bach"}, ValueError, "shuffle: expected True, False or \"batch\", got 'bach'"),
    ({**VALIDATION, "validation_interval": 0}, ValueError, "validation_interval: expected a whole number of 1 or more"),
    ({**VALIDATION, "validation_interval": 1.5}, TypeError, "validation_interval: expected a whole number, got 1.5"),
    ({"validation_interval": 2}, ValueError, "validation_interval: got 2 without validation data"),
    ({"jit_compile": "yes"}, TypeError, "jit_compile: expected True, False, 'auto' or None, got 'yes'"),
    ({"class_weight": [1.0, 2.0]}, TypeError, "class_weight: expected a dict of weights by class id, got [1.0, 2.0]"),
    ({"validation_frq": 2}, TypeError, "fit() got an unexpected keyword argument 'validation_frq'; did you mean 'val"),
]


@pytest.mark.parametrize(("arguments", "kind", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_other_values_are_refused_in_one_line(arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=re.escape(message)) as refused:
        pipeline.fit(model(), X, Y, **{"verbose": 0, **arguments})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 1.5}, "steps: expected a whole number, got 1.5"),
        ({"batch_size": "4"}, "batch_size: expected a whole number, got '4'"),
        ({"stps": 1}, "unexpected keyword argument 'stps'; did you mean 'steps'?"),
    ],
)
def test_evaluation_and_prediction_check_theirs_too(arguments: dict[str, Any], message: str) -> None:
    for call in (lambda of: pipeline.evaluate(of, X, Y, **arguments), lambda of: pipeline.predict(of, X, **arguments)):
        with pytest.raises(TypeError, match=re.escape(message)):
            call(model())


def test_class_weights_by_output_of_a_model_with_one_output_name_what_is_right() -> None:
    unbuilt = keras.Sequential([keras.layers.Dense(1)])
    unbuilt.compile("sgd", "mse")
    with pytest.raises(ValueError, match="class_weight: expected weights by class id, got weights of an output 'out'"):
        pipeline.fit(unbuilt, X, Y, class_weight={"out": {0: 1.0}}, verbose=0)
