"""Our loop means what Keras' own means: weights, logs and hooks are the same for every kind of model and batches."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.batches import ArrayBatches, Batches
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.spec import spec_of
from pipeline.training import compile_model, fit

SIZE, BATCH, EPOCHS = 22, 4, 3


def data() -> Examples:
    generator = np.random.default_rng(0)
    inputs = {"image": generator.normal(size=(SIZE, 6, 6, 1)).astype("float32")}
    targets = {"kind": generator.integers(0, 3, SIZE)}
    return Examples(spec_of(inputs, targets, classes=3), inputs, targets)


def sequential(*layers: keras.Layer) -> keras.Model:
    ends = [keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    return keras.Sequential([keras.Input((6, 6, 1)), *layers, *ends])


class OwnStep(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.inner = sequential()

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)

    def train_step(self, data: Any) -> Any:
        logs = super().train_step(data)
        return {**logs, "double": 2 * logs["loss"]}


class OwnLoss(OwnStep):
    train_step = keras.Model.train_step

    def compute_loss(self, *arguments: Any, **named: Any) -> Any:
        return 3 * super().compute_loss(*arguments, **named)


def frozen() -> keras.Model:
    model = sequential(keras.layers.Conv2D(2, 3))
    model.layers[0].trainable = False
    return model


MODELS: dict[str, Callable[[], keras.Model]] = {
    "dense": lambda: sequential(keras.layers.Flatten(), keras.layers.Dense(5, activation="relu")),
    "convolution": lambda: sequential(keras.layers.Conv2D(2, 3, activation="relu")),
    "batch normalisation": lambda: sequential(keras.layers.Conv2D(2, 3), keras.layers.BatchNormalization()),
    "dropout": lambda: sequential(keras.layers.Dropout(0.5, seed=3)),
    "regularisation": lambda: sequential(
        keras.layers.Flatten(), keras.layers.Dense(4, kernel_regularizer="l2", activity_regularizer="l1")
    ),
    "frozen layer": frozen,
    "own train_step": OwnStep,
    "own compute_loss": OwnLoss,
}
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "rmsprop": {"name": "rmsprop"},
    "moving average of weights": {"name": "adam", "use_ema": True, "ema_momentum": 0.5},
    "accumulated gradients": {"name": "sgd", "gradient_accumulation_steps": 2},
    "clipped gradients": {"name": "adamw", "clipnorm": 0.01},
    "scaled loss": {"name": "adam", "loss_scale_factor": 64.0},
}


def ours(make: Callable[[], keras.Model], optimizer: dict[str, Any], train: Batches, **trainer: Any) -> Any:
    keras.utils.set_random_seed(0)
    model = make()
    loss = "sparse_categorical_crossentropy"
    config = PipelineConfig(optimizer=optimizer, loss=loss, weighted_metrics=["accuracy"])
    named = compile_model(model, config, train.spec)
    validation = ArrayBatches(data(), BATCH, shuffle=False, seed=0)
    callbacks = trainer.pop("callbacks", [])
    fitted = fit(named, train, validation, TrainerConfig(**{"epochs": EPOCHS, **trainer}), callbacks)
    return model.get_weights(), fitted.history


def theirs(make: Callable[[], keras.Model], optimizer: dict[str, Any], weights: np.ndarray | None) -> Any:
    keras.utils.set_random_seed(0)
    model = make()
    arguments = {name: value for name, value in optimizer.items() if name != "name"}
    model.compile(
        keras.optimizers.get({"class_name": optimizer["name"], "config": arguments}),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=["accuracy"],
    )
    x, y = data().inputs["image"], data().targets["kind"]
    history = model.fit(
        x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0, sample_weight=weights, validation_data=(x, y),
        validation_batch_size=BATCH,
    )  # fmt: skip
    return model.get_weights(), history.history


def assert_same(ours: Any, theirs: Any) -> None:
    for one, other in zip(ours[0], theirs[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert set(ours[1]) == set(theirs[1])
    for name, values in theirs[1].items():
        np.testing.assert_allclose(ours[1][name], values, rtol=1e-5, atol=1e-6, err_msg=name)


def resident() -> Batches:
    return ArrayBatches(data(), BATCH, shuffle=False, seed=0)


def streamed() -> Batches:
    loader = GeneratorLoader(BATCH, shuffle=False, form="generator", length="unknown")
    return loader.batches(data(), seed=0, training=True)


@pytest.mark.exhaustive
@pytest.mark.parametrize("batches", [resident, streamed])
@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model_is_trained_as_by_keras(name: str, batches: Callable[[], Batches]) -> None:
    optimizer = OPTIMIZERS["rmsprop"]
    assert_same(ours(MODELS[name], optimizer, batches()), theirs(MODELS[name], optimizer, None))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_kind_of_update_is_that_of_keras(name: str) -> None:
    optimizer = OPTIMIZERS[name]
    assert_same(ours(MODELS["convolution"], optimizer, resident()), theirs(MODELS["convolution"], optimizer, None))


def test_sample_weights_are_those_of_keras() -> None:
    weights = np.linspace(0, 2, SIZE).astype("float32")
    weighed = data().weighed_by(lambda e: {"kind": weights[: len(e)]})
    train = ArrayBatches(weighed, BATCH, shuffle=False, seed=0)
    optimizer = OPTIMIZERS["rmsprop"]
    assert_same(ours(MODELS["dense"], optimizer, train), theirs(MODELS["dense"], optimizer, weights))


@pytest.mark.parametrize("trainer", [{"jit_compile": True}, {"run_eagerly": True}], ids=str)
def test_compiling_with_xla_and_not_at_all_trains_the_same(trainer: dict[str, Any]) -> None:
    optimizer = OPTIMIZERS["rmsprop"]
    expected = ours(MODELS["dense"], optimizer, resident())
    for batches in (resident(), streamed()):
        assert_same(ours(MODELS["dense"], optimizer, batches, **trainer), expected)


class Watching(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes every hook; stops after a number of batches."""

    def __init__(self, stop_after: int | None = None) -> None:
        super().__init__()
        self.called: list[Any] = []
        self.losses: list[float] = []
        self.stop_after = stop_after

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.called.append(("begin", batch))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.called.append(("end", batch))
        self.losses.append(logs["loss"])
        if self.stop_after is not None and len(self.losses) == self.stop_after:
            self.model.stop_training = True


