"""Whole commands with missing labels and weightings by target; values are computed anew from the saved model."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

ROWS = 80


def table() -> pd.DataFrame:
    generator = np.random.default_rng(3)
    x = generator.normal(size=ROWS)
    frame = pd.DataFrame({"x": x, "w": generator.integers(1, 4, ROWS)})
    frame["kind"] = np.where(x + generator.normal(size=ROWS) > 0.7, "yes", "no")
    frame.loc[generator.choice(ROWS, 30, replace=False), "kind"] = None
    frame["score"] = 2 * x
    frame.loc[generator.choice(ROWS, 20, replace=False), "score"] = np.nan
    return frame


def test_each_head_is_measured_on_the_rows_that_have_its_label(command: Callable[..., Any], tmp_path: Any) -> None:
    table().to_csv(tmp_path / "part.csv", index=False)
    common = ["+experiment=table/csv", "data.path=part.csv", "data.targets=[kind,score]", "data.columns=[w]",
              "split={validation: 0, test: 30, method: last}", "trainer.epochs=1", "target_scaling=none",
              "loss={kind: sparse_categorical_crossentropy, score: mse}",
              "metrics={kind: [accuracy], score: [mae]}"]  # fmt: skip
    refused = command(*common)
    assert refused.code == 2
    assert "data.missing_target=mask to use them for the other targets" in refused.errors[0]

    weighting = "weighting={kind: balanced, score: {column: w}}"
    done = command(*common, weighting, "weighting.missing=mask")
    assert done.code == 0, done.err
    assert "train      " in done.out + done.err
    metrics = done.json("metrics.json")
    assert metrics["train"]["weighted"]
    assert metrics["test"]["weighted"]
    model = keras.saving.load_model(done.folder / "model.keras", compile=False)
    frame = table()
    counts = frame[: ROWS - 30]["kind"].value_counts()
    by_class = {label: counts.sum() / (2 * count) for label, count in counts.items()}
    for split, rows in (("train", frame[: ROWS - 30]), ("test", frame[ROWS - 30 :])):
        given = model.predict({"x": rows["x"].to_numpy("float32")}, verbose=0)
        named = rows["kind"].notna().to_numpy()
        ids = (rows["kind"] == "yes").to_numpy().astype(int)
        weights = rows["kind"].map(by_class).fillna(0).to_numpy() if split == "train" else named.astype(float)
        probabilities = given["kind"][np.arange(len(ids)), ids]
        found = metrics[split]["outputs"]["kind"]
        assert found["loss"] == pytest.approx((-np.log(probabilities) * weights).sum() / len(rows), rel=1e-4)
        right = given["kind"].argmax(axis=1) == ids
        assert found["accuracy"] == pytest.approx((right * weights).sum() / weights.sum(), rel=1e-4)
        there = rows["score"].notna().to_numpy() * (rows["w"].to_numpy() if split == "train" else 1.0)
        wrong = np.abs(given["score"][:, 0] - rows["score"].fillna(0).to_numpy())
        found = metrics[split]["outputs"]["score"]
        assert found["loss"] == pytest.approx((wrong**2 * there).sum() / len(rows), rel=1e-4)
        assert found["mae"] == pytest.approx((wrong * there).sum() / there.sum(), rel=1e-4)
    assert "(weighted)" in (done.folder / "report.html").read_text()
    collected = done.json("report_data.json")
    assert collected["splits"]["train"]["classes"]["kind"] == [counts["no"], counts["yes"]]
    with np.load(done.folder / "report_data.npz") as arrays:
        assert len(arrays["true_0"]) == frame[ROWS - 30 :]["kind"].notna().sum()

    predicted = command("task=evaluate", f"run={done.folder}", "task.split=test")
    assert predicted.code == 0, predicted.err
    assert predicted.json("metrics.json")["test"] == metrics["test"]


def test_losses_that_are_weighted_are_marked_and_floats_of_two_values_are_classes(
    command: Callable[..., Any], tmp_path: Any
) -> None:
    labels = (np.arange(40) % 4 == 0).astype("float32")
    np.savez(tmp_path / "d.npz", x=np.arange(40, dtype="float32")[:, None] / 40, y=labels)
    done = command("data=npz", "data.path=d.npz", "data.inputs=[x]", "data.targets=[y]", "split.test=0.25",
                   "trainer.epochs=1", "loader.batch_size=10", "report=false", "weighting=class_weight",
                   "weighting.weights={0: 1, 1: 3}")  # fmt: skip
    assert done.code == 0, done.err
    metrics = done.json("metrics.json")
    assert {split: found["weighted"] for split, found in metrics.items()} == {"train": True, "test": False}
    marked = [line for line in (done.folder / "pipeline.log").read_text().splitlines() if line.endswith("(weighted)")]
    assert len(marked) == 1
    assert "train " in marked[0]
