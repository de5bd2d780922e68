"""What callbacks decide by is known before training: the names of all values, and which way each is better."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.callbacks.monitors import monitor_mistakes, optimized_mistakes, with_monitors
from pipeline.callbacks.target import StopAtTarget
from pipeline.data.batches import ArrayBatches
from pipeline.data.examples import Examples
from pipeline.data.spec import spec_of
from pipeline.training.expected_logs import Logged, logged_by
from pipeline.training.signature import named_model

X = np.zeros((8, 2), "float32")
TARGETS = {"a": np.zeros(8, "float32"), "b": np.zeros((8, 1), "float32")}
EXAMPLES = Examples(spec_of({"x": X}, TARGETS), {"x": X}, TARGETS)
BATCHES = ArrayBatches(EXAMPLES, 4, shuffle=False, seed=0)
LOSSES = {"a": "mse", "b": "binary_crossentropy"}


def vague(truth: Any, given: Any) -> Any:
    return keras.ops.mean(given + 0 * truth, axis=-1)


def compiled(form: type = dict, kind: type = keras.Model) -> keras.Model:
    given = keras.Input((2,), name="x")
    outputs = {name: keras.layers.Dense(1, "sigmoid", name=name)(given) for name in "ab"}
    metrics = {
        "a": ["mae", keras.metrics.FalseNegatives(name="good")],
        "b": [keras.metrics.AUC(name="foo"), "accuracy", "auc", vague],
    }
    model = kind(given, outputs if form is dict else list(outputs.values()))
    losses, metrics = (given if form is dict else list(given.values()) for given in (LOSSES, metrics))  # type: ignore[assignment]
    model.compile("sgd", losses, metrics=metrics, weighted_metrics=metrics if form is dict else None)
    return model


def logged(model: keras.Model, *callbacks: keras.callbacks.Callback, prefixes: tuple[str, ...] = ("val_",)) -> Logged:
    return logged_by(named_model(model, EXAMPLES.spec), BATCHES, LOSSES, prefixes, callbacks)


@pytest.mark.parametrize("form", [dict, list])
def test_names_are_those_that_training_logs(form: type) -> None:
    model = compiled(form)
    told = logged(model, keras.callbacks.ReduceLROnPlateau("loss"))
    targets = TARGETS if form is dict else list(TARGETS.values())
    plateau = keras.callbacks.ReduceLROnPlateau("loss")
    history = model.fit(X, targets, validation_data=(X, targets), verbose=0, callbacks=[plateau]).history
    assert told.complete
    assert set(told.names) == {*history, "learning_rate"}


class Own(keras.Model):  # type: ignore[misc]
    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


class Adding(keras.callbacks.Callback):  # type: ignore[misc]
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["more"] = epoch


def test_code_of_a_users_own_may_log_more() -> None:
    assert not logged(compiled(kind=Own)).complete
    adding = logged(compiled(), Adding())
    assert not adding.complete
    assert monitor_mistakes([keras.callbacks.EarlyStopping("more", mode="max")], adding) == []
    assert optimized_mistakes("more", adding, []) == []
    assert not logged(compiled(), keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)).complete
    assert logged(compiled(), keras.callbacks.LambdaCallback(), keras.callbacks.TerminateOnNaN()).complete


class Users(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, monitor: str, mode: str = "auto") -> None:
        super().__init__()
        self.monitor, self.mode = monitor, mode


DIRECTIONS = {
    "val_a_mae": "min", "val_a_good": "min", "b_foo": "max", "val_b_auc": "max", "val_b_accuracy": "max",
    "val_loss": "min", "val_a_loss": "min", "val_b_weighted_foo": "max",
}  # fmt: skip


def test_direction_is_told_to_callbacks_of_keras_and_of_users() -> None:
    told = logged(compiled())
    kinds = (keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau, Users)
    for kind in kinds:
        for name, mode in DIRECTIONS.items():
            callback = kind(monitor=name)
            assert monitor_mistakes([callback], told) == []
            assert callback.mode == mode, (kind, name)
    chosen = keras.callbacks.EarlyStopping("val_b_auc", mode="min")
    assert monitor_mistakes([chosen], told) == []
    assert chosen.mode == "min"
    # Nothing is compared where every epoch is saved, but Keras asks for a direction.
    every = keras.callbacks.ModelCheckpoint("x.keras", monitor="val_b_vague")
    assert monitor_mistakes([every], told) == []
    assert every.mode == "min"


def test_what_is_not_logged_or_does_not_tell_is_told_with_its_key(caplog: pytest.LogCaptureFixture) -> None:
    stopping = keras.callbacks.EarlyStopping("val_b_ac")
    stopping.config_key = "callbacks.stop"
    unclear = keras.callbacks.EarlyStopping("val_b_vague")
    best = keras.callbacks.ModelCheckpoint("x.keras", monitor="val_auc", save_best_only=True)
    target = StopAtTarget(monitor="val_b_vague", target=1)
    told = logged(compiled())
    one, two, three, four = monitor_mistakes([stopping, unclear, best, target, Users("gpu")], told)
    assert one.startswith(
        "callbacks.stop.monitor: 'val_b_ac' is not logged; did you mean 'val_b_auc'? Logged are a_good,"
    )
    assert two == (
        "EarlyStopping.monitor: cannot tell whether lower or higher 'val_b_vague' is better; "
        "expected mode=min or mode=max"
    )
    assert three.startswith("ModelCheckpoint.monitor: 'val_auc' is not logged; did you mean 'val_b_auc'?")
    assert four.startswith("StopAtTarget.monitor: cannot tell whether lower or higher 'val_b_vague'")
    (line,) = monitor_mistakes([keras.callbacks.EarlyStopping()], logged(compiled(), prefixes=()))
    assert "'val_loss' needs validation data, but there is none" in line
    with caplog.at_level(logging.WARNING):
        monitor_mistakes([keras.callbacks.EarlyStopping("val_b_acuracy")], logged(compiled(), Adding()))
    assert "'val_b_acuracy' is not logged; did you mean 'val_b_accuracy'?" in caplog.text
    (line,) = optimized_mistakes("test_b_ac", told, ["", "test_"])
    assert line.startswith("optimized_metric: no metric 'test_b_ac'; did you mean 'test_b_auc'? Measured are a_good,")


def test_whole_command_with_two_outputs(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "monitor_parts.py").write_text(
        "import keras\nimport numpy as np\n\n\ndef data():\n"
        "    x = np.arange(20, dtype='float32').reshape(10, 2)\n"
        "    y = np.array([0, 1] * 5, 'float32')\n    return {'x': x}, {'a': y, 'b': y}\n\n\n"
        "def network():\n    x = keras.Input((2,), name='x')\n"
        "    return keras.Model(x, {k: keras.layers.Dense(1, 'sigmoid', name=k)(x) for k in 'ab'})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    auc = "{_target_: keras.metrics.AUC, name: foo}"
    arguments = [
        "data=arrays", "data.train={_target_: monitor_parts.data}", "data.inputs=[x]", "data.targets=[a,b]",
        "model={_target_: monitor_parts.network}", "loss=auto",
        f"metrics={{a: [{auc}], b: [mse, {auc}]}}", "split.validation=0.4", "loader.batch_size=2", "report=false",
        "trainer.epochs=2", "callbacks=[early_stopping,checkpoint,plateau,checkpoints]",
    ]  # fmt: skip
    wrong = command(
        *arguments, "callbacks.early_stopping.monitor=val_b_fo", "callbacks.checkpoints.monitor=val_foo",
        "+callbacks.plateau.mode=max", "optimized_metric=val_b_auc",
    )  # fmt: skip
    names = ["a_foo", "a_loss", "b_foo", "b_loss", "b_mse", "loss"]
    assert wrong.code == 2
    assert [line.split(";")[0] for line in wrong.errors] == [
        "callbacks.early_stopping.monitor: 'val_b_fo' is not logged",
        "callbacks.checkpoints.monitor: 'val_foo' is not logged",
        "optimized_metric: no metric 'val_b_auc'",
    ]
    assert wrong.errors[0].endswith(
        f"Logged are {', '.join(['a_foo', 'a_loss', 'b_foo', 'b_loss', 'b_mse'])}, "
        f"learning_rate, loss, {', '.join(f'val_{name}' for name in names)}"
    )
    assert wrong.folder is None
    monitors = [f"callbacks.{name}.monitor=val_b_foo" for name in ("early_stopping", "checkpoint", "checkpoints")]
    done = command(*arguments, *monitors, "optimized_metric=val_b_foo")
    assert done.code == 0, done.errors
    best = max(done.history()["val_b_foo"])
    (kept,) = (done.folder / "checkpoints").glob("epoch-*.keras")
    assert kept.name.endswith(f"val_b_foo-{best:.4f}.keras")


def test_a_monitor_that_is_auto_is_the_validation_loss_or_else_the_loss() -> None:
    nodes = {"stop": {"monitor": "auto", "patience": 3}, "save": {"monitor": "val_auc"}, "off": None}
    assert with_monitors(nodes, validates=True) == {**nodes, "stop": {"monitor": "val_loss", "patience": 3}}
    assert with_monitors(nodes, validates=False)["stop"]["monitor"] == "loss"
    assert with_monitors(None, validates=False) == {}
