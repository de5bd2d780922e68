"""Small random data of every kind: each trains a model, or ends with exit code 2 and a line a mistake."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

from pipeline.cli import report
from pipeline.config.checks import check_config, check_parts_of_keras
from pipeline.config.conf_folder import conf_folder
from pipeline.config.schema import register
from pipeline.run import job_memory
from pipeline.run.folder import Run
from pipeline.tasks.train import train

# What is drawn says nothing of what is tested, and measuring it takes as long as the tests.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

DTYPES = ["float32", "float32", "float64", "int64", "int32", "uint8", "bool", "int8", "float16"]
ODD_DTYPES = [
    "uint64", "<U3", "S2", "object", "datetime64[s]", "timedelta64[s]", "complex64", ">f4", ">i8", "longdouble",
]  # fmt: skip
SHAPES: list[tuple[int, ...]] = [(3,), (3,), (1,), (2,), (4,)]
ODD_SHAPES: list[tuple[int, ...]] = [(), (4, 4), (4, 4, 1), (2, 3), (0,), (3, 0), (1, 1, 1, 2)]
ODD_NUMBERS = [np.nan, np.inf, -np.inf, 1e38, 1e300, -1, 1e-40, 2.5, 255, 256, 2**31]
OF_IDS = ["sparse_categorical_crossentropy"]
OF_HOT = ["categorical_crossentropy", "kl_divergence", "categorical_hinge", "categorical_focal_crossentropy", "mse"]
OF_NUMBERS = ["mse", "mae", "huber", "cosine_similarity", "log_cosh"]
LOSSES = [*OF_IDS, *OF_HOT, *OF_NUMBERS, "binary_crossentropy", "hinge", "poisson", "ctc", "dice"]
METRICS = [
    None, "accuracy", ["mse"], ["auc"], ["precision"], ["f1_score"], ["sparse_top_k_categorical_accuracy"], "acc",
    ["kl_divergence", "hinge"], ["r2_score"], ["cosine_similarity"], ["mean_io_u"], [], [[]], [None], "crossentropy",
]  # fmt: skip
ODD_CELLS = [
    "", "NA", "nan", "inf", "-inf", "1e400", "x", "é✓", " 1 ", "1,5", "true", "2020-01-01", "-0", "0x1", "1_0", "'",
    "²",
    "--5", "1" * 400,
]  # fmt: skip
CATEGORIES = [
    "a", "b", "c", "Ünï", " a", "A", "", "NA", "1", "1.0", "01", "[missing]", "[UNK]", "a\nb", "a\rb", 'q"', "x" * 200,
]  # fmt: skip
NOTHING: list[Any] = [
    None, 3, "text", b"x", {}, [], (), object(), [1, [2]], [None], {"a": 1}, float("nan"), np.float32(1),
]  # fmt: skip

MODULE = """
GIVEN = []


def given():
    return GIVEN[0]


def batches(epoch):
    yield from GIVEN
"""


def oddities(*places: str) -> st.SearchStrategy[set[str]]:
    """Where a case is odd: nowhere, at one or two places, or everywhere, so that many of the cases train."""
    some = st.sets(st.sampled_from(places), min_size=1, max_size=2)
    return st.sampled_from([0, 0, 1, 1, 1, 2]).flatmap(
        lambda kind: st.just(set()) if kind == 0 else some if kind == 1 else st.just({*places})
    )


@st.composite
def numbers(draw: st.DrawFn, length: int, odd: set[str], name: str = "x") -> np.ndarray:
    """An array of inputs, weights or targets to regress."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    dtype = draw(st.sampled_from([*DTYPES, *ODD_DTYPES, *ODD_DTYPES] if f"{name} dtype" in odd else DTYPES))
    shape = (length, *draw(st.sampled_from(ODD_SHAPES if f"{name} shape" in odd else SHAPES)))
    values = generator.normal(0, 2, shape) if draw(st.booleans()) else generator.integers(0, 3, shape).astype(float)
    if values.size and f"{name} values" in odd:
        values.reshape(-1)[draw(st.integers(0, values.size - 1))] = draw(st.sampled_from(ODD_NUMBERS))
    with np.errstate(all="ignore"):
        if dtype in ("datetime64[s]", "timedelta64[s]"):
            return np.nan_to_num(values).astype("int64").astype(dtype)
        return values.astype(dtype)


