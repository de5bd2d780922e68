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
    """Weights each example individually, by one of `column`, `array` and `function`.

    Attributes:
        column: A column of the data (`data.columns`), or one column per target, by target name.
        array: A `.npy` file with one weight per training example, in the order of the training split.
        function: Takes `Examples` and returns an array of shape (examples,), or such as (examples, time) for a target
            with positions; a `_target_` with `_partial_: true`.
        targets: The targets to weight; null for all.
        splits: The splits to weight.
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
            raise ConfigError(
                "weighting.targets: weighting.column already names the targets; set weighting.targets=null"
            )
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
            ConfigError: They are not numbers, or not one per example.
        """
        try:
            weights = np.asarray(values)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"weighting: the weights cannot be converted to an array: {one_line(error)}") from error
        if weights.dtype.kind not in "iufb":
            raise ConfigError(f"weighting: expected numbers as weights, got an array of dtype {weights.dtype}")
        if weights.shape[:1] != (len(examples),):
            raise ConfigError(
                f"weighting: expected one weight per example ({len(examples)}), got weights of shape {weights.shape}"
            )
        return weights.astype("float32")

    def _values(self, splits: Splits) -> Callable[[Examples], np.ndarray]:
        if self.function is not None:
            return self._from_function
        if isinstance(self.column, str):
            column = self.column
            return lambda examples: self._from_column(examples, column)
        if self.column is not None:
            raise ConfigError(
                "weighting.column: expected a column name, or a mapping of targets to column names, got "
                f"{self.column!r}"
            )
        if list(self.splits) != ["train"]:
            raise ConfigError(
                "weighting.splits: weights from an array are for the training split only; set weighting.splits=[train]"
            )
        if not isinstance(splits.train, Examples):
            raise ConfigError("weighting.array: the data is a stream; use weighting.column or weighting.function")
        weights = read_npy(Path(self.array or ""))
        return lambda _: weights

    def _from_function(self, examples: Examples) -> np.ndarray:
        if not callable(self.function):
            found = type(self.function).__name__
            raise ConfigError(
                "weighting.function: expected a function (`_target_` with `_partial_: true`), got a value of type "
                f"{found}"
            )
        try:
            return self.function(examples)
        except PipelineError:
            raise
        except Exception as error:
            raise ConfigError(f"weighting.function: {type(error).__name__}: {one_line(error)}") from error

    def _from_column(self, examples: Examples, column: str) -> np.ndarray:
        if column not in examples.columns:
            names = () if examples.origin is None else examples.origin.names
            tip = f"; set data.columns=[{column}] to keep it" if column in names else nearest(column, examples.columns)
            raise ConfigError(f"weighting.column: the data has no column '{column}'{tip}")
        return examples.columns[column]


def one_class(examples: Examples, class_id: int, weight: float, target: str | None = None) -> np.ndarray:
    """Returns `weight` for the examples of one class and 1 for all others."""
    name = target or next(iter(examples.spec.targets))
    return np.where(class_ids(examples, name) == class_id, weight, 1.0)
