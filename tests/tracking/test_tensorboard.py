"""What TensorBoard's own reader finds in the event files of a run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from pipeline.tracking.tensorboard import TensorBoardTracker
from pipeline.training.block_size import looks_at_batches


def events(folder: Path, split: str) -> EventAccumulator:
    found = EventAccumulator(str(folder / "tensorboard" / split), size_guidance={"tensors": 0})
    found.Reload()
    return found


def scalars(found: EventAccumulator, tag: str) -> list[tuple[int, float]]:
    return [(event.step, float(make_ndarray(event.tensor_proto))) for event in found.Tensors(tag)]


def test_epochs_of_both_splits_and_the_learning_rate_are_scalars(run_folder: Path, train: Callable[..., Any]) -> None:
    history = train(TensorBoardTracker(run_folder, histograms=0, graph=False)).history
    training, validation = events(run_folder, "train"), events(run_folder, "validation")
    assert scalars(training, "epoch_loss") == list(enumerate(np.float32(history["loss"])))
    assert scalars(training, "epoch_learning_rate") == [(0, 0.125), (1, 0.125)]
    assert scalars(validation, "epoch_loss") == list(enumerate(np.float32(history["val_loss"])))


def test_validations_within_epochs_are_scalars_by_step(run_folder: Path, train: Callable[..., Any]) -> None:
    fitted = train(TensorBoardTracker(run_folder, histograms=0, graph=False))
    found = scalars(events(run_folder, "validation"), "step_loss")
    assert [step for step, _ in found] == [3, 4, 6, 8]
    within = [np.float32(validation["val_loss"]) for validation in fitted.validations]
    assert [value for step, value in found if step in (3, 6)] == within


def test_without_validations_within_epochs_there_are_no_scalars_by_step(
    run_folder: Path, train: Callable[..., Any]
) -> None:
    train(TensorBoardTracker(run_folder, histograms=0, graph=False), validation_interval=None)
    assert events(run_folder, "validation").Tags()["tensors"] == ["epoch_loss"]


def test_config_is_a_table_among_the_texts(run_folder: Path, train: Callable[..., Any]) -> None:
    train(TensorBoardTracker(run_folder, histograms=0, graph=False))
    (event,) = events(run_folder, "train").Tensors("parameters")
    rows = make_ndarray(event.tensor_proto).item().decode().splitlines()
    assert "| model.units | [8, 4] |" in rows
    assert "| data.password | ${oc.env:PASSWORD} |" in rows
    assert "| metrics.1.name | a&#124;b |" in rows


@pytest.mark.parametrize(("each", "epochs"), [(0, []), (1, [0, 1]), (2, [0])])
def test_histograms_are_written_each_so_many_epochs(
    each: int, epochs: list[int], run_folder: Path, train: Callable[..., Any]
) -> None:
    train(TensorBoardTracker(run_folder, histograms=each, graph=False))
    found = events(run_folder, "train")
    tags = found.PluginTagToContent("histograms") if each else {}
    assert {tag.split("/")[-1] for tag in tags} == ({"kernel", "bias"} if each else set())
    for tag in tags:
        assert [event.step for event in found.Tensors(tag)] == epochs


@pytest.mark.parametrize("graph", [True, False])
def test_graph_of_layers_is_written_by_choice(graph: bool, run_folder: Path, train: Callable[..., Any]) -> None:
    train(TensorBoardTracker(run_folder, histograms=0, graph=graph))
    found = events(run_folder, "train")
    assert ("keras" in found.Tags()["tensors"]) == graph
    if graph:
        (event,) = found.Tensors("keras")
        assert json.loads(make_ndarray(event.tensor_proto).item())["class_name"] == "Sequential"
        assert list(found.PluginTagToContent("graph_keras_model")) == ["keras"]


def test_metrics_after_training_are_scalars_of_their_split(run_folder: Path, train: Callable[..., Any]) -> None:
    tracker = TensorBoardTracker(run_folder, histograms=0, graph=False)
    train(tracker)
    tracker.on_run_end({"test": {"loss": 0.5, "outputs": {"y": {"mae": 0.25}}}}, "finished")
    found = events(run_folder, "test")
    assert scalars(found, "evaluation_loss") == [(8, 0.5)]
    assert scalars(found, "evaluation_y/mae") == [(8, 0.25)]


def test_epoch_can_be_read_before_training_ends(run_folder: Path, train: Callable[..., Any]) -> None:
    seen = []

    class Reading(TensorBoardTracker):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            super().on_epoch_end(epoch, logs)
            seen.append(len(events(run_folder, "train").Tensors("epoch_loss")))

    train(Reading(run_folder, histograms=0, graph=False))
    assert seen == [1, 2]


def test_steps_are_not_called_one_by_one(run_folder: Path) -> None:
    assert not looks_at_batches(TensorBoardTracker(run_folder, histograms=1, graph=True), "train")


def test_model_without_a_graph_of_layers_is_told_and_trained(
    run_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Own(keras.Model):
        def call(self, x: Any) -> Any:
            return x

    model = Own()
    model.compile(loss="mse")
    model.fit(np.ones((2, 1)), np.ones(2), verbose=0, callbacks=[TensorBoardTracker(run_folder, 0, graph=True)])
    assert "no graph, because the model is neither functional nor sequential" in caplog.text
    assert "epoch_loss" in events(run_folder, "train").Tags()["tensors"]


def test_resumed_training_has_each_point_once(run_folder: Path, train: Callable[..., Any], taken: Any) -> None:
    first = TensorBoardTracker(run_folder, histograms=0, graph=True)
    snapshot = taken(first)
    train(first, snapshot, validation_interval=None)
    for number in range(2):
        # The first one is killed as well, before a snapshot of its own.
        again = TensorBoardTracker(run_folder, histograms=0, graph=True)
        train(again, taken(again, snapshot.state), initial_epoch=1, epochs=2 + number, validation_interval=None)
    for split in ("train", "validation"):
        assert [step for step, _ in scalars(events(run_folder, split), "epoch_loss")] == [0, 1, 2]
    training = events(run_folder, "train")
    assert len(training.Tensors("parameters")) == len(training.Tensors("keras")) == 1


def test_event_files_of_others_are_let_alone(run_folder: Path, train: Callable[..., Any], taken: Any) -> None:
    others = keras.callbacks.TensorBoard(str(run_folder / "tensorboard"), write_graph=False)
    first = TensorBoardTracker(run_folder, histograms=0, graph=False)
    snapshot = taken(first)
    train(first, others, snapshot)
    found = {
        path: path.read_bytes() for path in (run_folder / "tensorboard").glob("*/*") if "tracking" not in path.name
    }
    again = TensorBoardTracker(run_folder, histograms=0, graph=False)
    again.set_state(snapshot.state)
    assert found
    assert all(path.read_bytes() == content for path, content in found.items())
