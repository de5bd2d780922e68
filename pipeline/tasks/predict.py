"""The task that predicts with the model of a run."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from pipeline.config.schema import PipelineConfig
from pipeline.data.checks import check_shapes
from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec
from pipeline.data.stage import build_loader
from pipeline.errors import ConfigError, nearest
from pipeline.evaluation import predict as predict_batches
from pipeline.evaluation.carried_columns import beside, carried_columns
from pipeline.evaluation.lengths import with_lengths
from pipeline.evaluation.prediction_files import CSV, NPZ, PARQUET, write_predictions
from pipeline.evaluation.predictions import columns
from pipeline.evaluation.unknown_texts import warn_of_unknown_texts
from pipeline.run.endings import from_here
from pipeline.run.folder import Run
from pipeline.run.read_back import config_of_run
from pipeline.tasks.saved import data_of_command, open_run
from pipeline.training import named_model
from pipeline.training.objectives.losses import built_losses

log = logging.getLogger(__name__)
FORMS = (PARQUET, CSV, NPZ)


def predict(config: PipelineConfig, run: Run, split: str | None, form: str) -> None:
    """Writes one row of predictions per example, in input order.

    Args:
        config: The run's config with the changes of this command.
        run: The folder of the predictions.
        split: The split to predict; None for the test split of the run's own data, or for all of other data.
        form: `parquet`, `csv` or `npz`.
    """
    if form not in FORMS:
        raise ConfigError(f"task.form: '{form}' does not exist{nearest(form, FORMS)}")
    saved = open_run(config.run)
    with run.stage("data"):
        name, data, _ = data_of_command(config, split, saved.spec, other_data=run.other_data, with_targets=False)
        origin = data.origin if isinstance(data, Examples) else None
        carried = carried_columns(origin, *_columns_of(config, saved.folder), as_text=form == CSV)
        data, lengths = with_lengths(data, saved.spec.targets)
        data = replace(data, spec=DataSpec(data.spec.inputs, saved.spec.targets))
        run.record(predicted_run=str(saved.folder), data={name: data.fingerprint()})
    with run.stage("model"):
        model = named_model(saved.model(config.model), data.spec)
        check_shapes(data.spec, dict(model.signature.inputs))
        warn_of_unknown_texts(model.keras_model, data)
    with run.stage("prediction"):
        batches = build_loader(config.loader).batches(data, seed=config.seed, training=False)
        values = predict_batches(model, batches)
        losses = built_losses(config.loss, model.signature, saved.spec)
        rows = None if origin is None else origin.rows
        table = beside(carried, columns(values, saved.spec.targets, losses, rows, lengths))
        path = write_predictions(run.folder, table, form)
    log.info("predictions of %d examples in %s", len(next(iter(values.values()))), from_here(path))


def _columns_of(config: PipelineConfig, folder: Path) -> tuple[list[str], list[str]]:
    """Returns the columns to copy into the predictions, and those of them that training needed."""
    trained = config_of_run(folder).get("data")
    of_training = trained.get("columns") if isinstance(trained, dict) else None
    return list(config.data.get("columns") or ()), of_training if isinstance(of_training, list) else []
