"""What each task reads of a config: a key that is typed beside it would be ignored, which is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from pipeline.run.names import INSPECT

OF_ALL = ("task", "run", "resume", "debug", "trust", "hydra")
"""Keys of the command itself; which of them go together is looked at elsewhere."""
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
"""Keys, with all that is below them, by the `_target_` of a task; one that is not here may read all.

Tasks on a saved run read no experiment, which is told where that run's config is read; the test of learning rates puts
its own in place of a schedule.
"""
IGNORES: Mapping[str, Collection[str]] = MappingProxyType({"pipeline.tasks.train.train": ("runs",)})
"""Keys that a task which reads all others ignores."""


def ignored_mistakes(task: str, typed: Iterable[str]) -> list[str]:
    """Returns a line for each key that is typed and that a task would ignore.

    Args:
        task: The `_target_` of a task.
        typed: Keys and groups that are typed.
    """
    if task in READS:
        ignored = [key for key in typed if not _is_among(key, (*OF_ALL, *READS[task]))]
    else:
        ignored = [key for key in typed if _is_among(key, IGNORES.get(task, ()))]
    name = task.rpartition(".")[2]
    return [f"{key}: task={name} would ignore it; without it is right" for key in sorted(ignored)]


def _is_among(key: str, roots: Collection[str]) -> bool:
    return any(key == root or key.startswith((f"{root}.", f"{root}/")) for root in roots)
