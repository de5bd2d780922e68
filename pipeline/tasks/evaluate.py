"""The task that evaluates the model of a run."""

from __future__ import annotations

from dataclasses import replace

from pipeline.config.schema import PipelineConfig
from pipeline.data.batches import evaluated
from pipeline.data.stage import build_loader
from pipeline.errors import ConfigError
from pipeline.evaluation import evaluate_splits
from pipeline.evaluation.baseline import add_baselines, add_baselines_of_training
from pipeline.evaluation.metrics import is_weighted, values_by_output
from pipeline.evaluation.unknown_texts import warn_of_unknown_texts
from pipeline.run.atomic_files import write_json
from pipeline.run.folder import Run
from pipeline.run.names import METRICS
from pipeline.tasks.saved import data_of_command, open_run
from pipeline.training import compile_model
from pipeline.training.objectives.one_class import say_positive_classes
from pipeline.weighting import weigh, weigh_split
from pipeline.weighting.build import build_weightings


def evaluate(config: PipelineConfig, run: Run, split: str | None) -> float:
    """Evaluates the model of a run, and writes `metrics.json`.

    Args:
        config: The run's config with the changes of this command.
        run: The folder of this evaluation.
        split: The split to evaluate; None for the test split of the run's own data, or for all of other data.

    Returns:
        The loss.
    """
    saved = open_run(config.run)
    with run.stage("data"):
        name, data, own = data_of_command(config, split, saved.spec, other_data=run.other_data, with_targets=True)
        run.record(evaluated_run=str(saved.folder), data={name: data.fingerprint()})
    with run.stage("model"):
        loaded = saved.model(config.model)
        model = compile_model(loaded, replace(config, schedule=None), data.spec)
        say_positive_classes(config, data.spec, list(model.signature.outputs))
        warn_of_unknown_texts(loaded, data)
    with run.stage("evaluation"):
        weightings = build_weightings(config.weighting)
        data = weigh_split(data, weightings, "test" if name == "data" else name)
        batches = build_loader(config.loader).batches(data, seed=config.seed, training=False)
        if name == "validation":
            batches = evaluated(batches, config.trainer.validation_steps)
        if batches.endless:
            raise ConfigError(f"data.{name}: expected data with an end to evaluate, got endless data")
        values = evaluate_splits(model, {name: batches})
        metrics = {name: values_by_output(values[name], list(model.signature.outputs), weighted=is_weighted(batches))}
        if own is not None:
            notes = add_baselines(metrics, weigh(own, weightings), model.signature, config.loss)
        else:
            notes = add_baselines_of_training(metrics, data, saved.constants, model.signature, config.loss)
        run.record(baseline_notes=notes)
        write_json(run.folder / METRICS, metrics)
    return values[name]["loss"]
