"""Class weights, for one target or for several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.data.examples import Weigh
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError, nearest
from pipeline.weighting.classes import absent_classes, weights_of_classes
from pipeline.weighting.weighting import chosen_target


@dataclass(frozen=True)
class ClassWeight:
    """Weights each example by its class, like `class_weight` in `keras.Model.fit` but for any number of outputs.

    Attributes:
        weights: Weight by class (its id or name), or such a mapping by target name.
        others: Weight of the classes without one; null makes it an error to leave one out.
        splits: The splits to weight.
        targets: Targets that these weights are for, all alike; null for the only one, or those that `weights` names.
    """

    weights: Mapping[Any, Any]
    others: float | None
    splits: Sequence[str]
    targets: Sequence[str] | None = None

    def fitted(self, splits: Splits) -> Weigh:
        """See `Weighting`; checks that every weighted class occurs and that every class has a weight."""
        by_target = {
            chosen_target(splits, name, f"weighting.weights.{name}"): self._by_id(splits, name, weights)
            for name, weights in self._by_target(splits).items()
        }
        return lambda examples: weights_of_classes(examples, by_target)

    def _by_id(self, splits: Splits, target: str, weights: Mapping[Any, float]) -> np.ndarray:
        spec = splits.train.spec.targets.get(target)
        if spec is None or spec.classes is None:
            raise ConfigError(f"weighting.weights: target '{target}' has no classes, so it cannot have class weights")
        if self.others is not None and not _is_weight(self.others):
            raise ConfigError(f"weighting.others: expected a number of 0 or more, got {self.others}")
        by_id = np.full(len(spec.classes), np.nan if self.others is None else self.others, "float32")
        for label, weight in weights.items():
            key = f"weighting.weights.{label}"
            if str(label) not in spec.classes:
                raise ConfigError(f"{key}: target '{target}' has no class '{label}'{nearest(str(label), spec.classes)}")
            if not _is_weight(weight):
                raise ConfigError(f"{key}: expected a number of 0 or more, got {weight}")
            by_id[spec.classes.index(str(label))] = weight
        missing = [spec.classes[i] for i in np.flatnonzero(np.isnan(by_id))]
        if missing:
            raise ConfigError(
                f"weighting.weights: class {', '.join(missing)} of target '{target}' has no weight; add "
                "one, or set weighting.others for the remaining classes"
            )
        absent = absent_classes(splits, target)
        for label in weights:
            if str(label) in absent:
                raise ConfigError(
                    f"weighting.weights.{label}: no training example of target '{target}' has class '{label}'"
                )
        return by_id

    def _by_target(self, splits: Splits) -> Mapping[str, Mapping[Any, float]]:
        weights = self.weights
        if not weights or not isinstance(weights, Mapping):
            raise ConfigError(
                f"weighting.weights: expected a mapping of classes to weights such as {{5: 2.0}}, got {weights!r}"
            )
        if self.targets is not None:
            return dict.fromkeys(self.targets, weights)
        if all(isinstance(value, Mapping) for value in weights.values()):
            return weights
        names = list(splits.train.spec.targets)
        if len(names) > 1:
            raise ConfigError(
                f"weighting.weights: the data has several targets; give class weights by target: {', '.join(names)}"
            )
        return {names[0]: weights}


def _is_weight(value: Any) -> bool:
    return isinstance(value, (int, float)) and bool(np.isfinite(value)) and value >= 0
