"""Your own arrays: a function that returns (inputs, targets[, sample weights])."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.config.schema import REFUSE
from pipeline.data.examples import Examples
from pipeline.data.missing_labels import Missing
from pipeline.data.spec import Classes, DataSpec
from pipeline.data.splits import Splits
from pipeline.data.tuples import Names, examples_of


@dataclass(frozen=True)
class Arrays:
    """Arrays returned by a user's function: each part one array, a list by position, or a dict by name.

    Attributes:
        train: `(inputs, targets)` or `(inputs, targets, sample_weights)`; a list of arrays (length, ...) is an input
            with a varying first dimension.
        inputs: Names of the inputs in order.
        targets: Names of the targets in order.
        validation: The same for the validation split, or null.
        test: The same for the test split, or null.
        scale: The model multiplies its inputs by this first.
        classes: Number of classes (by target name for several); 0 for whole numbers to regress; null infers it. Text,
            few whole numbers from 1 on, and -1 and 1 are class names.
    """

    train: Any
    inputs: Sequence[str]
    targets: Sequence[str]
    validation: Any
    test: Any
    scale: float
    classes: Classes

    def load(self, *, with_targets: bool = True, missing: Missing = REFUSE) -> Splits:
        """See `Source`."""
        train = self._examples(self.train, None, with_targets, missing)
        validation, test = (
            None if part is None else self._examples(part, train.spec, with_targets, missing)
            for part in (self.validation, self.test)
        )
        return Splits(train, validation, test)

    def _examples(self, part: Any, spec: DataSpec | None, with_targets: bool, missing: Missing) -> Examples:
        return examples_of(
            part,
            Names(self.inputs, self.targets),
            spec,
            scale=self.scale,
            classes=self.classes,
            with_targets=with_targets,
            missing=missing,
        )
