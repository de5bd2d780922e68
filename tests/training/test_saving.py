"""What cannot be saved of a model is known before training, and no training is lost for it."""

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.callbacks import check_savers
from pipeline.errors import ConfigError
from pipeline.security.trust import trust_of, trusting
from pipeline.training.objectives.losses import build_loss, loss_name
from pipeline.training.objectives.metrics import build_metrics
from pipeline.training.objectives.partials import as_loss
from pipeline.training.saving import Savable, check_savable, save_trained

TARGET = f"{__name__}.network"


class Scaled(keras.layers.Layer):  # type: ignore[misc]
    """Unregistered, and in the module of what builds the model."""

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(shape[-1],), initializer="random_normal")

    def call(self, x: Any) -> Any:
        return x * self.scale


class Forgetful(Scaled):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def get_config(self) -> dict[str, Any]:
        return {}


class Closed(Scaled):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function


def network(layer: keras.layers.Layer) -> keras.Model:
    given = keras.Input((3,))
    x = keras.layers.Dropout(0.5)(
        keras.layers.Dense(1)(layer(keras.layers.Normalization(mean=0.0, variance=1.0)(given)))
    )
    model = keras.Model(given, x)
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize(
    ("layer", "saves", "reason"),
    [
        (lambda: keras.layers.Dense(2), True, None),
        (Scaled, True, None),
        (lambda: Forgetful(3), True, "missing 1 required positional argument: 'number'"),
        (lambda: keras.layers.Lambda(lambda x: 2 * x), True, "`Lambda` layer whose `function` is a Python lambda"),
        (lambda: Closed(object()), False, "Object Closed was created by passing non-serializable argument values"),
    ],
)
def test_what_can_be_saved_and_loaded_is_known_and_nothing_changes(
    layer: Callable[[], Any], saves: bool, reason: str | None, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(0)
    model = network(layer())
    weights, drawn = model.get_weights(), (random.getstate(), np.random.get_state()[1].tolist())
    uids = dict(keras.src.backend.common.global_state.get_global_attribute("object_name_uids"))
    found = check_savable(model, TARGET)
    assert found.saves is saves
    assert (found.reason is None) == (reason is None)
    assert reason is None or reason in str(found.reason)
    assert "\n" not in str(found.reason)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == drawn
    assert dict(keras.src.backend.common.global_state.get_global_attribute("object_name_uids")) == uids
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert save_trained(model, tmp_path, found) is None
    assert (tmp_path / "model.keras").exists() == saves
    assert (tmp_path / "model.weights.h5").exists() == (reason is not None)


def test_callback_that_would_save_what_cannot_be_saved_is_told_before_training() -> None:
    callbacks = [
        keras.callbacks.ModelCheckpoint("x.keras"),
        keras.callbacks.ModelCheckpoint("x.weights.h5", save_weights_only=True),
    ]
    callbacks[0].config_key = "callbacks.checkpoint"
    check_savers(callbacks, Savable(True, "cannot be loaded"))
    with pytest.raises(ConfigError) as told:
        check_savers(callbacks, Savable(False, "it is made of air"))
    assert str(told.value) == (
        "callbacks.checkpoint: saves the model, which cannot be saved: it is made of air; set the callback to null"
    )


@keras.saving.register_keras_serializable("test_saving")
def scaled_huber(truth: Any, given: Any, delta: float = 1.0, scale: float = 1.0) -> Any:
    return scale * keras.losses.huber(truth, given, delta=delta)


def test_partial_is_named_after_its_function_and_is_saved(tmp_path: Path) -> None:
    node = {"_target_": f"{__name__}.scaled_huber", "_partial_": True, "delta": 2.0, "scale": 3.0}
    with trusting(trust_of([f"trust=[{__name__.partition('.')[0]}]"])):
        loss, metrics = build_loss("loss", node), build_metrics("metrics", [node], None).used
    assert loss_name(loss) == "scaled_huber"
    x, y = np.zeros((4, 3), "float32"), np.full((4, 1), 10, "float32")
    model = network(keras.layers.Dense(2))
    model.compile("sgd", loss, metrics=metrics)
    right = 3 * float(np.mean(keras.losses.huber(y, model.predict(x, verbose=0), delta=2.0)))
    assert model.evaluate(x, y, return_dict=True, verbose=0) == pytest.approx({"loss": right, "scaled_huber": right})
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.evaluate(x, y, return_dict=True, verbose=0)["loss"] == pytest.approx(right)
    logits = {"_target_": "keras.losses.binary_crossentropy", "_partial_": True, "from_logits": True}
    assert build_loss("loss", logits).from_logits
    with pytest.raises(ConfigError, match="loss: _partial_ is for functions, but Huber is a class"):
        build_loss("loss", {"_target_": "keras.losses.Huber", "_partial_": True})
    assert as_loss("loss", scaled_huber) is scaled_huber


PARTS = """
import functools
import keras
import numpy as np


@keras.saving.register_keras_serializable("saving_parts")
def scaled(y_true, y_pred, scale=1.0):
    return scale * keras.losses.huber(y_true, y_pred)


def share_above(y_true, y_pred, threshold=0.5):
    return keras.ops.mean(keras.ops.cast(y_pred > threshold, "float32"), axis=-1)


def points():
    x = np.arange(12, dtype="float32").reshape(6, 2) / 12
    return x, x.sum(axis=1)


class Closed(keras.layers.Layer):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


def network():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def closed():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1), Closed(lambda x: 2 * x)])
"""


def test_no_training_is_lost(command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "saving_parts.py").write_text(PARTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "saving_parts", raising=False)
    arguments = [
        "data=arrays", "data.train={_target_: saving_parts.points}", "split.test=2", "trainer.epochs=1",
        "loader.batch_size=2", "report=false",
        "loss={_target_: saving_parts.scaled, _partial_: true, scale: 3}",
        "metrics=[{_target_: saving_parts.share_above, _partial_: true, threshold: 0.1}]", "trust=[saving_parts]",
    ]  # fmt: skip
    done = command(
        *arguments,
        "model={_target_: saving_parts.network}",
        "callbacks=[checkpoints]",
        "callbacks.checkpoints.monitor=loss",
    )
    assert done.code == 0, done.errors
    measured = done.json("metrics.json")["test"]["outputs"]["target"]
    assert set(measured) == {"loss", "share_above"}
    again = command("task=evaluate", f"run={done.folder}", "trust=[saving_parts]")
    assert again.json("metrics.json")["test"]["outputs"]["target"] == pytest.approx(measured)

    closed = command(*arguments, "model={_target_: saving_parts.closed}")
    assert closed.code == 0, closed.errors
    log = (closed.folder / "pipeline.log").read_text()
    assert log.index("model: cannot be saved: Object Closed was created") < log.index("epoch 1/1")
    assert closed.json("metrics.json")["test"]["loss"] >= 0
    assert (closed.folder / "model.weights.h5").exists()
    again = command("task=evaluate", f"run={closed.folder}", "trust=[saving_parts]")
    assert again.json("metrics.json")["test"]["loss"] == pytest.approx(closed.json("metrics.json")["test"]["loss"])
    refused = command(
        *arguments,
        "model={_target_: saving_parts.closed}",
        "callbacks=[checkpoints]",
        "callbacks.checkpoints.monitor=loss",
    )
    assert (refused.code, len(refused.errors)) == (2, 1)
    assert refused.errors[0].startswith("callbacks.checkpoints: saves the model, which cannot be saved: Object Closed")

    def fails(*arguments: Any, **more: Any) -> None:
        raise ValueError("no such luck")

    monkeypatch.setattr(keras.Model, "save", fails)
    late = command(*arguments, "model={_target_: saving_parts.network}")
    weights = late.folder / "model.weights.h5"
    assert (late.code, late.errors) == (2, [f"model: cannot be saved: no such luck; its weights are in '{weights}'"])
    assert weights.exists()
    assert json.loads((late.folder / "metrics.json").read_text())["test"]["loss"] >= 0
