"""A training that is killed at any step and resumed is the same, to the last bit, as one that is not."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.callbacks import HistoryFile
from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.batches import ArrayBatches, Batches
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.loaders.stream import StreamLoader
from pipeline.data.loaders.tf_data import TfDataLoader
from pipeline.data.sources.batches import BatchSource
from pipeline.data.spec import spec_of
from pipeline.models.precision import precision
from pipeline.training import compile_model, fit
from pipeline.training.model_variables import variables_of
from pipeline.training.snapshots import SnapshotSchedule, SnapshotStore

SIZE, BATCH, EPOCHS = 22, 4, 3


class Killed(BaseException):
    pass


class Kill(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends the training after so many steps, as SIGKILL would."""

    def __init__(self, steps: int | None) -> None:
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                raise Killed

    def get_state(self) -> dict[str, Any]:
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        pass


class Freeze(Kill):
    """Has only the last layer be trained in the second epoch, and all of them again in the third."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch:
            self.model.layers[0].trainable = epoch != 1
            self.model.make_train_function(force=True)
        if epoch == 2:
            # Which nothing reads before a function is made anew.
            self.model.layers[-1].trainable = False


def data() -> Examples:
    generator = np.random.default_rng(0)
    inputs = {"image": generator.normal(size=(SIZE, 6, 6, 1)).astype("float32")}
    targets = {"kind": generator.integers(0, 3, SIZE)}
    return Examples(spec_of(inputs, targets, classes=3), inputs, targets)


def model() -> keras.Model:
    ends = [keras.layers.Flatten(), keras.layers.Dropout(0.5), keras.layers.Dense(3, activation="softmax")]
    return keras.Sequential([keras.Input((6, 6, 1)), keras.layers.BatchNormalization(), *ends])


class TwoOptimizers(keras.Model):  # type: ignore[misc]
    """Steps of the user's own, with logs that are none of the metrics, by an optimizer that `compile` knows not of."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = model()
        self.second = keras.optimizers.Adam(0.01)

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)

    def train_step(self, given: Any) -> Any:
        logs = super().train_step(given)
        with tf.GradientTape() as tape:
            size = tf.add_n([tf.reduce_sum(tf.square(weight)) for weight in self.trainable_weights])
        self.second.apply(tape.gradient(size, self.trainable_weights), self.trainable_weights)
        return {**logs, "size": size}


def in_precision(policy: str) -> keras.Model:
    with precision(policy):
        return model()


def noisy() -> Iterator[Any]:
    """A user's generator that draws from NumPy's own generator."""
    for start in range(0, SIZE, BATCH):
        rows = slice(start, start + BATCH)
        noise = np.random.normal(size=(SIZE, 6, 6, 1))[rows]
        yield (data().inputs["image"][rows] + noise).astype("float32"), data().targets["kind"][rows]


class Shuffled(keras.utils.PyDataset):  # type: ignore[misc]
    """A user's dataset that is shuffled after each epoch, and draws from NumPy's own generator for each batch."""

    def __init__(self, *, noise: float = 0.1, **workers: Any) -> None:
        super().__init__(**workers)
        self.rows, self.noise = np.arange(SIZE), noise

    def __len__(self) -> int:
        return math.ceil(SIZE / BATCH)

    def __getitem__(self, number: int) -> Any:
        rows, given = self.rows[number * BATCH : (number + 1) * BATCH], data()
        images = given.inputs["image"][rows]
        noise = np.random.normal(size=images.shape) if self.noise else 0
        return (images + self.noise * noise).astype("float32"), given.targets["kind"][rows]

    def on_epoch_end(self) -> None:
        np.random.shuffle(self.rows)


def source(train: Any) -> Batches:
    given = BatchSource(train, ["image"], ["kind"], None, None, None, False, [], 1.0, 3).load().train
    return StreamLoader(shuffle=True).batches(given, seed=3, training=True)


def shuffled() -> tf.data.Dataset:
    given = data()
    return tf.data.Dataset.from_tensor_slices((given.inputs["image"], given.targets["kind"])).shuffle(9).batch(BATCH)


