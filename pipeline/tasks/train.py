"""The task that trains a model, then evaluates it."""

from __future__ import annotations

import logging
from dataclasses import asdict

from pipeline.callbacks import HistoryFile, build_callbacks
from pipeline.callbacks.progress import progress_callbacks
from pipeline.config import PipelineConfig
from pipeline.data.stage import build_loader, load_splits, load_validation_sets
from pipeline.errors import ConfigError
from pipeline.evaluation import evaluate_splits, optimized_value
from pipeline.evaluation.metrics import by_output
from pipeline.files import write_atomically, write_json
from pipeline.models import build_model
from pipeline.runs import Run
from pipeline.training import compile_model, fit
from pipeline.weighting import weigh, weigh_split
from pipeline.weighting.build import build_weighting

log = logging.getLogger(__name__)


def train(config: PipelineConfig, run: Run) -> float:
    """Trains and evaluates a model, and leaves both in the run folder.

    Returns:
        The metric that a sweep optimises.
    """
    if config.run is not None:
        raise ConfigError("run: a training makes a run of its own; task=evaluate or task=predict work on one")
    with run.stage("data"):
        splits = load_splits(config.data, config.split, config.seed)
        sets = load_validation_sets(config.validation_sets or {}, config.data, config.seed, splits.train.spec)
        run.record(spec=splits.train.spec.as_dict(), data={name: data.fingerprint() for name, data in splits.present()})
    with run.stage("model"):
        model = build_model(config.model, splits.train)
        signature = compile_model(model, config, splits.train.spec)
        run.record(parameters=model.count_params())
    with run.stage("weighting"):
        weighting = build_weighting(config.weighting)
        splits = weigh(splits, weighting)
        sets = {name: weigh_split(data, weighting, "validation") for name, data in sets.items()}
    loader = build_loader(config.loader)
    with run.stage("training"):
        held_out = {"": splits.validation, **sets}
        fitted = fit(
            model,
            signature,
            loader.batches(splits.train, seed=config.seed, training=True),
            {
                name: loader.batches(data, seed=config.seed, training=False)
                for name, data in held_out.items()
                if data is not None
            },
            config.trainer,
            [
                HistoryFile(run.folder / "history.csv"),
                *progress_callbacks(config.trainer.verbose),
                *build_callbacks(config.callbacks),
            ],
        )
        run.record(xla=fitted.compilation and asdict(fitted.compilation), validations=fitted.validations)
        write_atomically(run.folder / "model.keras", model.save)
    with run.stage("evaluation"):
        # Without the shuffle, and all of the data where training takes a part of it.
        whole = {n: loader.batches(data, seed=config.seed, training=False) for n, data in splits.present()}
        values = evaluate_splits(model, signature, {n: b for n, b in whole.items() if n in config.evaluate_splits})
        metrics = {name: by_output(found, list(signature.outputs)) for name, found in values.items()}
        write_json(run.folder / "metrics.json", metrics)
    return optimized_value(config.optimized_metric, fitted.history, values)
