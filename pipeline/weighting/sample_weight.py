"""Sample weights, from a column of the data, from a file, or from a function of the examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data.examples import Examples, Weigh, class_ids
from pipeline.data.sources.archive import read_npy
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError, PipelineError, nearest, one_line
from pipeline.weighting.weighting import chosen_target


@dataclass(frozen=True)
class SampleWeight:
    """Weighs each example on its own; one of `column`, `array` and `function` says by what.

    Attributes:
        column: A column of the data (`data.columns`), or one for each target by its name.
        array: A `.npy` file with a weight for each training example, in the order of the training split.
        function: Takes `Examples`, returns an array of shape (examples,), or (examples, time) and the like for a target
            per position; a `_target_` with `_partial_: true`.
        targets: The targets that are weighed; null for all.
        splits: The splits that are weighed.
    """

    column: str | Mapping[str, str] | None
    array: str | None
    function: Callable[[Examples], np.ndarray] | None
    targets: Sequence[str] | None
    splits: Sequence[str]

    def fitted(self, splits: Splits) -> Weigh:
        """See `Weighting`."""
        if sum(way is not None for way in (self.column, self.array, self.function)) != 1:
            raise ConfigError("weighting: set exactly one of weighting.column, weighting.array and weighting.function")
        if isinstance(self.column, Mapping):
            return self._of_columns(splits, self.column)
        names = self.targets or list(splits.train.spec.targets)
        targets = [chosen_target(splits, name, "weighting.targets") for name in names]
        values = self._values(splits)
        return lambda examples: dict.fromkeys(targets, self.checked(values(examples), examples))

    def _of_columns(self, splits: Splits, columns: Mapping[str, str]) -> Weigh:
        if self.targets is not None:
            raise ConfigError("weighting.targets: weighting.column names the targets already; null is right")
        chosen = {
            chosen_target(splits, str(target), f"weighting.column.{target}"): column
            for target, column in columns.items()
        }
        return lambda examples: {
            target: self.checked(self._from_column(examples, column), examples) for target, column in chosen.items()
        }

    def checked(self, values: np.ndarray, examples: Examples) -> np.ndarray:
        """Returns weights of shape (examples, ...).

        Raises:
            ConfigError: They are no numbers, or not of all examples.
        """
        try:
            weights = np.asarray(values)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"weighting: weights that are no array: {one_line(error)}") from error
        if weights.dtype.kind not in "iufb":
            raise ConfigError(f"weighting: weights of dtype {weights.dtype}; numbers are right")
        if weights.shape[:1] != (len(examples),):
            raise ConfigError(
                f"weighting: weights of shape {weights.shape} for {len(examples)} examples; one each is right"
            )
        return weights.astype("float32")

    def _values(self, splits: Splits) -> Callable[[Examples], np.ndarray]:
        if self.function is not None:
            return self._from_function
        if isinstance(self.column, str):
            column = self.column
            return lambda examples: self._from_column(examples, column)
        if self.column is not None:
            raise ConfigError(f"weighting.column: {self.column!r} is no column; its name, or one a target, is right")
        if list(self.splits) != ["train"]:
            raise ConfigError("weighting.splits: weights from an array are those of training; splits=[train] is right")
        if not isinstance(splits.train, Examples):
            raise ConfigError("weighting.array: the data is a stream; weighting.column or weighting.function is right")
        weights = read_npy(Path(self.array or ""))
        return lambda _: weights

    def _from_function(self, examples: Examples) -> np.ndarray:
        if not callable(self.function):
            found = type(self.function).__name__
            raise ConfigError(f"weighting.function: gave a {found}; a function, with `_partial_: true`, is right")
        try:
            return self.function(examples)
        except PipelineError:
            raise
        except Exception as error:
            raise ConfigError(f"weighting.function: {type(error).__name__}: {one_line(error)}") from error

    def _from_column(self, examples: Examples, column: str) -> np.ndarray:
        if column not in examples.columns:
            names = () if examples.origin is None else examples.origin.names
            tip = f"; data.columns=[{column}] keeps it" if column in names else nearest(column, examples.columns)
            raise ConfigError(f"weighting.column: the data has no column '{column}'{tip}")
        return examples.columns[column]


def one_class(examples: Examples, class_id: int, weight: float, target: str | None = None) -> np.ndarray:
    """Returns `weight` for the examples of one class and 1 for all others."""
    name = target or next(iter(examples.spec.targets))
    return np.where(class_ids(examples, name) == class_id, weight, 1.0)
