"""People's own targets by one command: a rare class, a class per position, labels, counts, several outputs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import f1_score, roc_auc_score

PARTS = """
import keras
import numpy as np
import pandas as pd


def tags(weights=False):
    r = np.random.default_rng(0)
    x = r.normal(size=(96, 6, 4)).astype("float32")
    y = r.choice(3, p=[0.7, 0.2, 0.1], size=(96, 6)).astype("int64")
    w = (np.arange(6)[None] < r.integers(2, 7, 96)[:, None]).astype("float32")
    return (x, y, w) if weights else (x, y)


def tagger(spec):
    i = keras.Input((6, 4), name="input")
    bias = keras.initializers.Constant([0.0, 1.0, 2.0])
    dense = keras.layers.Dense(3, "softmax", name="target", kernel_initializer="zeros", bias_initializer=bias)
    return keras.Model(i, dense(i))


def labels():
    r = np.random.default_rng(0)
    x = r.normal(size=(200, 3)).astype("float32")
    return x, (x + r.normal(0, 0.1, x.shape) > 0).astype("int64")


def masks():
    r = np.random.default_rng(0)
    x = r.random((40, 8, 8)).astype("float32")
    return x, (x > 0.7).astype("uint8")


def pair():
    x = np.zeros((5, 2), "float32")
    y = np.array([1, 1, 1, 1, 3], "float32")
    return {"x": x}, {"a": y, "b": y}


def zero(spec):
    i = keras.Input((2,), name="x")
    return keras.Model(i, {k: keras.layers.Dense(1, kernel_initializer="zeros", name=k)(i) for k in "ab"})
