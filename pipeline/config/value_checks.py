"""Checks of the values of the config's own keys, made before any slow import."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.config.schema import MOST, PRECISIONS, PipelineConfig, SplitConfig, TrainerConfig
from pipeline.errors import nearest, shown
from pipeline.run.read_back import trains
from pipeline.security import trust

BY_COLUMN = {
    "column": "the column that names each row's split",
    "group": "the column whose equal values form a group",
    "time": "the column with the time of each row",
}
"""Split methods that use a column, and which one."""
PATIENT = ("keras.callbacks.EarlyStopping", "keras.callbacks.ReduceLROnPlateau")
"""Keras callbacks that accept any number of epochs to wait, such as -3, and then act at the first epoch."""
WAITING = ("patience", "cooldown", "start_from_epoch")
"""Their arguments that count epochs."""


def value_mistakes(config: PipelineConfig) -> list[str]:
    """Returns the mistakes in the values of the schema's own keys, one line each."""
    trainer = config.trainer
    mistakes = _count_mistakes(config)
    if 1 <= trainer.epochs <= trainer.initial_epoch:
        mistakes.append(
            f"trainer.initial_epoch: {trainer.initial_epoch} leaves none of {trainer.epochs} epochs to train; set it "
            "to "
            f"{trainer.epochs - 1} or less, or increase trainer.epochs"
        )
    mistakes += [
        f"trainer.validation_fractions: expected numbers between 0 and 1, got {fraction}"
        for fraction in trainer.validation_fractions
        if not 0 < fraction < 1
    ]
    if trainer.validation_seconds is not None and not trainer.validation_seconds > 0:
        mistakes.append(f"trainer.validation_seconds: expected more than 0, got {trainer.validation_seconds}")
    if config.resume is not None and isinstance(config.task, dict) and not trains(config.task):
        mistakes.append(
            "resume: only training can be resumed; use task=train, or run=DIR for other tasks; a task of your own that "
            "trains says so in its YAML file, by _trains_: true"
        )
    seconds = config.snapshots.every_seconds
    if seconds is not None and not seconds > 0:
        mistakes.append(f"snapshots.every_seconds: expected more than 0, got {seconds}")
    mistakes += _update_mistakes(trainer)
    if config.precision is not None and config.precision not in PRECISIONS:
        mistakes.append(
            f"precision: Keras has no dtype policy '{config.precision}'{nearest(config.precision, PRECISIONS)}"
        )
    if trainer.verbose not in ("auto", 0, 1, 2):
        mistakes.append(f"trainer.verbose: expected auto, 0, 1 or 2, got {trainer.verbose}")
    mistakes += [*_split_mistakes(config.split), *_fold_mistakes(config), *_waiting_mistakes(config.callbacks)]
    known = ("train", "validation", "test")
    mistakes += [
        f"evaluate_splits: no split '{name}'{nearest(name, known)}"
        for name in config.evaluate_splits
        if name not in known
    ]
    return mistakes


def _count_mistakes(config: PipelineConfig) -> list[str]:
    trainer, split, snapshots = config.trainer, config.split, config.snapshots
    mistakes = []
    for key, value, least in (
        ("trainer.epochs", trainer.epochs, 1),
        ("trainer.steps_per_epoch", trainer.steps_per_epoch, 1),
        ("trainer.validation_steps", trainer.validation_steps, 1),
        ("trainer.validation_freq", trainer.validation_freq, 1),
        ("trainer.validation_interval", trainer.validation_interval, 1),
        ("trainer.initial_epoch", trainer.initial_epoch, 0),
        ("trainer.steps_per_execution", trainer.steps_per_execution, 1),
        ("trainer.gradient_accumulation_steps", trainer.gradient_accumulation_steps, 1),
        ("trainer.ema_overwrite_frequency", trainer.ema_overwrite_frequency, 1),
        ("snapshots.every_epochs", snapshots.every_epochs, 1),
        ("snapshots.every_steps", snapshots.every_steps, 1),
        ("snapshots.keep", snapshots.keep, 1),
        ("split.validation", split.validation, 0),
        ("split.test", split.test, 0),
        ("folds", config.folds, 2),
        ("fold", config.fold, 1),
        ("seed", config.seed, 0),
    ):
        if value is not None and not least <= value <= MOST:
            expected = f"{MOST} or less" if value > MOST else f"{least} or more"
            mistakes.append(f"{key}: expected {expected}, got {value}")
    return mistakes


def _split_mistakes(split: SplitConfig) -> list[str]:
    mistakes = []
    methods = ("last", "random", "stratified", "auto", *BY_COLUMN)
    if split.method not in methods:
        mistakes.append(f"split.method: no method '{split.method}'{nearest(split.method, methods)}")
    elif split.method in BY_COLUMN and split.column is None:
        mistakes.append(f"split.column: missing; split.method={split.method} needs {BY_COLUMN[split.method]}")
    elif split.method not in BY_COLUMN and split.column is not None:
        mistakes.append(
            f"split.column: split.method={split.method} ignores it; set split.method to one of {', '.join(BY_COLUMN)}"
        )
    if split.validation < 1 and split.test < 1 and split.validation + split.test >= 1:
        mistakes.append(f"split: validation {split.validation} and test {split.test} leave nothing to train on")
    return mistakes


def _fold_mistakes(config: PipelineConfig) -> list[str]:
    if config.folds is None:
        return ["fold: there are no folds; set their number, folds=N"] if config.fold else []
    mistakes = []
    if config.fold is not None and config.fold > config.folds:
        mistakes.append(f"fold: expected 1 to {config.folds}, the number of folds, got {config.fold}")
    if config.split.method == "column":
        mistakes.append(
            "folds: split.method=column gives each row one fixed split; use another method, such as auto, or group to "
            "keep rows with the same value together"
        )
    return mistakes


def _update_mistakes(trainer: TrainerConfig) -> list[str]:
    clipping = {n: v for n in ("clipnorm", "global_clipnorm", "clipvalue") if (v := getattr(trainer, n)) is not None}
    mistakes = [
        f"trainer.{name}: expected a finite number above 0, or null for no limit, got {value}"
        for name, value in clipping.items()
        if not 0 < value < math.inf
    ]
    if len(clipping) > 1:
        mistakes.append(f"trainer.{next(iter(clipping))}: {' and '.join(clipping)} are set; set only one of them")
    if not 0 <= trainer.ema_momentum <= 1:
        mistakes.append(f"trainer.ema_momentum: expected a number from 0 to 1, got {trainer.ema_momentum}")
    if trainer.ema_overwrite_frequency is not None and not trainer.use_ema:
        mistakes.append("trainer.ema_overwrite_frequency: there are no moving averages; set trainer.use_ema=true")
    return mistakes


def _waiting_mistakes(callbacks: Any) -> Iterator[str]:
    for key, node in callbacks.items() if isinstance(callbacks, Mapping) else ():
        if not isinstance(node, Mapping) or trust.as_keras(str(node.get("_target_"))) not in PATIENT:
            continue
        for name in WAITING:
            value = node.get(name, 0)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                yield f"callbacks.{key}.{name}: expected a whole number of 0 or more, got {shown(value)}"
