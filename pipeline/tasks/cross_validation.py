"""Cross-validation: one training per fold, each in its own folder, and their common results."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from pipeline.config.schema import PipelineConfig
from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.folds import Fold, seed_of_fold
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError, DataError, one_line
from pipeline.evaluation.carried_columns import beside, carried_columns
from pipeline.evaluation.over_folds import as_text, over_folds
from pipeline.evaluation.prediction_files import FILES, PARQUET, join_predictions, write_predictions
from pipeline.evaluation.predictions import columns, predict
from pipeline.keras_state import fresh_keras
from pipeline.report import run_shapes, write_cross_validation
from pipeline.run import lock
from pipeline.run.atomic_files import write_json, write_text
from pipeline.run.contents import holds
from pipeline.run.endings import from_here, recorded
from pipeline.run.folder import Run, remove_leftovers, start_run
from pipeline.run.names import CONFIG, CONFIG_FOLDER, FACTS_FILE, METRICS
from pipeline.run.read_back import config_of_run, facts_of_run, fold_folder
from pipeline.run.resume import take_up
from pipeline.security.own_files import refuse_links
from pipeline.security.reading import ABSENT, read_json, read_yaml
from pipeline.security.shapes import checked
from pipeline.tasks.loading import folds_of_config, splits_of_fold
from pipeline.training.objectives.losses import built_losses
from pipeline.training.signature import NamedModel
from pipeline.training.snapshots.opening import check_same_data

log = logging.getLogger(__name__)
TrainOn = Callable[[PipelineConfig, Run, Callable[[], Splits], np.ndarray], float]
"""Trains on splits, and predicts the held-out rows; see `pipeline.tasks.train.train_on`."""
holds("fold_1", "one folder per fold: fold_1, fold_2, …")
RESULTS = (METRICS, FILES[PARQUET])
"""The files of a fold that the common results are made from."""


def cross_validate(config: PipelineConfig, run: Run, train_on: TrainOn) -> float:
    """Trains all folds one after another, and writes mean and deviation of their metrics into the run folder.

    Args:
        config: The config. Each fold gets a copy with its number.
        run: The run whose folder contains those of the folds.
        train_on: Trains one of them.

    Returns:
        The mean of the value that a sweep optimizes.
    """
    with run.stage("data"):
        whole, folds = folds_of_config(config)
        run.record(spec=whole.train.spec.as_dict(), data={"all": whole.train.fingerprint()})
        _say_what_is_left_out(config, whole)
    values = []
    with run.stage("training"):
        for number, fold in enumerate(folds, 1):
            values.append(_value_of_fold(replace(config, fold=number), run, whole, fold, train_on))
    folders = [fold_folder(run.folder, number) for number in range(1, len(folds) + 1)]
    metrics = over_folds([_metrics(folder / METRICS) for folder in folders])
    write_json(run.folder / METRICS, metrics)
    join_predictions([folder / FILES[PARQUET] for folder in folders], run.folder)
    _say_metrics(metrics)
    if config.report:
        with run.stage("report"):
            _report(run)
    value = math.fsum(values) / len(values)
    run.record(optimized_value=value)
    return value


def train_fold(config: PipelineConfig, run: Run, train_on: TrainOn) -> float:
    """Trains the one fold that a config names, and returns the value that a sweep optimizes."""
    assert config.fold is not None
    with run.stage("folds"):
        whole, folds = folds_of_config(config)
    return _trained(config, run, whole, folds[config.fold - 1], train_on)


def write_held_out(
    run: Run,
    model: NamedModel,
    splits: Splits,
    batches: Batches,
    config: PipelineConfig,
    rows: np.ndarray,
) -> None:
    """Writes the predictions of the held-out rows of a fold, by their numbers in the data."""
    targets, test = splits.train.spec.targets, splits.test
    if isinstance(test, Examples) and test.origin is not None:
        rows = test.origin.rows
    losses = built_losses(config.loss, model.signature, splits.train.spec)
    table = columns(predict(model, batches), targets, losses, rows)
    table = {"row": rows, "fold": np.full(len(rows), config.fold), **table}
    wanted = list(config.data.get("columns") or ())
    carried = carried_columns(test.origin, wanted, (), as_text=False) if isinstance(test, Examples) else {}
    write_predictions(run.folder, beside(carried, table), PARQUET)


def _value_of_fold(config: PipelineConfig, parent: Run, whole: Splits, fold: Fold, train_on: TrainOn) -> float:
    """Trains or resumes a fold in its folder unless it is finished; returns the value that a sweep optimizes."""
    assert config.fold is not None
    folder = fold_folder(parent.folder, config.fold)
    folder.mkdir(exist_ok=True)
    refuse_links(folder)
    with lock.held(folder):
        remove_leftovers(folder)
        resumes = config.resume is not None and (folder / CONFIG).is_file()
        told = f"fold {config.fold} of {config.folds}"
        if resumes and (value := _value_if_finished(config, folder, whole, fold)) is not None:
            log.info("%s: is finished", told)
            return value
        log.info("%s in %s", told, from_here(folder))
        _write_config(parent.folder, folder, config.fold, resumes=resumes)
        first, *arguments = parent.facts["command"]
        typed = [f"resume={folder}"] if resumes else [*arguments, f"fold={config.fold}"]
        run = start_run(folder, [first, *typed], resumes=resumes)
        with (
            recorded(run, discards=not resumes, is_part=True),
            fresh_keras(config.seed, config.precision) as policy,
        ):
            run.record(seed=config.seed, precision=policy)
            there = replace(
                config,
                resume=config.resume if resumes else None,
                callbacks=_in_folder(config.callbacks, parent.folder, folder),
                tracking=_in_folder(config.tracking, parent.folder, folder),
            )
            return _trained(there, run, whole, fold, train_on)


def _trained(config: PipelineConfig, run: Run, whole: Splits, fold: Fold, train_on: TrainOn) -> float:
    import keras

    assert config.fold is not None
    seed = seed_of_fold(config.seed, config.fold)
    keras.utils.set_random_seed(seed)

    load = partial(_splits, config, whole, fold)
    return train_on(replace(config, seed=seed), run, load, fold.held_out)


def _value_if_finished(config: PipelineConfig, folder: Path, whole: Splits, fold: Fold) -> float | None:
    """Returns the value that a sweep optimizes if a fold is finished; None if it is not.

    Raises:
        DataError: The fold was trained on other data.
    """
    if facts_of_run(folder).get("status") != "finished" or not all((folder / name).is_file() for name in RESULTS):
        return None
    facts = read_json(folder / FACTS_FILE, "resume")
    value, before = facts.get("optimized_value"), facts.get("data")
    epochs = (config_of_run(folder, "resume").get("trainer") or {}).get("epochs")
    if epochs != config.trainer.epochs or not isinstance(before, dict):
        return None
    splits = _splits(config, whole, fold)
    check_same_data({"data": before}, {"data": {name: data.fingerprint() for name, data in splits.present()}})
    return float(value) if isinstance(value, (int, float)) else math.nan


def _write_config(parent: Path, folder: Path, number: int, *, resumes: bool) -> None:
    """Writes the config of a fold: its parent's config as it is written, with the fold's number."""
    config = DictConfig(config_of_run(parent, "resume"))
    config.fold, config.resume = number, None
    if resumes:
        take_up(config, folder)
        return
    (folder / CONFIG_FOLDER).mkdir(exist_ok=True)
    write_text(folder / CONFIG, OmegaConf.to_yaml(config))
    for name, more in (("hydra", None), ("overrides", f"fold={number}")):
        try:
            found = read_yaml(parent / CONFIG_FOLDER / f"{name}.yaml", "resume")
        except ABSENT:
            continue
        text = OmegaConf.to_yaml(OmegaConf.create([*found, more] if more else found))
        write_text(folder / CONFIG_FOLDER / f"{name}.yaml", text)


def _in_folder(value: Any, before: Path, folder: Path) -> Any:
    """Returns a part of the config with paths below one folder moved below another."""
    if isinstance(value, Mapping):
        return {key: _in_folder(item, before, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_folder(item, before, folder) for item in value]
    if isinstance(value, str) and (value == str(before) or value.startswith(f"{before}/")):
        return str(folder) + value.removeprefix(str(before))
    return value


def _splits(config: PipelineConfig, whole: Splits, fold: Fold) -> Splits:
    """Returns the splits of a fold. Errors in them name the fold."""
    try:
        return splits_of_fold(config, whole, fold)
    except (ConfigError, DataError) as error:
        raise type(error)(f"fold {config.fold} of {config.folds}: {error}") from error


def _metrics(path: Path) -> dict[str, Any]:
    """Returns the results of a fold, checked, since a resumed folder may come from elsewhere."""
    found: dict[str, Any] = read_json(path, "resume")
    checked(run_shapes.METRICS, found, f"resume: '{path}'")
    return found


def _say_what_is_left_out(config: PipelineConfig, whole: Splits) -> None:
    if whole.test is not None:
        log.info("folds: the data's own test split is not used; each fold tests on its held-out rows")
    elif config.split.test:
        log.info("folds: the test split of each fold is its held-out rows, instead of split.test=%g", config.split.test)


def _say_metrics(metrics: Mapping[str, Any]) -> None:
    log.info("mean ± deviation of the folds")
    for split, found in metrics.items():
        several = len(found["outputs"]) > 1
        spread = found["deviation"]["outputs"]
        told = [
            f"{output + '_' if several else ''}{name} {as_text(value, spread[output].get(name))}"
            for output, values in found["outputs"].items()
            for name, value in values.items()
            if value is not None
        ]
        log.info("%-10s %s", split, "  ".join(told))


def _report(run: Run) -> None:
    """Writes the report. If that fails, the cross-validation is still valid."""
    try:
        write_cross_validation(run.folder, run.outcome("finished", 0))
    except Exception as error:  # noqa: BLE001
        log.warning("report: not written: %s: %s", type(error).__name__, one_line(error))
