"""The task that trains a model, then evaluates it and reports on it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial

import keras
import numpy as np

from pipeline.callbacks import HistoryFile, build_callbacks, check_savers
from pipeline.callbacks.final_weights import final_weights
from pipeline.callbacks.monitors import check_monitors, with_monitors
from pipeline.callbacks.progress import progress_callbacks
from pipeline.config.schema import PipelineConfig
from pipeline.data.batches import Batches, evaluated
from pipeline.data.loaders.loader import Loader
from pipeline.data.splits import Splits
from pipeline.data.stage import build_loader, load_validation_sets
from pipeline.data.streams import Data
from pipeline.errors import ConfigError, one_line
from pipeline.evaluation import evaluate_splits, optimized_value, predict
from pipeline.evaluation.baseline import add_baselines, training_constants
from pipeline.evaluation.metrics import is_weighted, values_by_output
from pipeline.models import build_model
from pipeline.report import collect, write_report
from pipeline.run.atomic_files import write_json
from pipeline.run.folder import Run
from pipeline.schedules import with_training_steps
from pipeline.tasks.cross_validation import cross_validate, train_fold, write_held_out
from pipeline.tasks.loading import splits_of
from pipeline.tracking import tracked
from pipeline.training import Signature, compile_model, fit
from pipeline.training.resource_use import FILE as RESOURCES_FILE
from pipeline.training.resource_use import sampled
from pipeline.training.saving import check_savable, save_trained
from pipeline.training.snapshots import SnapshotSchedule
from pipeline.training.snapshots.opening import open_snapshots, weights_fingerprints
from pipeline.training.stages import Fitted
from pipeline.weighting import weigh, weigh_split
from pipeline.weighting.build import build_weightings
from pipeline.weighting.choices import missing_labels

log = logging.getLogger(__name__)


def train(config: PipelineConfig, run: Run) -> float:
    """Trains and evaluates a model, or one for each fold, and leaves it in the run folder with all that is known of it.

    Returns:
        The metric that a sweep optimises.
    """
    if config.run is not None:
        raise ConfigError("run: a training makes a run of its own; task=evaluate or task=predict work on one")
    if config.folds is None:
        return train_on(config, run, partial(splits_of, config))
    if config.fold is None:
        return cross_validate(config, run, train_on)
    return train_fold(config, run, train_on)


def train_on(config: PipelineConfig, run: Run, load: Callable[[], Splits], held_out: np.ndarray | None = None) -> float:
    """Trains and evaluates a model on the splits that `load` gives.

    Args:
        config: The config.
        run: Where it is left.
        load: Loads the splits.
        held_out: For a fold, the rows of the data that are its test split: predictions of them are written too.

    Returns:
        The metric that a sweep optimises.
    """
    with tracked(config, run.folder) as tracking:
        with run.stage("data"):
            splits = load()
            sets = load_validation_sets(
                config.validation_sets or {},
                config.data,
                config.seed,
                splits.train.spec,
                config.loss,
                missing_labels(config.weighting),
            )
            fingerprints = {name: data.fingerprint() for name, data in splits.present()}
            further = {f"validation_sets.{name}": data.fingerprint() for name, data in sets.items()}
            run.record(spec=splits.train.spec.as_dict(), data=fingerprints)
        loader = build_loader(config.loader)
        with run.stage("model"):
            model = build_model(config.model, splits.train)
            timed = with_training_steps(config, partial(loader.batches, splits.train, seed=config.seed, training=True))
            signature = compile_model(model, timed, splits.train.spec)
            run.record(parameters=model.count_params())
            savable = check_savable(model, config.model["_target_"])
        with run.stage("weighting"):
            weightings = build_weightings(config.weighting)
            splits = weigh(splits, weightings)
            sets = {name: weigh_split(data, weightings, "validation") for name, data in sets.items()}
        callbacks = _callbacks(config, run, tracking.callbacks, validates=splits.validation is not None)
        with run.stage("training"):
            facts = {"data": {**fingerprints, **further}, "weights": weights_fingerprints(splits)}
            snapshots = open_snapshots(
                run.folder / "snapshots", config.snapshots, facts, resumes=config.resume is not None
            )
            check_savers(callbacks, savable)
            fitted = _fitted(model, signature, splits, sets, loader, config, run, callbacks, snapshots)
            failure = save_trained(model, run.folder, savable)
        with run.stage("evaluation"):
            # Without the shuffle, and all of the data where training takes a part of it.
            whole = {n: loader.batches(data, seed=config.seed, training=False) for n, data in splits.present()}
            if "validation" in whole:
                whole["validation"] = evaluated(whole["validation"], config.trainer.validation_steps)
            values = evaluate_splits(model, signature, {n: b for n, b in whole.items() if n in config.evaluate_splits})
            outputs = list(signature.outputs)
            tracking.metrics.update(
                {n: values_by_output(v, outputs, weighted=is_weighted(whole[n])) for n, v in values.items()}
            )
            constants = training_constants(splits.train, signature, config.loss)
            run.record(
                baseline_notes=add_baselines(tracking.metrics, splits, signature, config.loss),
                baseline_constants={output: found.as_dict() for output, found in constants.items()},
            )
            write_json(run.folder / "metrics.json", tracking.metrics)
            if held_out is not None:
                predicted = predict(model, signature, whole["test"])
                write_held_out(run, predicted, signature, splits, config, held_out)
        if config.report:
            with run.stage("report"):
                _report(model, signature, splits, whole, config, run)
        if failure is not None:
            raise ConfigError(failure)
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
        HistoryFile(run.folder / "history.csv"),
        *progress_callbacks(config.trainer.verbosity, own),
        *trackers,
    ]


def _fitted(
    model: keras.Model,
    signature: Signature,
    splits: Splits,
    sets: Mapping[str, Data],
    loader: Loader,
    config: PipelineConfig,
    run: Run,
    callbacks: list[keras.callbacks.Callback],
    snapshots: SnapshotSchedule,
) -> Fitted:
    held_out = {"": splits.validation, **sets}
    train = loader.batches(splits.train, seed=config.seed, training=True)
    check_monitors(config, model, signature, train, splits, list(sets), callbacks)
    with sampled(run.folder / RESOURCES_FILE):
        fitted = fit(
            model,
            signature,
            train,
            {n: loader.batches(d, seed=config.seed, training=False) for n, d in held_out.items() if d is not None},
            config.trainer,
            callbacks,
            snapshots,
        )
    run.record(
        xla=fitted.compilation and asdict(fitted.compilation),
        validations=fitted.validations,
        final_weights=asdict(final_weights(model, callbacks)),
    )
    return fitted


def _report(
    model: keras.Model,
    signature: Signature,
    splits: Splits,
    batches: Mapping[str, Batches],
    config: PipelineConfig,
    run: Run,
) -> None:
    """Writes the report; a training is not lost because that fails."""
    try:
        collect(model, signature, splits, batches, config, run)
        write_report(run.folder, run.outcome("finished", 0))
    except Exception as error:  # noqa: BLE001
        log.warning("report: not written: %s: %s", type(error).__name__, one_line(error))