"""
ARRAYS = ["data=arrays", "report=false", "trainer.epochs=1"]


@pytest.fixture(autouse=True)
def parts(tmp_path: Path) -> None:
    (tmp_path / "own_targets.py").write_text(PARTS)


def test_a_rare_class_by_auc_f1_and_precision_at_a_recall(command: Callable[..., Any], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(600, 3))
    churn = random.random(600) < 1 / (1 + np.exp(2.5 - 2 * x[:, 0]))
    rows = [f"{a:.4f},{b:.4f},{c:.4f},{'yes' if y else 'no'}\n" for (a, b, c), y in zip(x, churn, strict=True)]
    (tmp_path / "rare.csv").write_text("a,b,c,churn\n" + "".join(rows))
    done = command(
        "+experiment=table/csv", "data.path=rare.csv", "data.targets=[churn]", "weighting=balanced",
        "metrics=[auc,f1_score,{_target_: keras.metrics.PrecisionAtRecall, recall: 0.9, name: exact}]",
        "weighted_metrics=[auc]", "callbacks=[early_stopping]", "callbacks.early_stopping.monitor=val_auc",
        "optimized_metric=val_auc", "trainer.epochs=3",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert {"auc", "f1_score", "exact", "weighted_auc", "val_auc"} <= set(done.history())
    test = done.json("metrics.json")["test"]["outputs"]["churn"]
    assert command("task=predict", f"run={done.folder}", "trust=[own_targets]").code == 0
    (file,) = tmp_path.glob("outputs/*/*/predictions.parquet")
    table = pq.read_table(file).to_pydict()
    data = np.load(done.folder / "report_data.npz")
    assert np.allclose(data["predicted_0"][:, 1], table["probability_yes"])
    truth = data["true_0"]
    assert test["auc"] == pytest.approx(roc_auc_score(truth, table["probability_yes"]), abs=0.02)
    assert test["f1_score"] == pytest.approx(f1_score(truth, [label == "yes" for label in table["label"]]), rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "loss", "accuracy"),
    [
        ([], 1.990939, 0.095486),
        (["data.train.weights=true"], 1.308516, 0.099476),
        (["weighting=class_weight", "weighting.weights={0: 1.0, 1: 3.0, 2: 7.0}"], 2.859841, 0.330189),
        (["weighting=balanced"], 1.407606, 1 / 3),
    ],
    ids=["plain", "weights of positions", "class weights", "balanced"],
)
def test_a_class_for_each_position(
    command: Callable[..., Any], arguments: list[str], loss: float, accuracy: float
) -> None:
    done = command(
        "data=arrays", "data.train={_target_: own_targets.tags, weights: false}", "model._target_=own_targets.tagger",
        "weighted_metrics=[sparse_categorical_accuracy]", "loader.batch_size=32", "loader.shuffle=false",
        "optimizer.name=sgd", "optimizer.learning_rate=0.0", "trainer.epochs=1", "report=false", *arguments,
    )  # fmt: skip
    assert done.code == 0, done.err
    found = done.json("metrics.json")["train"]["outputs"]["target"]
    assert found["loss"] == pytest.approx(loss, rel=1e-5)
    weighted = "weighted_sparse_categorical_accuracy"
    assert found[weighted if weighted in found else "sparse_categorical_accuracy"] == pytest.approx(accuracy, rel=1e-4)


def test_labels_that_do_not_exclude_each_other(command: Callable[..., Any], tmp_path: Path) -> None:
    done = command(
        *ARRAYS, "data.train._target_=own_targets.labels", "metrics=[binary_accuracy,auc,f1_score]", "split.test=0.2"
    )
    assert done.code == 0, done.err
    assert command("task=predict", f"run={done.folder}", "trust=[own_targets]").code == 0
    (file,) = tmp_path.glob("outputs/*/*/predictions.parquet")
    assert pq.read_table(file).column_names == ["row", "probability_0", "probability_1", "probability_2"]


def test_a_mask_for_each_image_is_measured_by_iou_and_reported(command: Callable[..., Any], tmp_path: Path) -> None:
    done = command(
        "data=arrays", "data.train._target_=own_targets.masks", "metrics=[accuracy,iou]", "split.test=0.2",
        "loader.batch_size=8", "trainer.epochs=1",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert set(done.json("metrics.json")["test"]["outputs"]["target"]) == {"loss", "accuracy", "iou"}
    data = done.json("report_data.json")
    assert [output["kind"] for output in data["outputs"]] == ["classes"]
    assert np.load(done.folder / "report_data.npz")["true_0"].shape == (8 * 64,)
    assert command("task=predict", f"run={done.folder}", "trust=[own_targets]").code == 0
    (file,) = tmp_path.glob("outputs/*/*/predictions.parquet")
    row = pq.read_table(file).to_pylist()[0]
    assert np.shape(row["label"]) == np.shape(row["probability_1"]) == (8, 8)


@pytest.mark.parametrize("arguments", [["loss=mse"], ["data.classes=0"]])
def test_counts_and_signed_whole_numbers_are_regressed(
    command: Callable[..., Any], tmp_path: Path, arguments: list[str]
) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(80, 3)).astype("float32")
    for name, y in (("counts", random.poisson(3, 80)), ("signed", np.round(10 * x[:, 0]).astype("int64"))):
        np.savez(tmp_path / f"{name}.npz", x=x, y=y)
        done = command(
            "data=npz", f"data.path={name}.npz", "data.inputs=[x]", "data.targets=[y]", "loader.batch_size=16",
            "trainer.epochs=1", "report=false", *arguments,
        )  # fmt: skip
        assert done.code == 0, done.err
        assert list(done.json("metrics.json")["train"]["outputs"]["y"]) == ["loss", "mean_absolute_error", "r2_score"]


def test_losses_of_outputs_are_means_over_examples_and_add_up(command: Callable[..., Any]) -> None:
    done = command(
        *ARRAYS, "data.train._target_=own_targets.pair", "data.inputs=[x]", "data.targets=[a,b]",
        "model._target_=own_targets.zero", "loader.batch_size=4", "loader.shuffle=false", "optimizer.name=sgd",
        "optimizer.learning_rate=0.0",
    )  # fmt: skip
    assert done.code == 0, done.err
    train = done.json("metrics.json")["train"]
    # Four errors of 1, squared, in a batch, and one of 3 in a batch of its own: (4 * 1 + 9) / 5.
    assert [train["outputs"][name]["loss"] for name in "ab"] == pytest.approx([2.6, 2.6])
    assert train["loss"] == pytest.approx(5.2)


def test_targets_of_any_name_and_unit_train_evaluate_and_predict_in_their_unit(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    a = random.normal(size=400).astype("float32")
    rows = {"a": a, "price ($)": 5e5 + 2e5 * a, "Loan / Status?": np.where(a > 0, "yes", "no"), "skewed": np.exp(2 * a)}
    pd.DataFrame(rows).to_csv(tmp_path / "rows.csv", index=False)
    done = command(
        "+experiment=table/csv", "data.path=rows.csv", "data.targets=['price ($)','Loan / Status?',skewed]",
        "data.inputs=[a]", "trainer.epochs=15", "target_scaling={skewed: log}", "report=false",
        "optimizer.learning_rate=0.01",
    )  # fmt: skip
    assert done.code == 0, done.err
    outputs = done.json("metrics.json")["test"]["outputs"]
    # A line for each, as all of them in one would not fit a terminal.
    assert re.search(r"\n  price \(\$\) +loss [\d.]+  mean_absolute_error [\d.]+  r2_score", done.out)
    assert outputs["price ($)"]["r2_score"] > 0.9
    assert outputs["skewed"]["r2_score"] > 0.8
    assert 1000 < outputs["price ($)"]["mean_absolute_error"] < 1e5
    assert all(outputs[name]["loss"] < 1 for name in outputs)
    run = f"run={done.folder}"
    evaluated = command("task=evaluate", run)
    for name, values in evaluated.json("metrics.json")["test"]["outputs"].items():
        assert values["loss"] == pytest.approx(outputs[name]["loss"], rel=1e-4), name
    predicted = command("task=predict", run)
    table = pq.read_table(predicted.folder / "predictions.parquet")
    assert 1e5 < np.mean(table["price ($)_value"]) < 1e6


def test_a_table_trains_whatever_kind_its_targets_are_and_leaves_out_rows_without_one(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=200)
    table = pd.DataFrame({"x": x, "price": (200_000 + 50_000 * x).round(-3), "sold": np.where(x > 0, 1.0, 0.0)})
    table.loc[[3, 7], ["price", "sold"]] = np.nan
    table.to_csv(tmp_path / "t.csv", index=False)
    done = command("+experiment=table/csv", "data.path=t.csv", "data.targets=[price,sold]", "trainer.epochs=1")
    assert done.code == 0, done.err
    assert (
        "target 'price': treated as numbers, not classes; to change that, set data.kinds.price=class"
        in done.out + done.err
    )
    assert "2 of 200 rows have no value in any of the targets 'price', 'sold' and are left out" in done.out + done.err
    assert {"price_r2_score", "sold_accuracy"} <= set(done.history())
    assert [output["kind"] for output in done.json("report_data.json")["outputs"]] == ["numbers", "classes"]
    evaluated = command("task=evaluate", f"run={done.folder}", "data.path=t.csv")
    assert evaluated.code == 0, evaluated.err
    table[["x"]].to_csv(tmp_path / "new.csv", index=False)
    assert command("task=predict", f"run={done.folder}", "data.path=new.csv").code == 0
    (file,) = tmp_path.glob("outputs/*/*/predictions.parquet")
    assert pq.read_table(file).num_rows == 200
