"""The task that compares our loop with Keras' own on the user's model and data."""

from __future__ import annotations

import logging
from dataclasses import asdict

from pipeline.config.schema import PipelineConfig
from pipeline.data.stage import build_loader
from pipeline.errors import ConfigError
from pipeline.run.atomic_files import write_json
from pipeline.run.contents import holds
from pipeline.run.folder import Run
from pipeline.tasks.loading import weighed_splits_of
from pipeline.timing import contenders, table, timed_in_turns
from pipeline.timing.contenders import samples_of

log = logging.getLogger(__name__)
FILE = holds("benchmark.json", "seconds of each epoch")


def benchmark(config: PipelineConfig, run: Run, rounds: int) -> float:
    """Prints samples per second, time to the first step and memory of Keras' fit and ours; writes `benchmark.json`.

    Args:
        config: The config of the training.
        run: The folder of the benchmark.
        rounds: The number of measured epochs per contender.

    Returns:
        How many times as fast the pipeline is as Keras' fit, written as in Keras' guide.
    """
    if rounds < 1:
        raise ConfigError(f"task.rounds: expected 1 or more, got {rounds}")
    with run.stage("data"):
        splits = weighed_splits_of(config)
        batches = build_loader(config.loader).batches(splits.train, seed=config.seed, training=True)
        samples = samples_of(batches, config.trainer.steps_per_epoch)
    with run.stage("benchmark"):
        results = timed_in_turns(contenders(config, splits, batches), rounds)
    for line in table(results, samples):
        log.info("%s", line)
    for result in results:
        if result.error is not None:
            log.info("%s: %s", result.name, result.error)
    write_json(run.folder / FILE, {"samples": samples, "contenders": [asdict(result) for result in results]})
    ours = next(result for result in results if result.name == "pipeline")
    if ours.error is not None:
        raise RuntimeError(ours.error)
    return results[0].median / ours.median
