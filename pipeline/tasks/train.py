"""The task that trains a model, then evaluates it and reports on it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import keras
import numpy as np

from pipeline.callbacks import HistoryFile, build_callbacks, check_savers
from pipeline.callbacks.final_weights import final_weights
from pipeline.callbacks.monitors import check_monitors, with_monitors
from pipeline.callbacks.progress import progress_callbacks
from pipeline.config.schema import PipelineConfig
from pipeline.data.batches import Batches
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError, one_line
from pipeline.evaluation import evaluate_splits, optimized_value
from pipeline.evaluation.baseline import add_baselines, training_constants
from pipeline.evaluation.metrics import is_weighted, values_by_output
from pipeline.models import build_model
from pipeline.report import collect, write_report
from pipeline.run.atomic_files import write_json
from pipeline.run.folder import Run
from pipeline.run.names import HISTORY, METRICS, SNAPSHOTS
from pipeline.schedules import with_training_steps
from pipeline.tasks.cross_validation import cross_validate, train_fold, write_held_out
from pipeline.tasks.loading import splits_of
from pipeline.tasks.training_data import TrainingData
from pipeline.tracking import tracked
from pipeline.training import NamedModel, compile_model, fit
from pipeline.training.objectives.one_class import say_positive_classes
from pipeline.training.resource_use import FILE as RESOURCES_FILE
from pipeline.training.resource_use import sampled
from pipeline.training.saving import check_savable, save_trained
from pipeline.training.snapshots import SnapshotSchedule
from pipeline.training.snapshots.opening import open_snapshots
from pipeline.training.stages import Fitted
from pipeline.weighting.build import build_weightings

log = logging.getLogger(__name__)


def train(config: PipelineConfig, run: Run) -> float:
    """Trains and evaluates a model, or one model per fold, and writes everything about it into the run folder.

    Returns:
        The metric that a sweep optimises.
    """
    if config.run is not None:
        raise ConfigError("run: expected none, as a training makes a run of its own; use task=evaluate or task=predict")
    if config.folds is None:
        return train_on(config, run, partial(splits_of, config))
    if config.fold is None:
        return cross_validate(config, run, train_on)
    return train_fold(config, run, train_on)


def train_on(config: PipelineConfig, run: Run, load: Callable[[], Splits], held_out: np.ndarray | None = None) -> float:
    """Trains and evaluates a model on the splits that `load` gives.

    Args:
        config: The config.
        run: The run, which gets the results.
        load: Loads the splits.
        held_out: For a fold, the rows of the data that are its test split: predictions of them are written too.

    Returns:
        The metric that a sweep optimises.
    """
    with tracked(config, run.folder) as tracking:
        with run.stage("data"):
            data = TrainingData.load(config, load)
            run.record(spec=data.splits.train.spec.as_dict(), data=data.fingerprints_of_splits)
        with run.stage("model"):
            built = build_model(config.model, data.splits.train)
            model = compile_model(built, with_training_steps(config, data.training_batches), data.splits.train.spec)
            say_positive_classes(config, data.splits.train.spec, list(model.signature.outputs))
            savable = check_savable(built, config.model["_target_"])
            run.record(parameters=built.count_params())
        with run.stage("weighting"):
            data = data.weighed(build_weightings(config.weighting))
        callbacks = _callbacks(config, run, tracking.callbacks, validates=data.splits.validation is not None)
        with run.stage("training"):
            resumes = config.resume is not None
            snapshots = open_snapshots(run.folder / SNAPSHOTS, config.snapshots, data.facts(), resumes=resumes)
            check_savers(callbacks, savable)
            fitted = _fitted(model, data, config, run, callbacks, snapshots)
            # Raised at the end: a training whose model cannot be saved is still evaluated and reported.
            save_failure = save_trained(built, run.folder, savable)
        with run.stage("evaluation"):
            batches = data.evaluation_batches(config.trainer.validation_steps)
            values, metrics = _evaluated(model, data.splits, batches, config, run)
            tracking.metrics.update(metrics)
            write_json(run.folder / METRICS, metrics)
            if held_out is not None:
                write_held_out(run, model, data.splits, batches["test"], config, held_out)
        if config.report:
            with run.stage("report"):
                _report(model, data.splits, batches, config, run)
        if save_failure is not None:
            raise ConfigError(save_failure)
        value = optimized_value(config.optimized_metric, fitted.history, values)
        run.record(optimized_value=value)
        return value


def _callbacks(
    config: PipelineConfig, run: Run, trackers: list[keras.callbacks.Callback], *, validates: bool
) -> list[keras.callbacks.Callback]:
    own = build_callbacks(with_monitors(config.callbacks, validates=validates), run.folder)
    return [
        *own,
        # After those that add to the values of an epoch, as ReduceLROnPlateau does.
        HistoryFile(run.folder / HISTORY),
        *progress_callbacks(config.trainer.verbosity, own),
        *trackers,
    ]


def _fitted(
    model: NamedModel,
    data: TrainingData,
    config: PipelineConfig,
    run: Run,
    callbacks: list[keras.callbacks.Callback],
    snapshots: SnapshotSchedule,
) -> Fitted:
    train = data.training_batches()
    check_monitors(config, model, train, data.splits, list(data.sets), callbacks)
    with sampled(run.folder / RESOURCES_FILE):
        fitted = fit(model, train, data.validation_batches(), config.trainer, callbacks, snapshots)
    weights, trained = final_weights(model.keras_model, callbacks), model.keras_model.history.epoch
    if trained and (ending := weights.ending(trained[-1] + 1, config.trainer.epochs)) is not None:
        log.info("%s", ending)
    run.record(
        xla=fitted.compilation and asdict(fitted.compilation),
        validations=fitted.validations,
        final_weights=asdict(weights),
    )
    return fitted


def _evaluated(
    model: NamedModel,
    splits: Splits,
    batches: Mapping[str, Batches],
    config: PipelineConfig,
    run: Run,
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, Any]]]:
    """Returns the values of the splits that the config evaluates, and the contents of `metrics.json`."""
    values = evaluate_splits(model, {name: batches[name] for name in batches if name in config.evaluate_splits})
    outputs = list(model.signature.outputs)
    metrics = {n: values_by_output(v, outputs, weighted=is_weighted(batches[n])) for n, v in values.items()}
    constants = training_constants(splits.train, model.signature, config.loss)
    run.record(
        baseline_notes=add_baselines(metrics, splits, model.signature, config.loss),
        baseline_constants={output: found.as_dict() for output, found in constants.items()},
    )
    return values, metrics


def _report(
    model: NamedModel, splits: Splits, batches: Mapping[str, Batches], config: PipelineConfig, run: Run
) -> None:
    """Writes the report; a training is not lost because that fails."""
    try:
        collect(model, splits, batches, config, run)
        write_report(run.folder, run.outcome("finished", 0))
    except Exception as error:  # noqa: BLE001
        log.warning("report: not written: %s: %s", type(error).__name__, one_line(error))
