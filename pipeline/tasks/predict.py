"""The task that predicts with the model of a run."""

from __future__ import annotations

import logging
from dataclasses import replace

from pipeline.config import PipelineConfig
from pipeline.data.checks import check_shapes
from pipeline.data.spec import DataSpec
from pipeline.data.stage import build_loader
from pipeline.errors import ConfigError, nearest
from pipeline.evaluation import predict as predict_batches
from pipeline.evaluation.predictions import columns, write_predictions
from pipeline.evaluation.unknown_texts import warn_of_unknown_texts
from pipeline.runs import Run
from pipeline.tasks.saved import data_of_command, open_run
from pipeline.training import signature_of
from pipeline.training.objectives import built_losses

log = logging.getLogger(__name__)
FORMS = ("parquet", "npz")


def predict(config: PipelineConfig, run: Run, split: str | None, form: str) -> None:
    """Writes a row of predictions for each example, in input order.

    Args:
        config: The run's config with what this command changes.
        run: The folder of the predictions.
        split: The split to predict; None for the test split of the run's own data, or all of other data.
        form: `parquet` or `npz`.
    """
    if form not in FORMS:
        raise ConfigError(f"task.form: '{form}' is none of them{nearest(form, FORMS)}")
    saved = open_run(config.run)
    with run.stage("data"):
        name, data, _ = data_of_command(config, split, saved.spec, other_data=run.other_data, with_targets=False)
        data = replace(data, spec=DataSpec(data.spec.inputs, saved.spec.targets))
        run.record(predicted_run=str(saved.folder), data={name: data.fingerprint()})
    with run.stage("model"):
        model = saved.model(config.model["_target_"])
        signature = signature_of(model, data.spec)
        check_shapes(data.spec, dict(signature.inputs))
        warn_of_unknown_texts(model, data)
    with run.stage("prediction"):
        batches = build_loader(config.loader).batches(data, seed=config.seed, training=False)
        values = predict_batches(model, signature, batches)
        losses = built_losses(config.loss, signature, saved.spec)
        path = write_predictions(run.folder, columns(values, saved.spec.targets, losses), form)
    log.info("predictions of %d examples in %s", len(next(iter(values.values()))), path)
