"""Accumulation, clipping and moving averages of the trainer, by any optimizer, mean what they mean in Keras."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.config.value_checks import value_mistakes
from pipeline.data.batches import ArrayBatches
from pipeline.data.examples import Examples
from pipeline.data.spec import spec_of
from pipeline.errors import ConfigError
from pipeline.models.precision import precision
from pipeline.training import compile_model, fit
from pipeline.training.optimizers import build_optimizer
from pipeline.training.stages import evaluate
from pipeline.training.updates import set_updates

SETTINGS: dict[str, dict[str, Any]] = {
    "accumulated": {"gradient_accumulation_steps": 3},
    "each variable": {"clipnorm": 0.05},
    "all together": {"global_clipnorm": 0.05},
    "each number": {"clipvalue": 0.01},
    "averaged": {"use_ema": True, "ema_momentum": 0.5},
    "averaged while training": {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
}
OPTIMIZERS = sorted(
    name
    for name, kind in vars(keras.optimizers).items()
    if isinstance(kind, type)
    and issubclass(kind, keras.optimizers.Optimizer)
    and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")
)


def data() -> Examples:
    generator = np.random.default_rng(0)
    inputs = {"x": generator.normal(size=(24, 5)).astype("float32")}
    targets = {"y": generator.normal(size=(24, 1)).astype("float32")}
    return Examples(spec_of(inputs, targets), inputs, targets)


def model(policy: str) -> keras.Model:
    keras.utils.set_random_seed(0)
    with precision(policy):
        hidden = keras.layers.Dense(4, activation="tanh")
        return keras.Sequential([keras.Input((5,), name="x"), hidden, keras.layers.Dense(1, dtype="float32")])


def ours(batch: int, policy: str = "float32", **trainer: Any) -> tuple[keras.Model, float]:
    settings = TrainerConfig(epochs=2, **trainer)
    config = PipelineConfig(optimizer={"name": "sgd", "learning_rate": 0.1}, loss="mse", metrics=None, trainer=settings)
    trained, batches = model(policy), ArrayBatches(data(), batch, shuffle=False, seed=0)
    named = compile_model(trained, config, batches.spec)
    fit(named, batches, None, settings)
    return trained, evaluate(named, batches)["loss"]


def theirs(batch: int, policy: str = "float32", **arguments: Any) -> tuple[keras.Model, float]:
    trained = model(policy)
    trained.compile(keras.optimizers.SGD(0.1, **arguments), "mse")
    x, y = data().inputs["x"], data().targets["y"]
    trained.fit(x, y, batch_size=batch, epochs=2, shuffle=False, verbose=0)
    return trained, trained.evaluate(x, y, batch_size=batch, verbose=0)


def assert_same(one: tuple[keras.Model, float], other: tuple[keras.Model, float], rtol: float = 1e-5) -> None:
    for left, right in zip(one[0].get_weights(), other[0].get_weights(), strict=True):
        np.testing.assert_allclose(left, right, rtol=rtol, atol=rtol)
    assert one[1] == pytest.approx(other[1], rel=rtol)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_means_what_it_means_in_keras(name: str) -> None:
    assert_same(ours(4, **SETTINGS[name]), theirs(4, **SETTINGS[name]))


def test_accumulated_gradients_are_those_of_the_bigger_batch() -> None:
    assert_same(ours(4, gradient_accumulation_steps=3), theirs(12))
    assert_same(ours(4, gradient_accumulation_steps=1), theirs(4))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains_as_in_keras_and_scales_the_loss_where_needed(policy: str) -> None:
    settings = {"gradient_accumulation_steps": 2, "global_clipnorm": 0.5, "use_ema": True, "ema_momentum": 0.5}
    trained = ours(4, policy, **settings)
    # Roundings to 16 bits are at other places in another graph.
    assert_same(trained, theirs(4, policy, **settings), rtol=2e-2)
    scales = isinstance(trained[0].optimizer, keras.optimizers.LossScaleOptimizer)
    assert scales == (policy == "mixed_float16")
    assert {weight.dtype for weight in trained[0].weights} == {"float32"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_keras_takes_them_as_its_own_arguments(name: str) -> None:
    settings = {**SETTINGS["accumulated"], **SETTINGS["averaged"], **SETTINGS["each number"]}
    for node in ({"name": name}, {"_target_": f"keras.optimizers.{name}"}):
        optimizer = build_optimizer(node, None)
        set_updates(optimizer, TrainerConfig(**settings))
        expected = getattr(keras.optimizers, name)(name=optimizer.name, **settings)
        assert optimizer.get_config() == expected.get_config()


class Plain(keras.optimizers.SGD):  # type: ignore[misc]
    """An optimizer of a user's, whose constructor takes no such arguments."""

    def __init__(self) -> None:
        super().__init__(0.1)


