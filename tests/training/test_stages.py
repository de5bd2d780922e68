"""Training draws the epochs of `Batches`, whatever is known of their length, and tells what went wrong with them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config.schema import PipelineConfig, TrainerConfig
from pipeline.data.batches import ArrayBatches, Batches
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.spec import spec_of
from pipeline.data.streams import BatchStream
from pipeline.data.tuples import Names, examples_of
from pipeline.errors import DataError
from pipeline.training import compile_model, fit
from pipeline.training.stages import evaluate

CROSSENTROPY = "sparse_categorical_crossentropy"


class Watched(ArrayBatches):
    """Notes which epochs are drawn to their end."""

    def __init__(self, examples: Examples, **more: Any) -> None:
        super().__init__(examples, 4, **{"shuffle": True, "seed": 0, **more})
        self.finished: list[int] = []

    def rows(self, index: int, skip: int = 0) -> Iterator[np.ndarray]:
        yield from super().rows(index, skip)
        self.finished.append(index)


def trained(
    model: keras.Model, config: PipelineConfig, examples: Examples, train: Batches, **trainer: Any
) -> tuple[dict[str, list[float]], list[np.ndarray]]:
    keras.utils.set_random_seed(0)
    model = keras.models.clone_model(model)
    named = compile_model(model, config, examples.spec)
    history = fit(named, train, None, TrainerConfig(**{"epochs": 2, **trainer})).history
    return history, [np.array(w) for w in model.get_weights()]


def test_each_epoch_is_drawn_once_in_turn(two_outputs: keras.Model, several: Examples, config: PipelineConfig) -> None:
    train, validation = Watched(several), Watched(several, shuffle=False)
    named = compile_model(two_outputs, config, several.spec)
    history = fit(named, train, validation, TrainerConfig(epochs=3)).history
    assert train.finished == [0, 1, 2]
    assert set(validation.finished) == {0}
    assert len(history["loss"]) == len(history["val_loss"]) == 3


def test_epochs_may_begin_later(two_outputs: keras.Model, several: Examples, config: PipelineConfig) -> None:
    train = Watched(several)
    named = compile_model(two_outputs, config, several.spec)
    fit(named, train, None, TrainerConfig(epochs=4, initial_epoch=2))
    assert train.finished == [2, 3]


def test_weights_are_those_of_keras_fit_on_the_same_batches(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    _, found = trained(two_outputs, config, several, ArrayBatches(several, 4, shuffle=False, seed=0))
    keras.utils.set_random_seed(0)
    model = keras.models.clone_model(two_outputs)
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss={"score": "mse", "kind": CROSSENTROPY})
    model.fit(dict(several.inputs), dict(several.targets), batch_size=4, epochs=2, shuffle=False, verbose=0)
    for ours, theirs in zip(found, model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize(
    ("form", "length"), [("generator", "unknown"), ("generator", "endless"), ("py_dataset", "known")]
)
def test_weights_are_the_same_whatever_is_known_of_the_length(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig, form: str, length: str
) -> None:
    _, expected = trained(two_outputs, config, several, ArrayBatches(several, 4, shuffle=True, seed=0))
    batches = GeneratorLoader(4, True, form, length).batches(several, seed=0, training=True)
    steps = 2 if length == "endless" else None
    _, found = trained(two_outputs, config, several, batches, steps_per_epoch=steps)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_masked_examples_change_nothing(two_outputs: keras.Model, several: Examples, config: PipelineConfig) -> None:
    keep = np.array([1, 0, 1, 0, 0, 1, 1, 0], "float32")
    mean = {"reduction": "mean_with_sample_weight"}
    losses = {
        "score": {"_target_": "keras.losses.MeanSquaredError", **mean},
        "kind": {"_target_": "keras.losses.SparseCategoricalCrossentropy", **mean},
    }
    config = replace(config, loss=losses)
    masked = several.weighed_by(lambda e: {"score": keep, "kind": keep})
    _, with_mask = trained(two_outputs, config, several, ArrayBatches(masked, 4, shuffle=False, seed=0))
    removed = several.rows(np.flatnonzero(keep))
    _, without = trained(two_outputs, config, several, ArrayBatches(removed, 2, shuffle=False, seed=0))
    for one, other in zip(with_mask, without, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    _, unmasked = trained(two_outputs, config, several, ArrayBatches(several, 4, shuffle=False, seed=0))
    assert not np.allclose(with_mask[0], unmasked[0])


def test_error_of_the_data_reaches_the_user_as_it_is(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    def open_pass(number: int) -> Iterator[Examples]:
        yield several.rows(slice(0, 4))
        raise DataError("data: row 7 is broken")

    batches = GeneratorLoader(4, False, "generator", "known").batches(several, seed=0, training=True)
    batches.epoch = lambda index, skip=0: BatchStream(several.spec, open_pass).batches(index)  # type: ignore[method-assign]
    with pytest.raises(DataError, match=r"^data: row 7 is broken$"):
        trained(two_outputs, config, several, batches)


def test_error_in_the_users_own_generator_is_told_in_a_line(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    batches = GeneratorLoader(4, False, "generator", "unknown").batches(several, seed=0, training=True)

    def broken(index: int, skip: int = 0) -> Iterator[Examples]:
        yield several.rows(slice(0, 4))
        raise KeyError("no such file")

    batches.epoch = broken  # type: ignore[method-assign]
    with pytest.raises(DataError, match="KeyError: 'no such file'"):
        trained(two_outputs, config, several, batches)


def test_evaluation_without_batches_is_told(
    two_outputs: keras.Model, several: Examples, config: PipelineConfig
) -> None:
    named = compile_model(two_outputs, config, several.spec)
    batches = GeneratorLoader(4, False, "generator", "unknown").batches(several, seed=0, training=True)
    batches.epoch = lambda index, skip=0: iter(())  # type: ignore[method-assign]
    with pytest.raises(DataError, match="data: has no batches"):
        evaluate(named, batches)


def test_bare_model_is_fed_with_weights_from_tuples() -> None:
    x, y = np.ones((4, 2), "float32"), np.array([0.0, 1, 2, 3], "float32")
    examples = examples_of((x, y, np.array([0, 0, 0, 1.0])), Names(["x"], ["y"]))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    config = PipelineConfig(optimizer={"name": "sgd"}, loss="mse", metrics=None)
    named = compile_model(model, config, spec_of(examples.inputs, examples.targets))
    found = evaluate(named, ArrayBatches(examples, 4, shuffle=False, seed=0))
    assert found["loss"] == pytest.approx(9 / 4)