def hooks_of(steps_per_execution: int, batches: Batches) -> Watching:
    watching = Watching()
    ours(
        MODELS["dense"],
        {"name": "sgd"},
        batches,
        epochs=1,
        steps_per_execution=steps_per_execution,
        callbacks=[watching],
    )
    return watching


@pytest.mark.parametrize("batches", [resident, streamed])
def test_callback_that_looks_at_batches_is_called_for_every_one(batches: Callable[[], Batches]) -> None:
    watching = hooks_of(1, batches())
    assert watching.called == [(hook, batch) for batch in range(6) for hook in ("begin", "end")]
    assert len(set(watching.losses)) == 6


def test_callback_stops_training_after_its_batch() -> None:
    watching = Watching(stop_after=2)
    _, history = ours(MODELS["dense"], {"name": "sgd"}, resident(), callbacks=[watching])
    assert len(watching.losses) == 2
    assert len(history["loss"]) == 1


def test_early_stopping_and_plateau_work_unmodified() -> None:
    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=0, min_delta=100)
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=0, min_delta=100, factor=0.5)
    _, history = ours(MODELS["dense"], {"name": "sgd", "learning_rate": 1.0}, resident(), callbacks=[stop, plateau])
    assert len(history["loss"]) == 2
    assert history["learning_rate"] == [1.0, 1.0]


def test_validation_is_held_every_so_many_epochs() -> None:
    _, history = ours(MODELS["dense"], {"name": "sgd"}, resident(), epochs=4, validation_freq=2)
    assert len(history["loss"]) == 4
    assert len(history["val_loss"]) == 2