def test_an_optimizer_whose_constructor_does_not_know_them_takes_them() -> None:
    optimizer = Plain()
    set_updates(optimizer, TrainerConfig(clipvalue=0.01))
    weight = keras.Variable(np.zeros(2))
    optimizer.apply([np.array([5.0, -5.0], "float32")], [weight])
    np.testing.assert_allclose(weight, [-0.001, 0.001])


def test_the_optimizer_within_one_that_scales_the_loss_takes_them() -> None:
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    set_updates(optimizer, TrainerConfig(clipnorm=2.0))
    assert optimizer.inner_optimizer.clipnorm == 2


def test_what_an_optimizer_cannot_take_is_told() -> None:
    several = keras.optimizers.MultiOptimizer(lambda _: keras.optimizers.SGD())
    with pytest.raises(ConfigError, match=r"trainer\.clipnorm: MultiOptimizer does not take it"):
        set_updates(several, TrainerConfig(clipnorm=1.0))
    with pytest.raises(
        ConfigError, match=r"trainer\.clipnorm: 1.0, but the optimizer already has 2.0; remove one of the two"
    ):
        set_updates(keras.optimizers.SGD(clipnorm=2.0), TrainerConfig(clipnorm=1.0))
    with pytest.raises(ConfigError, match="the optimizer has clipnorm and clipvalue; remove all but one"):
        set_updates(keras.optimizers.SGD(clipnorm=2.0), TrainerConfig(clipvalue=1.0))
    built = keras.optimizers.SGD()
    built.build([keras.Variable(1.0)])
    with pytest.raises(ConfigError, match=r"trainer\.use_ema: expected a new optimizer, got one whose variables exist"):
        set_updates(built, TrainerConfig(use_ema=True))


def test_averages_are_what_is_evaluated_and_what_validation_measures_if_asked_to(command: Callable[..., Any]) -> None:
    short = ("+experiment=quickstart", "report=false", "trainer.epochs=2", "callbacks=[ema]")
    done = command(*short, "trainer.use_ema=true", "trainer.ema_momentum=0.8")
    assert done.code == 0, done.err
    measured = done.json("metrics.json")["validation"]["loss"]
    assert done.history()["val_loss"][-1] == pytest.approx(measured, rel=1e-5)
    saved = keras.saving.load_model(done.folder / "model.keras")
    averages = saved.optimizer._model_variables_moving_average
    for weight, average in zip(saved.trainable_variables, averages, strict=True):
        np.testing.assert_array_equal(weight, average)
    assert command(*short).errors == ["callbacks.ema: needs moving averages of the weights; set trainer.use_ema=true"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"gradient_accumulation_steps": 0}, "trainer.gradient_accumulation_steps: expected 1 or more, got 0"),
        ({"clipnorm": 0.0}, "trainer.clipnorm: expected a finite number above 0, or null for no limit, got 0.0"),
        (
            {"clipnorm": 1.0, "clipvalue": 1.0},
            "trainer.clipnorm: clipnorm and clipvalue are set; set only one of them",
        ),
        ({"ema_momentum": 1.5}, "trainer.ema_momentum: expected a number from 0 to 1, got 1.5"),
        (
            {"ema_overwrite_frequency": 3},
            "trainer.ema_overwrite_frequency: there are no moving averages; set trainer.use_ema=true",
        ),
    ],
)
def test_settings_that_make_no_sense_are_told_before_tensorflow(changes: dict[str, Any], expected: str) -> None:
    assert value_mistakes(PipelineConfig(trainer=TrainerConfig(**changes))) == [expected]


def test_a_precision_that_keras_does_not_have_is_told_with_the_nearest() -> None:
    (line,) = value_mistakes(PipelineConfig(precision="mixed_float61"))
    assert line == "precision: Keras has no dtype policy 'mixed_float61'; did you mean 'mixed_float16'?"