LOADERS: dict[str, Callable[[Examples], Batches]] = {
    "numpy": lambda given: ArrayBatches(given, BATCH, shuffle=True, seed=3),
    "tf_data": lambda given: TfDataLoader(BATCH, 10, None).batches(given, seed=3, training=True),
    "generator": lambda given: GeneratorLoader(BATCH, True, "generator", "known").batches(given, seed=3, training=True),
    "unknown": lambda given: GeneratorLoader(BATCH, True, "generator", "unknown").batches(given, seed=3, training=True),
    "py_dataset": lambda given: GeneratorLoader(BATCH, True, "py_dataset", "known").batches(
        given, seed=3, training=True
    ),
    "user's generator": lambda _: source(noisy),
    "user's dataset": lambda _: source(shuffled()),
    "user's PyDataset": lambda _: source(Shuffled()),
    "user's PyDataset by threads": lambda _: source(Shuffled(noise=0, workers=2)),
    "user's PyDataset by processes": lambda _: source(Shuffled(workers=2, use_multiprocessing=True)),
    "endless": lambda given: GeneratorLoader(BATCH, True, "generator", "endless").batches(given, seed=3, training=True),
}


def trained(
    folder: Path,
    kills: list[int],
    make: Callable[[Examples], Batches],
    network: Callable[[], keras.Model] = model,
    schedule: dict[str, Any] | None = None,
    kill_by: type[Kill] = Kill,
    **trainer: Any,
) -> Any:
    """Returns variables, history file, and what was fitted, of a training that is killed after steps and resumed."""
    snapshots = SnapshotStore(folder / "snapshots")
    for kill in [*kills, None]:
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        trained_model, batches = network(), make(data())
        settings = TrainerConfig(epochs=EPOCHS, validation_interval=4, **trainer)
        optimizer = {"name": "adam", "use_ema": True}
        config = PipelineConfig(optimizer=optimizer, schedule=schedule, metrics="accuracy", trainer=settings)
        named = compile_model(trained_model, config, batches.spec)
        stopping = keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True, monitor="val_loss")
        callbacks = [stopping, HistoryFile(folder / "history.csv"), kill_by(kill)]
        kept = SnapshotSchedule(snapshots, every_steps=1, found=snapshots.newest())
        held_out = ArrayBatches(data(), 10, shuffle=False, seed=0)
        try:
            fitted = fit(named, batches, held_out, settings, callbacks, kept)
        except Killed:
            continue
        values = [np.array(variable) for variable in variables_of(trained_model)]
        return values, (folder / "history.csv").read_bytes(), fitted
    raise AssertionError


def assert_same(one: Any, other: Any) -> None:
    for left, right in zip(one[0], other[0], strict=True):
        np.testing.assert_array_equal(left, right)
    assert one[1] == other[1]
    assert one[2].history == other[2].history
    assert one[2].validations == other[2].validations


ALWAYS = ("numpy", "user's PyDataset by processes")


@pytest.mark.parametrize(
    "loader",
    [pytest.param(name, marks=[] if name in ALWAYS else [pytest.mark.exhaustive]) for name in LOADERS],
)
def test_a_training_that_is_killed_and_resumed_ends_as_one_that_is_not(loader: str, tmp_path: Path) -> None:
    # Some epochs end within a pass over the data.
    steps = {"steps_per_epoch": 5} if loader in ("endless", "user's PyDataset by processes") else {}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = trained(tmp_path / "a", [], LOADERS[loader], **steps)
    assert_same(trained(tmp_path / "b", [3, 6], LOADERS[loader], **steps), whole)


WAYS: dict[str, Any] = {
    "xla": {"jit_compile": True},
    "eager": {"run_eagerly": True},
    "two optimizers": {"network": TwoOptimizers},
    # Killed between two updates.
    "half precision, accumulated, clipped and averaged": {
        "gradient_accumulation_steps": 4, "global_clipnorm": 0.1, "use_ema": True, "ema_overwrite_frequency": 2,
        "network": partial(in_precision, "mixed_float16"),
    },
    "bfloat16, clipped, by a schedule": {
        "clipvalue": 0.01, "network": partial(in_precision, "mixed_bfloat16"),
        "schedule": {
            "_target_": "keras.optimizers.schedules.CosineDecay", "initial_learning_rate": 0.01, "decay_steps": 18,
        },
    },
}  # fmt: skip


@pytest.mark.exhaustive
@pytest.mark.parametrize("way", WAYS)
def test_however_it_is_trained(way: str, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = trained(tmp_path / "a", [], LOADERS["numpy"], **WAYS[way])
    assert_same(trained(tmp_path / "b", [3, 5], LOADERS["numpy"], **WAYS[way]), whole)


@pytest.mark.exhaustive
@pytest.mark.parametrize("jit_compile", [False, True])
def test_with_layers_frozen_and_unfrozen_between_epochs(jit_compile: bool, tmp_path: Path) -> None:
    way = {"jit_compile": jit_compile, "kill_by": Freeze}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = trained(tmp_path / "a", [], LOADERS["numpy"], **way)
    assert_same(trained(tmp_path / "b", [8, 6], LOADERS["numpy"], **way), whole)
