"""Whole commands as users type them, right and wrong: each trains, or ends with exit code 2 and a line a mistake."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

# What is drawn says nothing of what is tested, and measuring it takes as long as the tests.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

MODULE = """
import numpy as np


def arrays(outputs=1):
    x, y = np.linspace(0, 1, 36, dtype="float32").reshape(12, 3), np.arange(12) % 2
    return (x, y) if outputs == 1 else (x, {"kind": y, "size": x[:, :1]})


def batches(count=3):
    for index in range(count):
        yield arrays()


def weights(examples):
    return np.ones(len(examples))


def frame():
    import pandas as pd
    return pd.DataFrame({"a": np.arange(12.0), "b": list("xyz") * 4, "y": np.arange(12) % 3})
"""

ARRAYS = ["data=arrays", "data.train={_target_: fuzz_parts.arrays}", "model.units=2"]
TABLE = ["data.targets=[y]", "data.columns=[w]", "model=tabular", "model.units=2"]
DATA = {
    "digits": ["model.units=2", "trainer.steps_per_epoch=2", "evaluate_splits=[validation]"],
    "arrays": [*ARRAYS, "loader.batch_size=4"],
    "outputs": [
        "data=arrays", "data.train={_target_: fuzz_parts.arrays, outputs: 2}", "data.targets=[kind,size]",
        "model.units=2", "loss={kind: sparse_categorical_crossentropy, size: mse}", "metrics={kind: [accuracy]}",
        "loader.batch_size=4",
    ],
    "npz": [
        "data=npz", "data.path=good.npz", "data.inputs=[x]", "data.targets=[y]", "data.columns=[w]", "model.units=2",
        "loader.batch_size=4",
    ],
    "csv": ["data=csv", "data.path=good.csv", *TABLE, "loader.batch_size=4"],
    "parquet": ["data=parquet", "data.path=good.parquet", *TABLE, "loader.batch_size=4"],
    "frame": [
        "data=frame", "data.train={_target_: fuzz_parts.frame}", *TABLE, "data.columns=[]", "loader.batch_size=4",
    ],
    "batches": [
        "data=batches", "loader=stream", "data.train={_target_: fuzz_parts.batches, _partial_: true}", "data.classes=2",
        "model.units=2",
    ],
    "timeseries": [
        "+experiment=multi_io/dict_losses", "data.train.examples=8", "data.train.shortest=2", "data.train.longest=3",
        "model.filters=1", "split.validation=2", "split.test=2", "loader.batch_size=4",
    ],
}  # fmt: skip
"""Small data, each with what has to be set for it."""

TRAINER = {
    "trainer.steps_per_epoch": ["1", "2", "5"],
    "trainer.validation_steps": ["1", "3", "null"],
    "trainer.validation_freq": ["1", "2"],
    "trainer.validation_interval": ["1", "2", "null"],
    "trainer.validation_seconds": ["0.001", "10", "null"],
    "trainer.validation_fractions": ["[]", "[0.5]", "[0.25,0.5,0.75]"],
    "trainer.initial_epoch": ["0", "1"],
    "trainer.verbose": ["0", "1", "2", "auto"],
    "trainer.jit_compile": ["false", "null", "true"],
    "trainer.steps_per_execution": ["1", "2", "50"],
    "seed": ["0", "1", "2147483647"],
    "split.validation": ["0", "0.25", "3"],
    "split.test": ["0", "0.25", "3"],
    "split.method": ["last", "random", "stratified", "auto", "column", "group", "time"],
    "split.column": ["w", "a", "null"],
    "split.target": ["y", "kind", "null"],
    "validation_sets": ["null", "{}", "{other: {path: good.csv}}", "{other: {path: good.npz}}", "{a: {}, b: {}}"],
    "evaluate_splits": ["[train]", "[test,validation]", "[]", "[train,train]"],
    "optimized_metric": ["null", "loss", "val_loss", "accuracy", "test_loss"],
    "tracking": ["none", "csv", "tensorboard"],
    "model": ["mlp", "cnn", "tabular", "image_timeseries"],
    "loader": ["numpy", "tf_data", "generator", "stream"],
    "data.inputs": ["null", "[x]", "[a]", "[input]", "[a,b]"],
    "data.classes": ["null", "0", "2", "3", "{kind: 2, size: 0}"],
    "data.validation": ["null", "good.csv", "good.npz", "{_target_: fuzz_parts.arrays}"],
}
OBJECTIVES = {
    "loss": [
        "sparse_categorical_crossentropy", "mse", "mean_absolute_error", "categorical_crossentropy", "hinge", "poisson",
        "binary_crossentropy", "{_target_: keras.losses.Huber, delta: 2.0}", "kl_divergence", "cosine_similarity",
        "[mse]", "{kind: sparse_categorical_crossentropy}", "[sparse_categorical_crossentropy, mse]", "crps", "dice",
        "{_target_: keras.losses.SparseCategoricalCrossentropy, from_logits: true}", "null", "{kind: null, size: mae}",
    ],
    "loss_weights": ["null", "2", "[1,0.5]", "{kind: 2, size: 0}", "{target: 3}"],
    "metrics": [
        "null", "accuracy", "[accuracy]", "[mse,mae]", "[[accuracy],[mae]]", "{kind: [accuracy], size: [mse]}", "auc",
        "[{_target_: keras.metrics.SparseTopKCategoricalAccuracy, k: 2}]", "[f1_score]", "precision", "r2_score",
        "mean_io_u", "[sparse_categorical_crossentropy]", "[accuracy,accuracy]", "[kl_divergence]", "cosine_similarity",
        "[{_target_: keras.metrics.MeanIoU, num_classes: 2}]", "[{_target_: keras.metrics.Mean}]", "mean", "[[]]",
    ],
    "weighted_metrics": ["null", "accuracy", "[accuracy,mse]", "{kind: accuracy}", "[[accuracy],null]"],
    "optimizer": ["adam", "sgd", "rmsprop", "adamw"],
    "optimizer.name": ["lion", "nadam", "adagrad", "ftrl", "adafactor", "lamb", "muon", "loss_scale_optimizer"],
    "optimizer.learning_rate": ["0.01", "1", "1.0e-5"],
    "+optimizer.clipnorm": ["1.0", "0.5"],
    "+optimizer.weight_decay": ["0.01"],
    "+optimizer.use_ema": ["true"],
    "+optimizer.gradient_accumulation_steps": ["2"],
    "precision": ["mixed_bfloat16", "float32"],
    "trainer.clipvalue": ["0.5"],
    "trainer.use_ema": ["true"],
    "trainer.gradient_accumulation_steps": ["1", "2"],
    "schedule": ["constant", "cosine", "exponential", "piecewise"],
}  # fmt: skip
LOADERS = {
    "numpy": {"loader.shuffle": ["true", "false"], "loader.batch_size": ["1", "3", "8"]},
    "tf_data": {
        "loader.shuffle_buffer": ["0", "3"],
        "loader.take": ["null", "1", "2"],
        "loader.batch_size": ["2", "8"],
    },
    "generator": {
        "loader.form": ["generator", "py_dataset"],
        "loader.length": ["known", "unknown", "endless"],
        "loader.batch_size": ["2", "8"],
    },
    "stream": {"data.steps": ["null", "3", "2"], "data.endless": ["true", "false"], "+loader.batch_size": ["4"]},
}
MODELS = {
    "model.units": ["1", "4"],
    "model.depth": ["0", "1", "2"],
    "model.dropout": ["0.0", "0.5"],
    "model.activation": ["relu", "gelu", "softmax"],
}
WEIGHTINGS = {
    "none": {},
    "balanced": {"weighting.targets": ["null", "[y]", "[kind]", "[target]"], "weighting.splits": ["[train]", "[]"]},
    "class_weight": {
        "weighting.weights": ["{0: 1, 1: 2}", "{1: 2}", "{kind: {0: 1, 1: 0}}", "{0: 0, 1: 0, 2: 0}"],
        "weighting.others": ["1", "null"],
    },
    "sample_weight": {
        "weighting.column": ["w"],
        "weighting.array": ["weights.npy"],
        "weighting.function": ["{_target_: fuzz_parts.weights, _partial_: true}"],
        "weighting.splits": ["[train]", "[train,validation,test]"],
    },
    "mask": {"weighting.function": ["{_target_: fuzz_parts.weights, _partial_: true}"], "weighting.column": ["w"]},
}
CALLBACKS = {
    "early_stopping": {
        "callbacks.early_stopping.monitor": ["loss", "val_accuracy", "accuracy"],
        "callbacks.early_stopping.patience": ["0", "1"],
        "+callbacks.early_stopping.mode": ["min", "max", "auto"],
        "+callbacks.early_stopping.baseline": ["0.5"],
    },
    "default": {"callbacks.early_stopping": ["null"], "callbacks.checkpoints.monitor": ["loss", "null"]},
    "checkpoint": {"callbacks.checkpoint.monitor": ["loss"], "callbacks.checkpoint.save_best_only": ["false"]},
    "checkpoints": {
        "callbacks.checkpoints.monitor": ["loss", "null", "accuracy"],
        "callbacks.checkpoints.keep": ["1", "2"],
        "callbacks.checkpoints.every_steps": ["null", "1"],
        "callbacks.checkpoints.every_epochs": ["2"],
        "callbacks.checkpoints.threshold": ["null", "0.5"],
        "callbacks.checkpoints.mode": ["min", "max"],
    },
    "plateau": {"callbacks.plateau.factor": ["0.1"], "callbacks.plateau.monitor": ["loss"]},
    "target": {"callbacks.target.target": ["0.1", "0.99"], "callbacks.target.monitor": ["accuracy", "loss"]},
    "time_budget": {"callbacks.time_budget.seconds": ["0.01", "10"], "callbacks.time_budget.minutes": ["null", "1"]},
    "warmup": {"callbacks.warmup.steps": ["1", "3"], "callbacks.warmup.share": ["null", "0.5"]},
    "terminate_on_nan": {},
    "ema": {"callbacks.ema.swap_on_epoch": ["true"]},
    "validation": {},
}

UNLIMITED = {"trainer.epochs", "trainer.steps_per_epoch", "trainer.validation_steps", "data.steps"}
"""Keys whose large values rightly take long."""
WRONG = [
    "null", "", "[]", "{}", "''", "0", "-1", "-0.5", "0.5", "1.5", "1e308", "1e-320", "-99999999999999999999", "nan",
    ".nan", ".inf", "inf", "-inf", "true", "abc", "'5'", "[1,2]", "[[]]", "[null]", "{a: 1}", "{a: {b: [c]}}", "[{}]",
    "{_target_: no.such.thing}", "{_target_: 3}", "{_target_: keras.losses.Huber}", "${seed}", "${nothing}", "???",
    "{_target_: os.getcwd}", "'héllo wörld ✓'", "x" * 3000, "' '", "'a b'", "'a\\nb'", "-", "none", "[1", "a=b", "1,2",
    "{0: 1}", "{1.5: true}", "{null: null}", "'../../x'", "/", ".", "0x10", "1_000", "[-1]", "[.nan]", "[true]",
    "[a,a]", "{_target_: keras.layers.Dense, units: 2}", "{_target_: fuzz_parts.arrays}", "${trainer}",
    "{_target_: ''}",
]  # fmt: skip
HUGE = ["99999999999999999999", "9223372036854775807", "4294967296000"]


@st.composite
def commands(draw: st.DrawFn) -> list[str]:
    """Right values for some data, then perhaps some that do not suit, wrong ones or a typing error."""
    kind = draw(st.sampled_from(list(DATA)))
    loader = "stream" if kind == "batches" else draw(st.sampled_from(["numpy", "numpy", "tf_data", "generator"]))
    weighting = draw(st.sampled_from(["none", "none", *WEIGHTINGS]))
    callbacks = draw(st.lists(st.sampled_from(list(CALLBACKS)), max_size=2, unique=True))
    # Compiling takes longer than all else.
    eagerly = draw(st.sampled_from(["true"] * 9 + ["false"]))
    arguments = [*DATA[kind], "report=false", f"trainer.epochs={draw(st.sampled_from('12'))}"]
    arguments += [f"trainer.run_eagerly={eagerly}", f"loader={loader}", f"weighting={weighting}"]
    arguments += [f"callbacks=[{','.join(callbacks)}]"] if callbacks else []
    if kind != "timeseries":
        arguments.append(f"split.validation={draw(st.sampled_from('12'))}")
    choices = {**TRAINER, **OBJECTIVES, **MODELS, **LOADERS[loader], **WEIGHTINGS[weighting]}
    choices |= {key: values for name in callbacks for key, values in CALLBACKS[name].items()}
    needed = {"class_weight": "weighting.weights", "sample_weight": "weighting.function", "mask": "weighting.function"}
    keys = [needed[weighting]] if weighting in needed else []
    keys += ["callbacks.target.target"] if "target" in callbacks else []
    keys += draw(st.lists(st.sampled_from(list(choices)), max_size=2, unique=True))
    arguments += [f"{key}={draw(st.sampled_from(choices[key]))}" for key in dict.fromkeys(keys)]
    for key in draw(
        st.sampled_from([0, 0, 1, 1, 2]).flatmap(lambda n: st.lists(st.sampled_from(list(choices)), max_size=n))
    ):
        wrong = st.sampled_from(WRONG if key in UNLIMITED else WRONG + HUGE)
        arguments.append(f"{key}={draw(st.text(max_size=8) if draw(st.integers(1, 12)) == 12 else wrong)}")
    return _mistyped(draw, arguments) if draw(st.integers(1, 12)) == 12 else arguments


def _mistyped(draw: st.DrawFn, arguments: list[str]) -> list[str]:
    """Changes one character of one argument, none of those that keep the data small."""
    index = draw(st.integers(len(arguments) // 2, len(arguments) - 1))
    argument = arguments[index]
    at = draw(st.integers(0, len(argument) - 1))
    typed = draw(st.sampled_from(["", "x", ".", "=", "+", "~", "@", "[", "'", ":", " "]))
    return [*arguments[:index], argument[:at] + typed + argument[at + 1 :], *arguments[index + 1 :]]


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import pandas as pd

    monkeypatch.setenv("PIPELINE_TRUST", "fuzz_parts")
    (tmp_path / "fuzz_parts.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("fuzz_parts", None)
    rows = pd.DataFrame({"a": np.arange(12.0), "b": list("xyz") * 4, "w": [1, 2] * 6, "y": [0, 1, 2] * 4})
    rows.to_csv(tmp_path / "good.csv", index=False)
    rows.to_parquet(tmp_path / "good.parquet")
    np.savez(tmp_path / "good.npz", x=np.linspace(0, 1, 36).reshape(12, 3), y=np.arange(12) % 2, w=np.ones(12))
    np.save(tmp_path / "weights.npy", np.ones(12))
    return tmp_path


def test_any_command_trains_or_tells_what_is_wrong(parts: Path, judged: Any, fuzzed: Callable[..., None]) -> None:
    def check(arguments: list[str]) -> None:
        judged(*arguments)

    fuzzed(12, commands(), check)


def test_any_command_gives_the_same_metrics_twice(parts: Path, judged: Any, fuzzed: Callable[..., None]) -> None:
    def check(arguments: list[str]) -> None:
        first = judged(*arguments)
        # Time decides nothing but in these.
        if first is not None and not any(word in " ".join(arguments) for word in ("seconds", "time_budget")):
            assert judged(*arguments) == first, arguments

    fuzzed(2, commands(), check)
