"""Which config keys each task reads: other keys on the command line would be ignored and are reported."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from pipeline.run.names import INSPECT

OF_ALL = ("task", "run", "resume", "debug", "trust", "hydra")
"""Keys of the command itself; whether they can be combined is checked elsewhere."""
_DATA = ("data", "split", "loader", "seed")
_OBJECTIVES = ("loss", "loss_weights", "metrics", "weighted_metrics", "positive")
_OF_A_MODEL = ("model", "optimizer", "weighting", "precision", "target_scaling", *_OBJECTIVES)
_STEPS = ("trainer.run_eagerly", "trainer.jit_compile")
_UPDATES = tuple(
    f"trainer.{name}"
    for name in (
        "gradient_accumulation_steps",
        "clipnorm",
        "global_clipnorm",
        "clipvalue",
        "use_ema",
        "ema_momentum",
        "ema_overwrite_frequency",
    )
)
READS: Mapping[str, Collection[str]] = MappingProxyType(
    {
        "pipeline.tasks.evaluate.evaluate": (
            "experiment",
            *_DATA,
            "weighting",
            *_OBJECTIVES,
            *_STEPS,
            "trainer.validation_steps",
            "model._target_",
        ),
        "pipeline.tasks.predict.predict": ("experiment", *_DATA, "loss", "model._target_"),
        "pipeline.tasks.report.report": ("runs",),
        INSPECT: ("experiment", "data", "split", "seed", "loss", "positive", "weighting.missing"),
        "pipeline.tasks.lr_find.lr_find": ("experiment", *_DATA, *_OF_A_MODEL, *_STEPS, *_UPDATES, "schedule"),
        "pipeline.tasks.benchmark.benchmark": (
            *("experiment", *_DATA, *_OF_A_MODEL, *_STEPS, *_UPDATES, "schedule"),
            *("trainer.steps_per_epoch", "trainer.steps_per_execution"),
        ),
    }
)
"""The keys, including all keys below them, that a task reads, by its `_target_`; other tasks may read all keys.

Tasks on a saved run read no experiment; that is reported where the run's config is read. The learning-rate test
replaces the schedule by its own.
"""
IGNORES: Mapping[str, Collection[str]] = MappingProxyType({"pipeline.tasks.train.train": ("runs",)})
"""Keys ignored by a task that reads all others."""


def ignored_mistakes(task: str, typed: Iterable[str]) -> list[str]:
    """Returns one line per key on the command line that a task would ignore.

    Args:
        task: The `_target_` of a task.
        typed: Keys and groups on the command line.
    """
    if task in READS:
        ignored = [key for key in typed if not _is_among(key, (*OF_ALL, *READS[task]))]
    else:
        ignored = [key for key in typed if _is_among(key, IGNORES.get(task, ()))]
    name = task.rpartition(".")[2]
    return [f"{key}: task={name} ignores this key; remove it" for key in sorted(ignored)]


def _is_among(key: str, roots: Collection[str]) -> bool:
    return any(key == root or key.startswith((f"{root}.", f"{root}/")) for root in roots)
