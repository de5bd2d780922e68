"""Says which class metrics such as precision and F1 are about, where a target has two."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.loss_kinds import AUTO
from pipeline.config.schema import PipelineConfig
from pipeline.data.spec import DataSpec
from pipeline.data.target import TargetSpec
from pipeline.data.target_kinds import positive_setting
from pipeline.training.objectives.formed import OF_SCORES, OF_THRESHOLDS
from pipeline.training.objectives.losses import metric_class, settings_by_output

log = logging.getLogger(__name__)
OF_SEVERAL = {"class_id", "multi_label", "num_labels", "average"}
"""Arguments with which a metric is about the class that they name, or about all classes."""


def say_positive_classes(config: PipelineConfig, spec: DataSpec, outputs: Sequence[str]) -> None:
    """Logs one line per target of two classes that has metrics about only one of them.

    Args:
        config: Read for the metrics and the positive class.
        spec: The form of the data.
        outputs: The names of the model's outputs.
    """
    for output in outputs:
        target = spec.targets.get(output)
        if target is None or target.positive_class is None or len(target.classes or ()) != 2:
            continue
        given = {"metrics": config.metrics, "weighted_metrics": config.weighted_metrics}
        names = [
            name
            for key, value in given.items()
            if value != AUTO
            for name in _about_one(settings_by_output(key, value, list(outputs)).get(output))
        ]
        if names:
            log.info("%s", _line(output, target, list(dict.fromkeys(names)), several=len(spec.targets) > 1))


def _line(name: str, target: TargetSpec, metrics: Sequence[str], *, several: bool) -> str:
    classes, positive = target.classes or (), target.positive_class or 0
    place = f"target '{name}': " if several else ""
    line = f"{place}metric{'s' * (len(metrics) > 1)} {', '.join(metrics)}: about the class '{classes[positive]}'"
    if target.positive is not None:
        return line
    return f"{line}; set {positive_setting(name, classes[1 - positive], several=several)} for the other"


def _about_one(value: Any) -> list[str]:
    """Returns the names of those of an output's metrics that are about one class."""
    found = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and metric_class(item) in OF_THRESHOLDS | OF_SCORES:
            found.append(item)
        elif isinstance(item, Mapping) and not OF_SEVERAL & set(item):
            kind = str(item.get("_target_")).rpartition(".")[2]
            if kind in OF_THRESHOLDS | OF_SCORES:
                found.append(str(item.get("name") or kind))
    return found
