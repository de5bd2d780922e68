"""The mistakes that people typically make in a command, each with the very lines that it gets, and that at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FILES = {
    "mine": "trainer: {epochs: 1}",
    "unknown": "epochs: 5\ntrainer: {epohs: 5}",
    "argument": "model: {unts: 32}",
    "choice": "defaults: [override /model: cnnn]",
    "value": "trainer: {epochs: many}",
    "control": 'loss: "a\x07b"',
    "open": "model: {units: 32",
}
MINE = ("--config-dir", "conf")
IN = "(in 'conf/experiment/{}.yaml')"
ROOTS = (
    "callbacks, data, debug, evaluate_splits, fold, folds, loader, loss, loss_weights, metrics, model, "
    "optimized_metric, …"
)

MISTAKES: dict[tuple[str, ...], list[str]] = {
    # Words that are no KEY=VALUE.
    ("quickstart",): ["quickstart: expected KEY=VALUE; use +experiment=quickstart"],
    ("quikstart",): ["quikstart: expected KEY=VALUE; did you mean +experiment=quickstart?"],
    (*MINE, "mine"): ["mine: expected KEY=VALUE; use +experiment=mine"],
    ("train",): ["train: expected KEY=VALUE; use task=train"],
    ("early_stopping",): ["early_stopping: expected KEY=VALUE; use callbacks=[early_stopping]"],
    ("nothing-like-that",): ["nothing-like-that: expected KEY=VALUE, such as trainer.epochs=5"],
    ("+experiment", "quickstart"): ["+experiment: expected KEY=VALUE; use +experiment=quickstart"],
    ("epochs", "5"): ["epochs: expected KEY=VALUE; use trainer.epochs=5"],
    ("model.units:64",): ["model.units:64: expected KEY=VALUE; use model.units=64"],
    ("model.units", "=", "64"): ["model.units: spaces around '='; use model.units=64"],
    ("model.units=", "64"): ["model.units: space after '='; use model.units=64"],
    ("callbacks=[default,", "plateau]"): [
        "callbacks: '[default,' ends at a space; use 'callbacks=[default, plateau]', in quotes"
    ],
    # Options that there are not.
    ("--epochs", "5"): ["--epochs: no such option; use trainer.epochs=5"],
    ("--epochs=5",): ["--epochs: no such option; use trainer.epochs=5"],
    ("-epochs=5",): ["-epochs: no such option; use trainer.epochs=5"],
    ("--learning-rate", "0.1"): ["--learning-rate: no such option; use optimizer.learning_rate=0.1"],
    ("--model", "cnn"): ["--model: no such option; use model=cnn"],
    ("--experiment", "quickstart"): ["--experiment: no such option; use +experiment=quickstart"],
    ("--config-dri", "conf"): ["--config-dri: no such option; did you mean '--config-dir'?"],
    ("--config-dir", "cnf"): ["--config-dir: no folder 'cnf'; did you mean 'conf'?"],
    ("--config-dir", "nowhere"): ["--config-dir: no folder 'nowhere'"],
    ("--cfg", "jb"): ["--cfg: there is no 'jb'; did you mean 'job'?"],
    ("seed=1", "--cfg"): ["--cfg: its value is missing; use --cfg job or --cfg hydra or --cfg all"],
    # Keys that there are not.
    ("epochs=5",): ["epochs: the config has no 'epochs'; did you mean 'trainer.epochs'?"],
    ("+epochs=5",): ["epochs: the config has no 'epochs'; did you mean 'trainer.epochs'?"],
    ("lr=0.1",): ["lr: the config has no 'lr'; did you mean 'optimizer.learning_rate'?"],
    ("batch_size=32",): ["batch_size: the config has no 'batch_size'; did you mean 'loader.batch_size'?"],
    ("trainer.batch_size=32",): [
        "trainer.batch_size: trainer has no 'batch_size'; did you mean 'loader.batch_size'?"
    ],
    ("modell=mlp",): ["modell: the config has no 'modell'; did you mean 'model'?"],
    ("gpus=1",): [f"gpus: the config has no 'gpus'; valid: {ROOTS}"],
    (*MINE, "+experiment=mine", "trainer.epohs=5", "++trainer.epocs=5"): [
        "trainer.epohs: trainer has no 'epohs'; did you mean 'epochs'?",
        "trainer.epocs: trainer has no 'epocs'; did you mean 'epochs'?",
    ],
    ("model.foo=3",): ["model.foo: model has no 'foo'; valid: activation, depth, dropout, units"],
    ("model.filters=8",): ["model.filters: model has no 'filters'; model=cnn or model=image_timeseries has it"],
    ("optimizer.lr=0.1",): ["optimizer.lr: optimizer has no 'lr'; did you mean 'learning_rate'?"],
    ("optimizer.beta_1=0.8",): [
        "optimizer.beta_1: optimizer has no 'beta_1'; valid: learning_rate, name; use +optimizer.beta_1=0.8 to add it"
    ],
    ("callbacks.early_stopping.patience=5",): [
        "callbacks.early_stopping.patience: callbacks has no 'early_stopping'; callbacks=[early_stopping] or "
        "callbacks=[table] has it"
    ],
    ("~model.unts",): ["model.unts: model has no 'unts'; did you mean 'units'?"],
    ("+trainer.epochs=5",): ["trainer.epochs: the config already has this key; use trainer.epochs=5, without +"],
    # Choices that there are not.
    ("experiment=quickstart",): [
        "experiment: an experiment is added to the defaults; use +experiment=quickstart"
    ],
    ("+experiment=table/cvs", "data.path=x.csv", "data.targets=[y]", "trainer.epohs=5"): [
        "experiment: there is no 'table/cvs'; did you mean 'table/csv'?",
        "trainer.epohs: trainer has no 'epohs'; did you mean 'epochs'?",
    ],
    (*MINE, "+experiment=mien"): ["experiment: there is no 'mien'; did you mean 'mine'?"],
    ("model=cnnn", "optimizer=adm"): [
        "model: there is no 'cnnn'; did you mean 'cnn'?", "optimizer: there is no 'adm'; did you mean 'adam'?",
    ],
    ("callbacks=[erly_stopping]",): ["callbacks: there is no 'erly_stopping'; did you mean 'early_stopping'?"],
    ("schedule=null",): ["schedule: no choice null; valid: constant, cosine, exponential, piecewise"],
    ("+model=cnn",): ["model: the defaults already have it; use model=cnn, without +"],
    ("trainer.epochs=${nothing}",): [
        "trainer.epochs: refers to nothing, which is missing; set nothing=VALUE",
    ],
    ("loader=pandas",): [
        "loader: a DataFrame is data, not a loader; use data=frame data.train._target_=my_module.my_frame"
    ],
    ("tracking=csv",): [
        "tracking: every training writes history.csv, with one row per epoch; use tracking=none for nothing else"
    ],
    ("-m", "model=mlp,cnnn"): ["model: there is no 'cnnn'; did you mean 'cnn'?"],
    # Values.
    ("model.units=32,64",): [
        "model.units: got several values 32,64; use -m for one run per value, or model.units=[32,64] for one list"
    ],
    ("data=csv", "data.path=a,b.csv"): [
        "data.path: got several values a,b.csv; use -m for one run per value, or data.path=[a,b.csv] for one list, "
        "or data.path='\"a,b.csv\"' for one text"
    ],
    ("task=evaluate", "run=größe/r"): [
        "run: 'größe/r' has characters that need quotes; use 'run=\"größe/r\"'"
    ],
    ("task=evaluate", "run=a[1]/r"): ["run: 'a[1]/r' has characters that need quotes; use 'run=\"a[1]/r\"'"],
    ("trainer.epochs=many",): ["trainer.epochs: expected a whole number, got 'many'"],
    ("trainer.epochs=three", "seed=1.5", "report=maybe", "snapshots.every_seconds=often"): [
        "trainer.epochs: expected a whole number, got 'three'",
        "seed: expected a whole number, got 1.5",
        "report: expected true or false, got 'maybe'",
        "snapshots.every_seconds: expected a number, got 'often'",
    ],
    ("trainer.epochs=null",): ["trainer.epochs: expected a value, got null"],
    ("optimizer.learning_rate=0,01",): [
        "optimizer.learning_rate: got '0,01'; use optimizer.learning_rate=0.01 for the number, with a decimal point, "
        "or -m for one run per value"
    ],
    ("trainer.initial_epoch=5",): [
        "trainer.initial_epoch: 5 leaves none of 5 epochs to train; set it to 4 or less, or increase trainer.epochs"
    ],
    ("data=csv", "data.targets=[y]", "data.path='~nobody-of-that-name/x.csv'"): [
        "'~': no home folder is known; set HOME=DIR in the environment, or use a path without ~"
    ],
    # What a task would ignore.
    ("task=evaluate", "run=x", "model.units=5", "callbacks=[default]"): [
        "callbacks: task=evaluate ignores this key; remove it",
        "model.units: task=evaluate ignores this key; remove it",
    ],
    ("task=predict", "run=x", "metrics=[accuracy]"): ["metrics: task=predict ignores this key; remove it"],
    ("task=report", "run=x", "+experiment=quickstart"): [
        "experiment: task=report ignores this key; remove it"
    ],
    ("task=lr_find", "trainer.epochs=3"): ["trainer.epochs: task=lr_find ignores this key; remove it"],
    ("task=benchmark", "report=false"): ["report: task=benchmark ignores this key; remove it"],
    ("runs=[a,b]",): ["runs: task=train ignores this key; remove it"],
    # Files of the user's own.
    (*MINE, "+experiment=unknown"): [
        f"epochs: the config has no 'epochs'; did you mean 'trainer.epochs'? {IN.format('unknown')}",
        f"trainer.epohs: trainer has no 'epohs'; did you mean 'epochs'? {IN.format('unknown')}",
    ],
    (*MINE, "+experiment=argument"): [
        "model.unts: pipeline.models.mlp.mlp has no argument 'unts'; did you mean 'units'? " + IN.format("argument")
    ],
    (*MINE, "+experiment=choice"): [f"model: there is no 'cnnn'; did you mean 'cnn'? {IN.format('choice')}"],
    (*MINE, "+experiment=value"): [
        "trainer.epochs: expected a whole number, got 'many' (in 'experiment/value')"
    ],
    (*MINE, "+experiment=control"): [
        "'{folder}/conf/experiment/control.yaml': unacceptable character #x0007: control characters are not allowed"
    ],
    (*MINE, "+experiment=open"): ["'{folder}/conf/experiment/open.yaml': line 3: did not find expected ',' or '}'"],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    for name, text in FILES.items():
        (tmp_path / "conf" / "experiment" / f"{name}.yaml").write_text(f"# @package _global_\n{text}\n")
    return tmp_path


@pytest.mark.parametrize("arguments", MISTAKES, ids=" ".join)
def test_mistake_gets_its_lines(arguments: tuple[str, ...], folder: Path, command: Callable[..., Any]) -> None:
    begun = time.process_time()
    done = command(*arguments)
    assert done.errors == [line.replace("{folder}", str(folder)) for line in MISTAKES[arguments]]
    assert done.code == 2
    assert len(done.err.splitlines()) == len(done.errors)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("text", ["model: {units: 7}\n", "# My network.\n# @package _global_\nmodel: {units: 7}\n"])
def test_experiment_whose_first_line_is_another_is_told_so(
    text: str, tmp_path: Path, command: Callable[..., Any]
) -> None:
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text(text)
    assert command("--config-dir", "conf", "+experiment=mine").errors == [
        f"experiment: expected '# @package _global_' as the first line of an experiment's file {IN.format('mine')}"
    ]


def test_options_and_overrides_come_in_any_order(folder: Path, command: Callable[..., Any]) -> None:
    done = command("--cfg", "job", "+experiment=mine", "--config-dir", "conf", "model.units=7", "-p", "model")
    assert done.code == 0, done.errors
    assert "units: 7" in done.out


def test_key_of_ones_own_may_be_there_for_others_to_refer_to(command: Callable[..., Any]) -> None:
    done = command("+rate=0.5", "optimizer.learning_rate=${rate}", "--cfg", "job")
    assert done.code == 0, done.errors
    assert "rate: 0.5" in done.out