@st.composite
def ids(draw: st.DrawFn, length: int, odd: set[str]) -> np.ndarray:
    """Class ids."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    classes = draw(st.sampled_from([1, 0, 40, 2] if "y values" in odd else [2, 3]))
    found = np.arange(length) % max(1, classes)
    generator.shuffle(found)
    if "y values" in odd:
        found = found + draw(st.sampled_from([0, 1, -1, 10, -10, 1000, 2**40]))
    dtypes = (
        ["float32", "bool", "float64", "<U3", "uint64", "object", "float16"] if "y dtype" in odd else ["int64", "uint8"]
    )
    with np.errstate(over="ignore"):
        return found.reshape(length, *draw(st.sampled_from([(), (), (1,)]))).astype(draw(st.sampled_from(dtypes)))


@st.composite
def targets(draw: st.DrawFn, length: int, odd: set[str]) -> tuple[np.ndarray, list[str]]:
    """A target, and the losses that suit it."""
    kind = draw(st.sampled_from(["ids", "ids", "one-hot", "numbers"]))
    if kind == "ids":
        return draw(ids(length, odd)), OF_IDS
    if kind == "one-hot":
        return np.eye(3, dtype="float32")[np.arange(length) % 3], OF_HOT
    return draw(numbers(length, odd, "y")).astype("float32" if "y dtype" not in odd else "O"), OF_NUMBERS


@st.composite
def settings(draw: st.DrawFn, losses: dict[str, list[str]], odd: set[str]) -> dict[str, Any]:
    """The rest of a config."""
    loss: Any = {name: draw(st.sampled_from(LOSSES if "loss" in odd else right)) for name, right in losses.items()}
    usual = {name: ["mse"] if right is OF_NUMBERS else "accuracy" for name, right in losses.items()}
    metrics: Any = {name: draw(st.sampled_from(METRICS)) if "metrics" in odd else usual[name] for name in losses}
    split = {"validation": draw(st.sampled_from([0, 0, 2, 0.25]))}
    if "split" in odd:
        split |= {
            "validation": draw(st.sampled_from([0.01, 1, 7, 0.5, 100, float("nan")])),
            "test": draw(st.sampled_from([0, 1, 0.5])),
            "method": draw(st.sampled_from(["last", "random", "stratified"])),
        }
    only = len(losses) == 1 and draw(st.booleans())
    return {
        # Compiling takes longer than all else.
        "trainer": {
            "epochs": draw(st.sampled_from([1, 1, 1, 2])),
            "run_eagerly": draw(st.sampled_from([True] * 11 + [False])),
        },
        "loader": {"batch_size": draw(st.sampled_from([1, 3, 100, 0] if "batch size" in odd else [4, 8]))},
        "report": False,
        "split": split,
        "loss": next(iter(loss.values())) if only else loss,
        "metrics": next(iter(metrics.values())) if only else metrics,
    }


@st.composite
def array_cases(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Arrays by key, and a config that takes them from an archive."""
    odd = draw(
        oddities(
            "x dtype", "x shape", "x values", "y dtype", "y shape", "y values", "length", "lengths", "split", "loss",
            "metrics", "classes", "scale", "w dtype", "w shape", "w values", "batch size", "model",
        )
    )  # fmt: skip
    length = draw(st.sampled_from([5, 2, 1, 0] if "length" in odd else [8, 12]))
    inputs = {f"x{index}": draw(numbers(length, odd)) for index in range(draw(st.sampled_from([1, 1, 2])))}
    outputs = {f"y{index}": draw(targets(length, odd)) for index in range(draw(st.sampled_from([1, 1, 2])))}
    found = {**inputs, **{name: array for name, (array, _) in outputs.items()}}
    if "lengths" in odd:
        name = draw(st.sampled_from(list(found)))
        found[name] = draw(st.sampled_from([found[name][1:], np.array(3.0), np.array("text"), np.array([])]))
    config = draw(settings({name: losses for name, (_, losses) in outputs.items()}, odd))
    config["data"] = {"inputs": list(inputs), "targets": list(outputs)}
    if "classes" in odd:
        config["data"]["classes"] = draw(st.sampled_from([0, 2, 3, -1, 10**12, {"y0": 2}, {"no": 1}, {"y0": "x"}, {}]))
    elif any(array.dtype.kind in "iub" and losses is OF_NUMBERS for array, losses in outputs.values()):
        config["data"]["classes"] = {name: 0 for name, (_, losses) in outputs.items() if losses is OF_NUMBERS}
    if "scale" in odd:
        config["data"]["scale"] = draw(st.sampled_from([0.5, 0.0, float("nan"), -1e30]))
    weighting = draw(st.sampled_from(["none", "none", "none", "balanced", "sample_weight", "mask"]))
    kind = draw(st.sampled_from(["cnn", "tabular", "image_timeseries"] if "model" in odd else ["mlp"]))
    config["defaults"] = {
        "model": kind,
        "loader": draw(st.sampled_from(["numpy", "numpy", "tf_data", "generator"])),
        "weighting": weighting,
    }
    config["model"] = {"filters": 2} if kind in ("cnn", "image_timeseries") else {"units": 2, "depth": 1}
    if weighting in ("sample_weight", "mask"):
        right = np.ones(length, draw(st.sampled_from(["float32", "bool", "int64"])))
        found["w"] = draw(numbers(length, odd, "w")) if {"w dtype", "w shape", "w values"} & odd else right
        config["weighting"] = {"column": "w"}
        config["data"]["columns"] = ["w"]
    return config, found


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], bytes]:
    """The bytes of a CSV file, and a config that takes it."""
    odd = draw(
        oddities("rows", "names", "cells", "separator", "line end", "encoding", "bytes", "data", "split", "loss")
    )
    rows = draw(st.sampled_from([5, 2, 1, 0] if "rows" in odd else [8, 12, 30]))
    unusual = st.lists(
        st.sampled_from(["a", "b", "Größe", "a b", "", "y", "0", "a.b", "x/y", "t", "_", "input"]), max_size=3
    )
    names = [*(draw(unusual) if "names" in odd else ["a", "b"]), "t"]
    columns = [draw(cells(rows, odd)) for _ in names[1:]]
    classes = draw(st.booleans())
    columns.append(["red", "blue"] * (rows // 2) + ["red"] * (rows % 2) if classes else [f"{n}.5" for n in range(rows)])
    separator = draw(st.sampled_from([";", "\t"])) if "separator" in odd else ","
    lines = [
        separator.join(map(_quoted, names)),
        *(separator.join(map(_quoted, row)) for row in zip(*columns, strict=True)),
    ]
    end = draw(st.sampled_from(["\r\n", "\r", "\n\n"])) if "line end" in odd else "\n"
    encoding = draw(st.sampled_from(["utf-8-sig", "utf-16", "latin-1"])) if "encoding" in odd else "utf-8"
    content = (end.join(lines) + end).encode(encoding, "replace")
    if "bytes" in odd:
        at = draw(st.integers(0, len(content)))
        content = (
            content[:at] + draw(st.binary(max_size=4) | st.sampled_from([b'"', b"\0", b",", b"\n"])) + content[at:]
        )
    config = draw(settings({"t": OF_IDS if classes else OF_NUMBERS}, odd))
    config["data"] = {"targets": ["t"]}
    if "data" in odd:
        config["data"] = {
            "targets": draw(st.sampled_from([["t"], ["t", "a"], [], ["T"], ["a"]])),
            "categories": draw(st.sampled_from([[], ["a"], ["t"], ["no"]])),
            "classes": draw(st.sampled_from([None, 0, 2, 3])),
            "missing": draw(st.sampled_from([[], ["a"], ["x", ""]])),
        }
    config["defaults"] = {
        "model": draw(st.sampled_from(["tabular"] * 6 + ["mlp"])),
        "loader": draw(st.sampled_from(["numpy", "numpy", "tf_data"])),
    }
    config["model"] = {"units": 2, "depth": 1}
    return config, content


@st.composite
def cells(draw: st.DrawFn, rows: int, odd: set[str]) -> list[str]:
    """The cells of one column of inputs."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from(["numbers", "ids", "categories", *(["wild"] * 3 if "cells" in odd else [])]))
    if kind == "wild":
        cell = st.sampled_from(ODD_CELLS + CATEGORIES) | st.text(max_size=5)
        return draw(st.lists(cell, min_size=rows, max_size=rows))
    if kind == "categories":
        return [str(cell) for cell in generator.choice(CATEGORIES[: draw(st.integers(1, len(CATEGORIES)))], rows)]
    found = [str(v) for v in (generator.normal(0, 3, rows) if kind == "numbers" else generator.integers(0, 3, rows))]
    if found and "cells" in odd:
        found[draw(st.integers(0, rows - 1))] = draw(st.sampled_from(ODD_CELLS))
    return found


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(',;"\n\r\t') else cell


@st.composite
def elements(draw: st.DrawFn, length: int, odd: set[str]) -> Any:
    """What a user's function returns or yields."""
    x, y = draw(numbers(length, odd)), draw(ids(length, odd))
    w = draw(numbers(length, odd, "w")) if {"w dtype", "w shape", "w values"} & odd else np.ones(length)
    right = [
        (x, y),
        (x, y, w),
        ([x], [y]),
        ({"input": x}, {"target": y}),
        ({"input": x}, y, {"target": w}),
        (x, y, [w]),
    ]
    if "form" not in odd:
        return draw(st.sampled_from(right))
    nothing = st.sampled_from(NOTHING)
    wrong = [
        [x, y], (x,), x, (x, y, w, w), ({"in": x}, y), (x, y, {"no": w}), (list(x), list(y)), (x.tolist(), y.tolist()),
        (x, None), (None, y), (x, y, None), (x, y, [w, w]), (x, y, 1.0), ([x, x], y), (x, [y, y]), ([x, x[:0]], y),
    ]  # fmt: skip
    return draw(
        st.sampled_from(wrong)
        | nothing
        | st.tuples(nothing, st.just(y))
        | st.tuples(st.just(x), nothing)
        | st.tuples(st.just(x), st.just(y), nothing)
    )


@st.composite
def returned(draw: st.DrawFn) -> tuple[dict[str, Any], list[Any]]:
    """What a user's own code gives, and a config that takes it, at once or in batches."""
    odd = draw(
        oddities(
            "x dtype", "x shape", "x values", "y dtype", "y values", "w dtype", "w shape", "w values", "form", "length",
            "batches", "data", "split", "loss", "metrics", "model", "batch size",
        )
    )  # fmt: skip
    in_batches = draw(st.booleans())
    length = st.sampled_from([5, 2, 1, 0] if "length" in odd else [8])
    given = [draw(elements(draw(length), odd))]
    if in_batches and "batches" in odd:
        given = draw(st.lists(length.flatmap(lambda rows: elements(rows, odd)), max_size=3))
    elif in_batches:
        given *= draw(st.sampled_from([3, 5]))
    config = draw(settings({"target": OF_IDS}, odd))
    data = {"train": {"_target_": "fuzz_given.batches" if in_batches else "fuzz_given.given"}}
    if in_batches:
        data["train"]["_partial_"] = "data" not in odd or draw(st.booleans())
        data |= {"classes": 3}
        config["loader"] = {}
    if "data" in odd:
        data |= {"classes": draw(st.sampled_from([None, 2, 3, 0, 5]))}
        if in_batches:
            data |= {"steps": draw(st.sampled_from([None, 1, 3, 0])), "endless": draw(st.booleans())}
    config["data"] = data
    kind = draw(st.sampled_from(["cnn", "image_timeseries", "tabular"] if "model" in odd else ["mlp"]))
    config["model"] = {"filters": 2} if kind in ("cnn", "image_timeseries") else {"units": 2, "depth": 1}
    loader = "stream" if in_batches else draw(st.sampled_from(["numpy", "tf_data", "generator"]))
    weighting = draw(st.sampled_from(["none", "none", "balanced"]))
    config["defaults"] = {"model": kind, "loader": loader, "weighting": weighting}
    return config, given


@dataclass
class Done:
    """A training that ended, with what the fixture `judge` looks at."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error: ")]

    def json(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    def history(self) -> list[list[float]]:
        _, *rows = (self.folder / "history.csv").read_text().splitlines()
        return [[float(value) for value in row.split(",")] for row in rows]


@cache
def composed(*choices: str) -> DictConfig:
    """The config of these choices; composing takes longer than most of what is done here."""
    register()
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose("config", list(choices))
    OmegaConf.set_struct(config, False)
    return config


@pytest.fixture
def trained(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    judge: Callable[[Any, Any], None],
    limit_of_time: Callable[[Any], AbstractContextManager[None]],
) -> Callable[[dict[str, Any], str], None]:
    """Runs the task of a config as a command does, without composing each anew."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["pipeline"])
    monkeypatch.setenv("PIPELINE_TRUST", "fuzz_given")
    (tmp_path / "fuzz_given.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("fuzz_given", None)

    def train_on(config: dict[str, Any], source: str) -> None:
        values = {name: value for name, value in config.items() if name != "defaults"}
        choices = {"data": source, **config["defaults"]}
        base = composed(*(f"{group}={choice}" for group, choice in choices.items()))
        settings: Any = OmegaConf.to_object(OmegaConf.merge(base, values))
        run = Run(Path(tempfile.mkdtemp(dir=tmp_path)))
        code = 0
        with limit_of_time(config):
            keras.utils.set_random_seed(settings.seed)
            try:
                check_config(settings, [])
                check_parts_of_keras(settings)
                with job_memory.freed():
                    train(settings, run)
            except Exception as error:  # noqa: BLE001
                code = report(error)
        run.finish("finished" if code == 0 else "failed", code)
        out, err = capsys.readouterr()
        judge(Done(code, out, err, run.folder), config)

    return train_on


def test_any_arrays_train_or_are_refused(tmp_path: Path, trained: Any, fuzzed: Callable[..., None]) -> None:
    def check(case: Any) -> None:
        config, found = case
        np.savez(tmp_path / "fuzz.npz", **found)
        config["data"]["path"] = "fuzz.npz"
        trained(config, "npz")

    fuzzed(40, array_cases(), check)


def test_any_table_trains_or_is_refused(tmp_path: Path, trained: Any, fuzzed: Callable[..., None]) -> None:
    def check(case: Any) -> None:
        config, content = case
        (tmp_path / "fuzz.csv").write_bytes(content)
        config["data"]["path"] = "fuzz.csv"
        trained(config, "csv")

    fuzzed(28, tables(), check)


def test_whatever_code_of_a_user_gives_trains_or_is_refused(trained: Any, fuzzed: Callable[..., None]) -> None:
    def check(case: Any) -> None:
        import fuzz_given

        config, given = case
        fuzz_given.GIVEN[:] = given
        trained(config, "batches" if config["defaults"]["loader"] == "stream" else "arrays")

    fuzzed(22, returned(), check)
