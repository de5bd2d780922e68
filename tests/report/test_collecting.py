"""What is collected of a trained model and its data: predictions, mistakes, counts, weights."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.loaders.numpy import NumpyLoader
from pipeline.data.spec import TIME, DataSpec, InputSpec, TargetSpec
from pipeline.report.collecting import peak_memory, split_counts
from pipeline.report.output_values import WORST, chunks, evaluated_outputs
from pipeline.report.shown_examples import shown_inputs
from pipeline.training import named_model


def test_predictions_and_targets_are_kept_in_order(run_folder: Path) -> None:
    data = json.loads((run_folder / "report_data.json").read_text())
    arrays = np.load(run_folder / "report_data.npz")
    assert (data["split"], data["examples"], data["notes"]) == ("test", 97, [])
    assert [(output["name"], output["kind"]) for output in data["outputs"]] == [
        ("kind", "classes"),
        ("size", "numbers"),
    ]
    metrics = json.loads((run_folder / "metrics.json").read_text())["test"]["outputs"]
    accuracy = (arrays["predicted_0"].argmax(axis=1) == arrays["true_0"]).mean()
    assert accuracy == pytest.approx(metrics["kind"]["accuracy"], abs=1e-6)
    error = np.abs(arrays["predicted_1"] - arrays["true_1"]).mean()
    assert error == pytest.approx(metrics["size"]["mean_absolute_error"], rel=1e-5)


def test_a_moment_is_shown_as_a_date_and_a_missing_one_is_not() -> None:
    spec = DataSpec({"serviced": InputSpec((), "float64", missing=True, kind=TIME)}, {})
    when = np.array([1733270400.0, 1733308200.0, np.nan])
    shown = shown_inputs([Examples(spec, {"serviced": when}, {})])
    assert [row["serviced"]["text"] for row in shown] == ["2024-12-04", "2024-12-04 10:30:00", "—"]


def test_worst_examples_are_those_with_the_largest_loss_that_count(run_folder: Path) -> None:
    data = json.loads((run_folder / "report_data.json").read_text())
    arrays = np.load(run_folder / "report_data.npz")
    losses = -np.log(arrays["predicted_0"][np.arange(97), arrays["true_0"]])
    losses[::10] = 0  # Their weight is 0.
    kind, size = data["outputs"]
    rows = [example["row"] for example in kind["worst"]]
    assert rows == np.argsort(-losses)[:WORST].tolist()
    first = kind["worst"][0]
    assert first["loss"] == pytest.approx(losses[rows[0]], rel=1e-5)
    assert first["true"] == kind["classes"][arrays["true_0"][rows[0]]]
    assert first["inputs"]["image"]["picture"].startswith("data:image/png;base64,")
    errors = np.abs(arrays["predicted_1"] - arrays["true_1"]).ravel()
    assert [example["row"] for example in size["worst"]] == np.argsort(-errors)[:WORST].tolist()


def test_classes_and_weights_are_counted_by_split(run_folder: Path) -> None:
    data = json.loads((run_folder / "report_data.json").read_text())
    train = data["splits"]["train"]
    assert sum(train["classes"]["kind"]) == train["examples"] == 300
    assert train["weights"]["kind"] == pytest.approx({"least": 0, "mean": 0.9, "most": 1, "zero": 0.1})
    means = np.array(train["class_weights"]["kind"])
    assert np.dot(means, train["classes"]["kind"]) == pytest.approx(270)
    assert len(data["shown"]["test"]) == 12
    assert data["samples_per_epoch"] == 300
    assert {row["name"] for row in data["layers"]} >= {"image", "width", "kind", "size"}
    assert ["data._target_", "data.made_up", "pipeline.data.sources.digits.Digits"] in data["config_differences"]


def test_streams_are_counted_as_arrays_are() -> None:
    random = np.random.default_rng(0)
    spec = DataSpec({"x": InputSpec((2,), "float32")}, {"y": TargetSpec((), "int64", ("a", "b"))})
    data = Examples(spec, {"x": random.normal(size=(50, 2))}, {"y": random.integers(0, 2, 50)}, {"y": np.ones(50)})
    held = NumpyLoader(8, shuffle=False).batches(data, seed=0, training=False)
    drawn = GeneratorLoader(8, False, "generator", "known").batches(data, seed=0, training=False)
    assert held.examples is not None
    assert drawn.examples is None
    assert split_counts(drawn) == split_counts(held)
    for found, expected in zip(_joined(drawn), _joined(held), strict=True):
        np.testing.assert_array_equal(found, expected)


def _joined(batches: Batches) -> list[np.ndarray]:
    parts = list(chunks(batches))
    return [np.concatenate([part.inputs["x"] for part in parts]), np.concatenate([p.targets["y"] for p in parts])]


def test_long_streams_are_counted_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.report.collecting.MOST_COUNTED", 16)
    spec = DataSpec({"x": InputSpec((), "float32")}, {"y": TargetSpec((), "int64", ("a", "b"))})
    data = Examples(spec, {"x": np.zeros(50)}, {"y": np.zeros(50, int)})
    counts = split_counts(GeneratorLoader(8, False, "generator", "endless").batches(data, seed=0, training=True))
    assert (counts["examples"], counts["whole"], counts["classes"]) == (16, False, {"y": [16, 0]})


def test_logits_labels_and_unsuited_outputs_are_told_apart() -> None:
    random = np.random.default_rng(0)
    spec = DataSpec(
        {"x": InputSpec((4,), "float32")},
        {"logits": TargetSpec((), "int64", ("a", "b", "c")), "labels": TargetSpec((2,), "float32"),
         "binary": TargetSpec((), "int64", ("no", "yes")), "map": TargetSpec((5,), "int64")},
    )  # fmt: skip
    x = keras.Input((4,), name="x")
    sizes = {"logits": (3, None), "labels": (2, "sigmoid"), "binary": (1, "sigmoid")}
    outputs = {n: keras.layers.Dense(size, activation, name=n)(x) for n, (size, activation) in sizes.items()}
    outputs["map"] = keras.layers.Reshape((5, 3), name="map")(keras.layers.Dense(15)(x))
    model = keras.Model([x], outputs)
    targets = {"logits": random.integers(0, 3, 30), "labels": random.integers(0, 2, (30, 2)).astype("float32"),
               "binary": random.integers(0, 2, 30), "map": random.integers(0, 3, (30, 5))}  # fmt: skip
    data = Examples(spec, {"x": random.normal(size=(30, 4)).astype("float32")}, targets)
    losses = {
        "logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "labels": keras.losses.BinaryCrossentropy(),
        "binary": keras.losses.BinaryCrossentropy(),
        "map": keras.losses.MeanSquaredError(),
    }
    batches = NumpyLoader(8, shuffle=False).batches(data, seed=0, training=False)
    found, notes = evaluated_outputs(named_model(model, spec), batches, losses)
    assert [(output.name, output.kind) for output in found] == [
        ("logits", "classes"), ("labels", "labels"), ("binary", "classes"),
    ]  # fmt: skip
    np.testing.assert_allclose(found[0].predicted.sum(axis=1), 1, rtol=1e-5)
    assert found[1].classes == ("0", "1")
    assert found[2].predicted.shape == (30, 2)
    assert notes == [
        "output 'map' has no figures: its shape (5, 3) and that of the target, (5,), are neither classes nor numbers"
    ]


def test_validation_stands_in_for_a_test_split_and_too_much_is_drawn_by_chance(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.report.collecting.MOST_NUMBERS", 60)
    replace(made, batches={name: b for name, b in made.batches.items() if name != "test"}).collect()
    data = json.loads((tmp_path / "report_data.json").read_text())
    assert (data["split"], data["examples"]) == ("validation", 60)
    assert data["notes"] == ["computed from 20 randomly drawn examples of 60"]
    assert len(np.load(tmp_path / "report_data.npz")["true_0"]) == 20
    made.config.evaluate_splits = ["train"]
    made.collect()
    data = json.loads((tmp_path / "report_data.json").read_text())
    assert data["split"] is None
    assert "set split.test, such as split.test=0.1" in data["notes"][0]


def test_memory_is_counted_in_bytes() -> None:
    assert 50 * 2**20 < peak_memory() < 2**45
