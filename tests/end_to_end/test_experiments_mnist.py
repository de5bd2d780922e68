"""Every experiment on the real MNIST, against the figures that Keras' guide publishes for the same training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

NOISE = 0.025


@pytest.fixture
def train(command: Callable[..., Any], mnist: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(mnist))

    def run(name: str, *more: str) -> Any:
        done = command(f"+experiment=mnist/{name}", *more, "report=false")
        assert done.code == 0, done.errors
        return done

    return run


@pytest.mark.slow
def test_numpy_reaches_the_published_accuracy_and_generator_is_the_same(train: Callable[..., Any]) -> None:
    numpy = train("numpy")
    history = numpy.history()
    assert history["accuracy"][-1] == pytest.approx(0.973, abs=0.005)
    assert numpy.json("metrics.json")["test"]["outputs"]["digit"]["accuracy"] > 0.955
    assert numpy.json("run.json")["data"]["train"]["examples"] == 50000
    # One epoch is too short for XLA, with which the last digits differ.
    once = "trainer.epochs=1", "evaluate_splits=[]"
    first = train("numpy", *once).history()["loss"]
    assert first == pytest.approx(history["loss"][:1], rel=1e-3)
    for name, *more in (
        ("generator",),
        ("generator", "loader.length=unknown"),
        ("generator", "loader.length=endless", "trainer.steps_per_epoch=782"),
        ("generator", "loader.form=py_dataset"),
    ):
        assert train(name, *once, *more).history()["loss"] == first, (name, more)


@pytest.mark.slow
def test_tf_data_reaches_the_published_losses_and_is_evaluated_and_predicted(
    train: Callable[..., Any], command: Callable[..., Any], mnist: Path
) -> None:
    done = train("tf_data")
    np.testing.assert_allclose(done.history()["loss"], [0.330, 0.151, 0.111], atol=NOISE)
    test = done.json("metrics.json")["test"]
    assert test["loss"] == pytest.approx(0.127, abs=NOISE)
    assert test["outputs"]["digit"]["accuracy"] == pytest.approx(0.962, abs=0.01)
    evaluated = command("task=evaluate", f"run={done.folder}")
    assert evaluated.json("metrics.json") == {"test": test}
    predicted = command("task=predict", f"run={done.folder}", "task.form=npz")
    with np.load(predicted.folder / "predictions.npz") as table:
        assert table["row"].tolist() == list(range(10000))
        labels = table["label"].astype(int)
    with np.load(mnist / "mnist.npz") as archive:
        accuracy = (labels == archive["y_test"]).mean()
    assert accuracy == pytest.approx(test["outputs"]["digit"]["accuracy"], abs=1e-6)


def test_take_trains_on_the_same_budget_of_100_batches_each_epoch(train: Callable[..., Any]) -> None:
    done = train("take")
    np.testing.assert_allclose(done.history()["accuracy"], [0.800, 0.914, 0.931], atol=NOISE * 1.2)


def test_steps_per_epoch_continue_through_the_data(train: Callable[..., Any]) -> None:
    done = train("steps_per_epoch")
    history = done.history()
    assert len(history["loss"]) == 10
    whole = train("numpy", "trainer.epochs=1", "evaluate_splits=[]").history()
    # Ten times 100 steps of 64 see all 50,000 examples and more; ten times the same 100 batches would not.
    assert history["val_loss"][-1] < whole["val_loss"][0]


def test_validation_steps_validate_on_the_same_first_batches(train: Callable[..., Any], mnist: Path) -> None:
    done = train("validation_steps", "trainer.epochs=1")
    with np.load(mnist / "mnist.npz") as archive:
        images, digits = archive["x_train"][50000:50640], archive["y_train"][50000:50640]
    import keras

    model = keras.saving.load_model(done.folder / "model.keras", compile=False)
    accuracy = (model.predict(images, verbose=0).argmax(axis=1) == digits).mean()
    assert done.history()["val_accuracy"][0] == pytest.approx(accuracy, abs=1e-6)


def test_frame_trains_a_model_for_tables(train: Callable[..., Any]) -> None:
    done = train("pandas", "trainer.epochs=1", "evaluate_splits=[test]", "model.units=32", "model.depth=1")
    assert done.json("run.json")["data"]["validation"]["examples"] == 10000
    assert len(done.json("run.json")["spec"]["inputs"]) == 49
    assert done.json("metrics.json")["test"]["outputs"]["digit"]["accuracy"] > 0.85


@pytest.mark.slow
def test_class_weights_equal_sample_weights_seed_for_seed(train: Callable[..., Any]) -> None:
    by_class, by_sample = train("class_weight"), train("sample_weight")
    np.testing.assert_allclose(by_class.history()["loss"], by_sample.history()["loss"], rtol=1e-6)
    assert len(by_class.history()["loss"]) == 4
    unweighted = train("numpy", "trainer.epochs=1", "evaluate_splits=[]")
    assert by_class.history()["loss"][0] > unweighted.history()["loss"][0]


def test_triples_of_tf_data_reach_the_published_losses(train: Callable[..., Any]) -> None:
    done = train("tf_data_sample_weight", "evaluate_splits=[]")
    np.testing.assert_allclose(done.history()["loss"], [0.367, 0.170, 0.124], atol=NOISE)


def test_mask_leaves_what_is_kept_only(train: Callable[..., Any], command: Callable[..., Any]) -> None:
    done = train("mask", "trainer.epochs=1")
    assert done.json("metrics.json")["test"]["outputs"]["digit"]["accuracy"] > 0.97
    predicted = command("task=predict", f"run={done.folder}", "task.form=npz")
    with np.load(predicted.folder / "predictions.npz") as table:
        assert set(table["label"].astype(int)) <= {0, 1, 2, 3, 4}


def test_balanced_weights_train(train: Callable[..., Any]) -> None:
    done = train("balanced", "trainer.epochs=1", "evaluate_splits=[test]")
    assert done.json("metrics.json")["test"]["outputs"]["digit"]["accuracy"] > 0.93
